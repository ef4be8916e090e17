//! What no pointer object names any more goes, with what only it has kept, once; what anything names stays.

#![forbid(unsafe_code)]

use super::{EMPTY, flat};
use crate::error::Code;
use crate::memory::{Frees, Memory};
use crate::registry::{Allocator, Handle};
use crate::sys::chunk::block_size;
use crate::sys::heap::c_malloc;

const POINTER: usize = size_of::<usize>();

fn frees(explicit: u64, automatic: u64) -> Frees {
    Frees { explicit, automatic }
}

/// A block of `count` pointers.
fn pointers(memory: &mut Memory, count: usize) -> Handle {
    flat(memory, &format!("[{count}]ptr"))
}

fn is_live(memory: &Memory, handle: Handle) -> bool {
    memory.resolve(handle).is_ok()
}

#[test]
fn a_block_goes_with_the_last_of_its_names_and_is_counted_apart_from_what_is_freed_on_request() {
    let mut memory = Memory::default();
    let (dropped, freed) = (flat(&mut memory, "i64"), flat(&mut memory, "i64"));
    let address = memory.resolve(dropped).unwrap();
    assert_eq!(memory.adopt(address), Ok(dropped));
    memory.release(dropped, 1);
    assert!(is_live(&memory, dropped), "one of its two names is left");
    memory.release(dropped, 1);
    memory.free(freed, None).unwrap();
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(1, 1)));
    memory.release(freed, 1);
    memory.release(dropped, 1);
    assert_eq!(memory.free(dropped, None).unwrap_err().code, Code::DoubleFree);
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(1, 1)), "nothing is freed twice");
}

#[test]
fn a_name_that_is_gone_twice_does_not_end_what_has_taken_its_slot() {
    let mut memory = Memory::default();
    let old = flat(&mut memory, "i64");
    memory.release(old, 1);
    let new = flat(&mut memory, "i64");
    assert_eq!(new.slot, old.slot);
    memory.release(old, 1);
    assert!(is_live(&memory, new));
}

#[test]
fn an_interior_pointer_keeps_its_block_and_takes_it_along() {
    let mut memory = Memory::default();
    let owner = flat(&mut memory, "[4]i64");
    let base = memory.resolve(owner).unwrap();
    let (made, found) = (memory.interior(owner, 8, None).unwrap(), memory.adopt(base + 16).unwrap());
    memory.release(owner, 1);
    memory.release(made, 1);
    assert!(is_live(&memory, found));
    memory.release(found, 1);
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(0, 1)));
}

#[test]
fn a_pinned_block_stays_until_its_call_is_over() {
    let mut memory = Memory::default();
    let handle = flat(&mut memory, "i64");
    let mut pins = Vec::new();
    memory.pin(handle, &mut pins).unwrap();
    memory.release(handle, 1);
    assert!(is_live(&memory, handle));
    memory.unpin(pins[0]).unwrap();
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(0, 1)));
}

#[test]
fn a_leaked_block_stays_whatever_becomes_of_its_names_and_is_freed_on_request() {
    let mut memory = Memory::default();
    let handle = flat(&mut memory, "[4]i64");
    let inner = memory.interior(handle, 8, None).unwrap();
    memory.leak(inner).unwrap();
    memory.release(inner, 1);
    memory.release(handle, 1);
    let again = memory.adopt(memory.resolve(handle).unwrap()).unwrap();
    memory.release(again, 1);
    assert!(!memory.ends(again), "no scope ends it either");
    assert!(is_live(&memory, handle));
    memory.free(handle, None).unwrap();
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(1, 0)));
    assert!(!memory.ends(handle));
    assert_eq!(memory.leak(handle).unwrap_err().code, Code::UseAfterFree);
    assert_eq!(memory.leak(Handle::NULL), Ok(()));
}

#[test]
fn a_chain_of_any_length_lives_and_goes_with_its_first_block() {
    let mut memory = Memory::default();
    let mut first = pointers(&mut memory, 1);
    let last = first;
    for _ in 0..50_000 {
        let block = pointers(&mut memory, 1);
        memory.refer(block, vec![(0, first)]);
        memory.release(first, 1);
        first = block;
    }
    assert!(is_live(&memory, last));
    memory.release(first, 1);
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(0, 50_001)));
}

#[test]
fn freeing_a_block_lets_go_of_what_only_it_has_kept() {
    let mut memory = Memory::default();
    let (block, target) = (pointers(&mut memory, 1), flat(&mut memory, "i64"));
    memory.refer(block, vec![(0, target)]);
    memory.release(target, 1);
    memory.free(block, None).unwrap();
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(1, 1)));
}

#[test]
fn what_is_written_over_a_pointer_lets_go_of_what_it_kept() {
    // A part of a pointer may be a flag that C hides in it.
    let cases =
        [(0, POINTER, false), (0, 2 * POINTER, false), (0, 1, true), (1, POINTER, true), (POINTER, POINTER, true)];
    for (offset, length, kept) in cases {
        let mut memory = Memory::default();
        let (block, target) = (pointers(&mut memory, 2), flat(&mut memory, "i64"));
        memory.overwrite(block, 0, POINTER, vec![(0, target)]);
        memory.release(target, 1);
        assert!(is_live(&memory, target));
        memory.overwrite(block, offset, length, Vec::new());
        assert_eq!(is_live(&memory, target), kept, "{length} bytes at {offset}");
    }
}

#[test]
fn a_pointer_written_through_an_interior_one_belongs_to_the_block() {
    let mut memory = Memory::default();
    let (block, target) = (pointers(&mut memory, 4), flat(&mut memory, "[2]i64"));
    let inner = memory.interior(block, 2 * POINTER, None).unwrap();
    let part = memory.interior(target, 8, None).unwrap();
    memory.overwrite(inner, POINTER, POINTER, vec![(0, part)]);
    for handle in [inner, part, target] {
        memory.release(handle, 1);
    }
    assert!(is_live(&memory, target));
    let mut pins = Vec::new();
    memory.pin(block, &mut pins).unwrap();
    assert_eq!(pins, [block, target], "a call on another thread pins it too");
    memory.overwrite(block, 3 * POINTER, POINTER, Vec::new());
    assert!(is_live(&memory, target), "it is pinned");
    pins.into_iter().for_each(|pin| memory.unpin(pin).unwrap());
    assert!(!is_live(&memory, target));
}

#[test]
fn a_block_that_points_to_itself_goes_and_pointers_to_freed_memory_keep_nothing() {
    let mut memory = Memory::default();
    let (block, gone) = (pointers(&mut memory, 2), flat(&mut memory, "i64"));
    memory.free(gone, None).unwrap();
    let new = flat(&mut memory, "i64");
    assert_eq!(new.slot, gone.slot);
    memory.overwrite(block, 0, 2 * POINTER, vec![(0, block), (POINTER, gone)]);
    memory.release(new, 1);
    assert!(!is_live(&memory, new));
    memory.release(block, 1);
    assert_eq!(memory.counters(), EMPTY);
}

#[test]
fn memory_with_a_declared_release_goes_with_its_last_name_and_borrowed_memory_stays_cs() {
    let mut memory = Memory::default();
    let (address, borrowed) = (c_malloc(64) as usize, c_malloc(64) as usize);
    let found = memory.adopt(address).unwrap();
    let owned = memory.own(found, 0).unwrap();
    memory.release(owned, 1);
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(0, 1)));
    let lent = memory.adopt(borrowed).unwrap();
    memory.release(lent, 1);
    assert_eq!((memory.counters(), memory.frees()), (EMPTY, frees(0, 1)));
    let lent = memory.adopt(borrowed).unwrap();
    memory.free(lent, Some(Allocator::C)).unwrap();
}

#[test]
fn what_is_held_counts_what_blocks_cost_besides_their_bytes() {
    let mut memory = Memory::default();
    let handle = flat(&mut memory, "[100]i64");
    assert!(memory.held() > 800);
    memory.release(handle, 1);
    assert_eq!(memory.held(), 0);
}

#[test]
fn what_is_held_counts_records_that_own_memory_of_c_and_the_bytes_of_large_blocks() {
    let mut memory = Memory::default();
    for size in [16, 1 << 20] {
        let block = c_malloc(size) as usize;
        let found = memory.adopt(block).unwrap();
        assert_eq!(memory.held(), 0, "borrowed memory is C's");
        let owned = memory.own(found, 0).unwrap();
        let _part = memory.interior(owned, 8, Some(8)).unwrap();
        assert!(memory.held() > 16 && (memory.held() > size || block_size(block).is_none()));
        memory.free(owned, None).unwrap();
        assert_eq!(memory.held(), 0);
    }
}
