//! Freeing waits for pins; what an ended environment leaves is what is pinned.

#![forbid(unsafe_code)]

use super::layout;
use crate::error::Code;
use crate::memory::{Backing, Counters, Memory};
use crate::registry::{Allocator, Handle};
use crate::sys::heap::c_malloc;

fn block(memory: &mut Memory, bytes: &[u8]) -> Handle {
    let text = format!("[{}]u8", bytes.len());
    super::block(memory, &text, bytes, &[(0, bytes.len() as u32)], &[]).unwrap()
}

fn pin(memory: &mut Memory, handle: Handle) -> Result<Handle, Code> {
    let mut pins = Vec::new();
    memory.pin(handle, &mut pins).map(|()| pins.first().copied().unwrap_or(Handle::NULL))
}

fn address(memory: &Memory, handle: Handle) -> usize {
    memory.record(handle).unwrap().address
}

#[test]
fn a_block_that_is_freed_while_it_is_pinned_stays_until_the_last_pin() {
    let mut memory = Memory::default();
    let handle = block(&mut memory, b"in use");
    let base = address(&memory, handle);
    let pins = [pin(&mut memory, handle).unwrap(), pin(&mut memory, handle).unwrap()];
    memory.free(handle, None).unwrap();
    assert_eq!(memory.counters(), Counters { records: 0, blocks: 1, bytes: 6, pins: 2 });
    assert_eq!(memory.resolve(handle), Err(Code::UseAfterFree));
    assert_eq!(memory.free(handle, None).unwrap_err().code, Code::DoubleFree);
    let again = memory.adopt(base).unwrap();
    assert_eq!(memory.resolve(again), Err(Code::UseAfterFree), "its address is dead already");
    assert_eq!(memory.check_c_heap(base).unwrap_err().code, Code::AllocatorMismatch);
    memory.release(again, 1);
    memory.unpin(pins[0]).unwrap();
    assert_eq!(memory.counters().blocks, 1);
    memory.unpin(pins[1]).unwrap();
    assert_eq!(memory.counters(), Counters { records: 0, blocks: 0, bytes: 0, pins: 0 });
}

#[test]
fn an_interior_pointer_pins_its_owner() {
    let mut memory = Memory::default();
    let handle = block(&mut memory, b"in use");
    let inner = memory.interior(handle, 3, None).unwrap();
    let pin = pin(&mut memory, inner).unwrap();
    assert_eq!(pin, handle);
    memory.free(handle, None).unwrap();
    memory.release(inner, 1);
    assert_eq!(memory.counters(), Counters { records: 0, blocks: 1, bytes: 6, pins: 1 });
    memory.unpin(pin).unwrap();
    assert_eq!(memory.counters().blocks, 0);
}

#[test]
fn memory_of_c_is_freed_once_and_after_the_last_pin() {
    let mut memory = Memory::default();
    let base = c_malloc(64) as usize;
    let handle = memory.adopt(base).unwrap();
    let pin = pin(&mut memory, handle).unwrap();
    memory.free(handle, Some(Allocator::C)).unwrap();
    assert_eq!(memory.free(handle, Some(Allocator::C)).unwrap_err().code, Code::DoubleFree);
    assert_eq!(memory.adopt(base), Ok(Handle::EXPIRED), "its address names nothing that could be freed again");
    assert_eq!(memory.free_result(vec![base]).unwrap_err().code, Code::AllocatorMismatch);
    memory.unpin(pin).unwrap();
    assert_ne!(memory.adopt(base), Ok(Handle::EXPIRED), "the address may be a new block's now");
}

#[test]
fn a_result_that_is_freed_while_another_call_uses_it_waits_too() {
    let mut memory = Memory::default();
    let base = c_malloc(64) as usize;
    let handle = memory.adopt(base).unwrap();
    let pin = pin(&mut memory, handle).unwrap();
    memory.free_result(vec![base]).unwrap();
    assert_eq!(memory.adopt(base), Ok(Handle::EXPIRED));
    memory.unpin(pin).unwrap();
    assert_eq!(memory.counters().pins, 0);
}

#[test]
fn a_pinned_record_outlives_its_pointer_objects() {
    let mut memory = Memory::default();
    let handle = memory.adopt(0x1000).unwrap();
    let pin = pin(&mut memory, handle).unwrap();
    memory.release(handle, 1);
    assert_eq!(memory.counters().records, 1);
    memory.unpin(pin).unwrap();
    assert_eq!(memory.counters().records, 0);
}

#[test]
fn null_needs_no_pin_and_what_points_to_buffers_gets_none() {
    let mut memory = Memory::default();
    assert_eq!(pin(&mut memory, Handle::NULL), Ok(Handle::NULL));
    memory.unpin(Handle::NULL).unwrap();
    assert_eq!(pin(&mut memory, Handle::EXPIRED), Err(Code::UseAfterFree));
    let backing = Backing { address: 0x5000, length: 8, current: Box::new(|| Some(0x5000)) };
    let handle = memory.create(8, layout("ptr"), Vec::new(), vec![backing], |_, _, _| Ok(())).unwrap();
    assert_eq!(pin(&mut memory, handle), Err(Code::NotPinnable));
    assert_eq!(memory.counters().pins, 0);
}

#[test]
fn addresses_in_the_frame_of_a_call_are_dead_and_only_there() {
    let mut memory = Memory::default();
    memory.begin_frame(0x4000..0x4100);
    assert_eq!(memory.adopt(0x4000), Ok(Handle::EXPIRED));
    assert_eq!(memory.adopt(0x40ff), Ok(Handle::EXPIRED));
    assert_ne!(memory.adopt(0x4100), Ok(Handle::EXPIRED));
    memory.end_frame(&(0x4000..0x4100));
    assert_ne!(memory.adopt(0x4000), Ok(Handle::EXPIRED));
}

#[test]
fn what_is_pinned_and_nothing_else_is_left_to_running_calls() {
    let mut memory = Memory::default();
    let (pinned, freed, other) = (block(&mut memory, b"a"), block(&mut memory, b"b"), block(&mut memory, b"c"));
    pin(&mut memory, pinned).unwrap();
    pin(&mut memory, freed).unwrap();
    memory.free(freed, None).unwrap();
    let remains = memory.take_pinned();
    assert_eq!((remains.blocks(), memory.counters().blocks), (2, 1));
    assert!(memory.free(other, None).is_ok());
}

#[test]
fn a_pinned_block_pins_what_it_was_made_to_point_to_and_what_that_was() {
    let mut memory = Memory::default();
    let [far, near, gone, root] = [0; 4].map(|_| block(&mut memory, b"block"));
    memory.refer(near, vec![(0, far)]);
    memory.refer(root, vec![(0, near), (8, far), (16, gone), (24, near), (32, Handle::NULL)]);
    memory.free(gone, None).unwrap();
    let mut pins = Vec::new();
    memory.pin(root, &mut pins).unwrap();
    for handle in [far, near, root] {
        assert!(pins.contains(&handle));
        memory.free(handle, None).unwrap();
    }
    assert_eq!(memory.counters().blocks, 3);
    pins.into_iter().for_each(|pin| memory.unpin(pin).unwrap());
    assert_eq!(memory.counters(), Counters { records: 0, blocks: 0, bytes: 0, pins: 0 });
}
