//! Records are made, found again by their address, read and written within bounds, and let go of.
#![forbid(unsafe_code)]

mod exposed;
mod free;
mod gather;
mod held;
mod ownership;
mod pins;
mod reclaim;

use std::cell::Cell;
use std::rc::Rc;

use super::{Backing, Counters, Gather, Image, Memory, Segment, View, halves, relocate};
use crate::error::{Code, Result};
use crate::plan::Layout;
use crate::registry::{Allocator, Handle, UNKNOWN};
use crate::signature::read_type;
use crate::sys::heap::c_malloc;

/// Where the front end's numbering of offsets begins.
const START: u32 = 64;
const EMPTY: Counters = Counters { records: 0, blocks: 0, bytes: 0, pins: 0 };
const WILD: u64 = 0x10;

fn layout(text: &str) -> Rc<Layout> {
    Rc::new(Layout::of(&read_type(text).unwrap()).unwrap())
}

/// Puts words and texts one after the other.
fn image(words: &[u64], tail: &[u8]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).chain(tail.iter().copied()).collect()
}

fn data(offset: u32) -> u64 {
    u64::from(START + offset)
}

fn reference(handle: Handle) -> u64 {
    u64::from(handle.slot) | u64::from(handle.generation) << 32
}

/// Makes a block as the front end does. Segments are (start, length); fixups are offsets of data references.
fn block(memory: &mut Memory, text: &str, bytes: &[u8], segments: &[(u32, u32)], fixups: &[u32]) -> Result<Handle> {
    let fixups = fixups.iter().map(|offset| (START + offset) << 1);
    create(memory, text, bytes, segments, fixups, Vec::new())
}

fn create(
    memory: &mut Memory,
    text: &str,
    bytes: &[u8],
    segments: &[(u32, u32)],
    fixups: impl IntoIterator<Item = u32>,
    backings: Vec<Backing>,
) -> Result<Handle> {
    let views: Vec<View> = backings.iter().map(|b| View { address: b.address, length: b.length }).collect();
    let segments = segments.iter().map(|&(start, length)| Segment { start, length }).collect();
    memory.create(bytes.len(), layout(text), segments, backings, |memory, block, address| {
        block[..bytes.len()].copy_from_slice(bytes);
        let origin = address.wrapping_sub(START as usize);
        relocate(&mut Image { bytes: block, start: START, origin }, fixups, &views, memory)
    })
}

/// A block without references.
fn flat(memory: &mut Memory, text: &str) -> Handle {
    let size = layout(text).size;
    block(memory, text, &vec![0; size as usize], &[(0, size)], &[]).unwrap()
}

/// Memory that C owns, known to us by its address only.
fn borrow(memory: &mut Memory, size: usize) -> Handle {
    memory.adopt(c_malloc(size) as usize).unwrap()
}

/// A JavaScript buffer over `bytes`, with what detaches it.
fn backing(bytes: &[u8]) -> (Backing, Rc<Cell<Option<usize>>>) {
    let address = bytes.as_ptr() as usize;
    let place = Rc::new(Cell::new(Some(address)));
    let current = Rc::clone(&place);
    (Backing { address, length: bytes.len(), current: Box::new(move || current.get()) }, place)
}

fn read(memory: &Memory, handle: Handle, offset: usize, text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    memory.read(handle, offset, &layout(text), &mut out).map(|()| out)
}

fn code<T>(result: Result<T>) -> Option<Code> {
    result.err().map(|refusal| refusal.code)
}

/// Reads a value and follows its pointers.
fn gather(memory: &mut Memory, handle: Handle, text: &str) -> Result<Vec<u8>> {
    let mut out = read(memory, handle, 0, text)?;
    Gather::follow(memory, &layout(text), &mut out).map(|_| out)
}

fn pair(bytes: &[u8], at: usize) -> (usize, u32) {
    let (low, high) = halves(*bytes[at..].first_chunk().unwrap());
    (low as usize, high)
}

#[test]
fn a_created_block_holds_absolute_references_and_counts_until_it_is_freed() {
    let mut memory = Memory::default();
    let made = block(&mut memory, "{str,i64}", &image(&[data(16), 7], b"hi\0"), &[(0, 16), (16, 3)], &[0]).unwrap();
    let address = memory.resolve(made).unwrap();
    assert_eq!(read(&memory, made, 0, "{i64,i64}").unwrap(), image(&[address as u64 + 16, 7], b""));
    assert_eq!(memory.counters(), Counters { records: 1, blocks: 1, bytes: 19, pins: 0 });
    assert_eq!(memory.allocator(made), Ok(Allocator::Rust));
    memory.free(made, None).unwrap();
    assert_eq!(memory.counters(), EMPTY);
}

#[test]
fn a_block_may_point_to_another_as_long_as_that_is_live() {
    let mut memory = Memory::default();
    let target = flat(&mut memory, "i64");
    let to_target = |memory: &mut Memory| {
        create(memory, "ptr", &image(&[reference(target)], b""), &[(0, 8)], [START << 1 | 1], Vec::new())
    };
    let holder = to_target(&mut memory).unwrap();
    let address = memory.resolve(target).unwrap();
    assert_eq!(read(&memory, holder, 0, "ptr").unwrap(), image(&[address as u64], b""));
    memory.free(target, None).unwrap();
    assert_eq!(code(to_target(&mut memory)), Some(Code::UseAfterFree));
    assert_eq!(memory.counters().records, 1, "a refused block leaves nothing behind");
}

#[test]
fn one_address_is_one_record() {
    let mut memory = Memory::default();
    let made = flat(&mut memory, "i64");
    let address = memory.resolve(made).unwrap();
    assert_eq!(memory.adopt(address), Ok(made));
    let borrowed = borrow(&mut memory, 8);
    let address = memory.resolve(borrowed).unwrap();
    assert_eq!(memory.adopt(address), Ok(borrowed));
    assert_eq!((memory.counters().records, memory.adopt(0)), (2, Ok(Handle::NULL)));
    memory.release(borrowed, 1);
    assert_eq!(memory.resolve(borrowed), Ok(address), "one of two pointer objects is left");
    memory.free(borrowed, Some(Allocator::C)).unwrap();
}

#[test]
fn an_address_inside_a_block_belongs_to_it_up_to_the_end_of_its_value() {
    let mut memory = Memory::default();
    let made = block(&mut memory, "[2]i64", &image(&[1, 2], b"\0\0abcd"), &[(0, 16), (18, 4)], &[]).unwrap();
    let base = memory.resolve(made).unwrap();
    for (offset, remaining) in [(8, 8), (15, 1), (16, 0), (17, 0), (18, 4), (21, 1)] {
        let inner = memory.adopt(base + offset).unwrap();
        let record = memory.record(inner).unwrap();
        assert_eq!((record.parent, record.size), (made, remaining), "at {offset}");
        assert_eq!(memory.extent_at(base + offset), remaining);
    }
    let inner = memory.adopt(base + 8).unwrap();
    memory.free(made, None).unwrap();
    assert_eq!(memory.resolve(inner), Err(Code::UseAfterFree));
}

#[test]
fn an_address_one_past_the_end_of_a_block_does_not_belong_to_it() {
    let mut memory = Memory::default();
    let made = flat(&mut memory, "[3]i64");
    let past = memory.resolve(made).unwrap() + 24;
    let found = memory.adopt(past).unwrap();
    assert_eq!(memory.allocator(found), Ok(Allocator::Borrowed));
    assert_eq!(memory.record(found).unwrap().size, UNKNOWN);
}

#[test]
fn an_address_in_the_call_stack_has_expired() {
    let mut memory = Memory::new(0x1000..0x2000);
    assert_eq!(memory.adopt(0x1000), Ok(Handle::EXPIRED));
    assert_eq!(memory.adopt(0x1fff), Ok(Handle::EXPIRED));
    assert_eq!(memory.resolve(Handle::EXPIRED), Err(Code::UseAfterFree));
    assert_eq!(memory.counters(), EMPTY);
    assert_ne!(memory.adopt(0x2000), Ok(Handle::EXPIRED));
}

#[test]
fn every_record_goes_with_its_last_pointer() {
    let mut memory = Memory::default();
    let (made, borrowed) = (flat(&mut memory, "[2]i64"), memory.adopt(0x1000).unwrap());
    let inner = memory.interior(made, 8, None).unwrap();
    assert_eq!(memory.counters().records, 3);
    for handle in [inner, borrowed, made] {
        memory.release(handle, 1);
    }
    assert_eq!((memory.counters(), memory.resolve(made)), (EMPTY, Err(Code::UseAfterFree)));
}

#[test]
fn a_block_over_a_detached_or_moved_buffer_is_refused() {
    let (mut memory, buffer) = (Memory::default(), [1u8, 2, 3, 4]);
    let (backing, place) = backing(&buffer);
    let made = create(&mut memory, "*[4]u8", &image(&[1 << 32], b""), &[(0, 8)], [START << 1], vec![backing]).unwrap();
    let (inner, other) = (memory.interior(made, 0, None).unwrap(), flat(&mut memory, "i64"));
    assert_eq!(gather(&mut memory, made, "*[4]u8").unwrap()[8..], buffer);
    assert_eq!(code(gather(&mut memory, made, "*[5]u8")), Some(Code::OutOfBounds));
    let second = memory.adopt(buffer.as_ptr() as usize + 1).unwrap();
    assert_eq!((memory.allocator(second), memory.record(second).unwrap().size), (Ok(Allocator::Js), 3));
    for (now, expected) in
        [(None, Some(Code::BufferDetached)), (Some(8), Some(Code::BufferDetached)), (place.get(), None)]
    {
        place.set(now);
        assert_eq!([made, inner, second].map(|handle| memory.resolve(handle).err()), [expected; 3]);
        assert!(memory.resolve(other).is_ok());
    }
    place.set(None);
    assert_eq!(memory.free(made, None), Ok(()), "a block whose buffer is gone is still freed");
    assert_eq!(Rc::strong_count(&place), 1);
}

#[test]
fn reads_and_writes_keep_to_bounds_alignment_and_pointer_types() {
    let mut memory = Memory::default();
    let made = flat(&mut memory, "{i32,f32,f64}");
    memory.write(made, 8, &layout("f64"), &1.5f64.to_le_bytes()).unwrap();
    assert_eq!(read(&memory, made, 8, "f64").unwrap(), 1.5f64.to_le_bytes());
    for (offset, text, expected) in [
        (16, "u8", Code::OutOfBounds),
        (12, "i64", Code::OutOfBounds),
        (usize::MAX, "u8", Code::OutOfBounds),
        (2, "i32", Code::Misaligned),
        (8, "str", Code::PointerType),
        (0, "{i64,[1]ptr}", Code::PointerType),
    ] {
        assert_eq!(code(read(&memory, made, offset, text)), Some(expected), "{text} at {offset}");
        if expected != Code::PointerType {
            let bytes = vec![0; layout(text).size as usize];
            assert_eq!(code(memory.write(made, offset, &layout(text), &bytes)), Some(expected), "{text} at {offset}");
        }
    }
    assert_eq!(code(read(&memory, Handle::NULL, 0, "u8")), Some(Code::NullPointer));
    let wild = memory.adopt(WILD as usize).unwrap();
    assert_eq!(code(read(&memory, wild, 0, "i64")), Some(Code::BadAddress));
    assert_eq!(code(memory.write(wild, 0, &layout("i64"), &[0; 8])), Some(Code::BadAddress));
}

#[test]
fn an_interior_pointer_stays_within_its_owner() {
    let mut memory = Memory::default();
    let made = flat(&mut memory, "[4]i32");
    let inner = memory.interior(made, 4, Some(8)).unwrap();
    assert_eq!(code(read(&memory, inner, 8, "i32")), Some(Code::OutOfBounds));
    let end = memory.interior(inner, 8, None).unwrap();
    assert_eq!((memory.record(end).unwrap().size, memory.record(end).unwrap().parent), (0, made));
    for (handle, offset, length) in [(made, 17, None), (made, 8, Some(9)), (inner, 0, Some(9)), (inner, 9, None)] {
        assert_eq!(code(memory.interior(handle, offset, length)), Some(Code::OutOfBounds));
    }
}

#[test]
fn a_buffer_over_memory_ends_with_its_owner_and_covers_only_what_is_there() {
    let mut memory = Memory::default();
    let made = flat(&mut memory, "[2]i64");
    let inner = memory.interior(made, 8, None).unwrap();
    let address = memory.resolve(inner).unwrap();
    assert_eq!(memory.expose(inner, 8), Ok((made, address)));
    assert_eq!(code(memory.expose(inner, 9)), Some(Code::OutOfBounds));
    let wild = memory.adopt(WILD as usize).unwrap();
    assert_eq!(code(memory.expose(wild, 1)), Some(Code::BadAddress));
    memory.free(made, None).unwrap();
    assert_eq!(memory.counters().blocks, 0, "looking is not covering");
}

#[test]
fn dropping_the_memory_lets_go_of_every_block_and_buffer() {
    let (mut memory, buffer) = (Memory::default(), [0u8; 4]);
    let (backing, place) = backing(&buffer);
    create(&mut memory, "*[4]u8", &image(&[1 << 32], b""), &[(0, 8)], [START << 1], vec![backing]).unwrap();
    flat(&mut memory, "[100]i64");
    assert_eq!((memory.counters().blocks, memory.counters().bytes, Rc::strong_count(&place)), (2, 808, 2));
    drop(memory);
    assert_eq!(Rc::strong_count(&place), 1);
}
