//! Memory that C gives away is released once, what is lent ends with its owner, and what C takes over is gone.
#![forbid(unsafe_code)]

use std::rc::Rc;

use super::{EMPTY, borrow, code, flat};
use crate::error::Code;
use crate::memory::{Due, FRONT, Memory};
use crate::registry::{Allocator, Handle};

const RELEASE: u32 = 7;

fn owned(memory: &mut Memory, release: u32) -> Handle {
    let handle = borrow(memory, 32);
    memory.own(handle, release).unwrap()
}

fn address(memory: &Memory, handle: Handle) -> usize {
    memory.record(handle).unwrap().address
}

#[test]
fn what_a_function_releases_is_due_once() {
    let mut memory = Memory::default();
    let handle = owned(&mut memory, RELEASE);
    let address = address(&memory, handle);
    assert_eq!(memory.allocator(handle), Ok(Allocator::Library));
    assert_eq!(code(memory.free(handle, Some(Allocator::C))), Some(Code::AllocatorMismatch));
    assert_eq!(memory.take_due(false), None);
    memory.free(handle, None).unwrap();
    assert_eq!(memory.take_due(true), None, "it is no function of JavaScript's");
    assert_eq!(memory.take_due(false), Some(Due { address, release: RELEASE, is_taken: false }));
    assert_eq!(code(memory.free(handle, None)), Some(Code::DoubleFree));
    assert_eq!((memory.take_due(false), memory.counters()), (None, EMPTY));
    memory.let_go(address, 0);
}

#[test]
fn memory_goes_with_its_last_pointer_object_by_free_at_once_and_by_a_function_when_that_may_be_called() {
    let mut memory = Memory::default();
    let lent = borrow(&mut memory, 8);
    let lent_address = address(&memory, lent);
    memory.release(lent, 1);
    memory.let_go(lent_address, 0);
    let by_free = owned(&mut memory, 0);
    memory.release(by_free, 1);
    assert_eq!((code(memory.free(by_free, None)), memory.frees().automatic), (Some(Code::DoubleFree), 1));
    for (release, front) in [(RELEASE, false), (RELEASE | FRONT, true)] {
        let handle = owned(&mut memory, release);
        let address = address(&memory, handle);
        memory.release(handle, 1);
        assert_eq!((memory.take_due(front), memory.resolve(handle)), (None, Ok(address)), "nothing is called yet");
        assert!(!memory.end_collected(!front), "it is the other function's");
        let before = memory.frees().automatic;
        assert!(memory.end_collected(front) && !memory.end_collected(front));
        assert_eq!((memory.frees().automatic - before, memory.counters()), (1, EMPTY));
        assert_eq!(memory.take_due(front), Some(Due { address, release, is_taken: false }));
        assert_eq!(code(memory.free(handle, None)), Some(Code::DoubleFree));
        assert_eq!(memory.take_due(front), None);
        memory.let_go(address, 0);
    }
}

#[test]
fn memory_that_c_names_again_before_its_release_is_released_with_that_name() {
    let mut memory = Memory::default();
    let handle = owned(&mut memory, RELEASE);
    let address = address(&memory, handle);
    memory.release(handle, 1);
    assert_eq!(memory.adopt(address), Ok(handle));
    assert!(!memory.end_collected(false));
    let mut pins = Vec::new();
    memory.pin(handle, &mut pins).unwrap();
    memory.release(handle, 1);
    assert!(!memory.end_collected(false), "a call on another thread uses it");
    memory.unpin(pins[0]).unwrap();
    assert!(memory.end_collected(false) && !memory.end_collected(false));
    assert_eq!((memory.take_due(false).is_some(), memory.take_due(false)), (true, None));
    memory.let_go(address, 0);
}

#[test]
fn memory_without_a_name_is_released_once_at_the_end_of_the_environment() {
    let mut memory = Memory::default();
    let handle = owned(&mut memory, RELEASE);
    memory.release(handle, 1);
    memory.end_owed(false);
    let due = memory.take_due(false).unwrap();
    assert_eq!((memory.counters(), memory.take_due(false), memory.end_collected(false)), (EMPTY, None, false));
    memory.let_go(due.address, 0);
}

#[test]
fn leaked_memory_of_c_stays_until_it_is_freed_on_request() {
    for release in [0, RELEASE] {
        let mut memory = Memory::default();
        let handle = owned(&mut memory, release);
        // Said before and after nobody names it any more.
        let other = owned(&mut memory, RELEASE);
        memory.release(other, 1);
        memory.leak(other).unwrap();
        memory.leak(handle).unwrap();
        memory.release(handle, 1);
        assert!(!memory.end_collected(false));
        assert!(!memory.ends(handle), "no scope ends it either");
        memory.free(handle, None).unwrap();
        memory.free(other, None).unwrap();
        assert_eq!((memory.frees().explicit, memory.frees().automatic, memory.counters()), (2, 0, EMPTY));
        for due in [memory.take_due(false), memory.take_due(false)].into_iter().flatten() {
            memory.let_go(due.address, 0);
        }
    }
}

#[test]
fn what_is_freed_while_a_call_uses_it_is_due_when_that_is_over() {
    let mut memory = Memory::default();
    let handle = owned(&mut memory, RELEASE | FRONT);
    let mut pins = Vec::new();
    memory.pin(handle, &mut pins).unwrap();
    assert_eq!(code(memory.check_consume(handle)), Some(Code::NotOwner));
    memory.free(handle, None).unwrap();
    assert_eq!(memory.take_due(true), None);
    memory.unpin(pins[0]).unwrap();
    let due = memory.take_due(true).unwrap();
    assert_eq!((due.release, due.is_taken), (RELEASE | FRONT, false));
    memory.let_go(due.address, 0);
}

#[test]
fn an_address_given_away_twice_is_one_block_of_malloc_but_two_counts_of_a_function() {
    let mut memory = Memory::default();
    let first = owned(&mut memory, 0);
    let second = memory.own(first, 0).unwrap();
    assert_eq!(memory.resolve(first), Err(Code::UseAfterFree), "malloc had it back in between");
    memory.free(second, None).unwrap();
    let first = owned(&mut memory, RELEASE);
    let second = memory.own(first, RELEASE).unwrap();
    assert_ne!(first, second);
    memory.free(first, None).unwrap();
    assert!(memory.resolve(second).is_ok());
    memory.free(second, None).unwrap();
    let due = [(); 3].map(|()| memory.take_due(false).map(|due| due.address));
    assert_eq!((due.map(|due| due.is_some()), memory.counters()), ([true, true, false], EMPTY));
    // Two counts of one block, which the function would give back with the second.
    memory.let_go(due[0].unwrap(), 0);
}

#[test]
fn what_is_ours_or_no_block_of_malloc_is_not_given_away() {
    let mut memory = Memory::default();
    let block = flat(&mut memory, "i64");
    for release in [0, RELEASE] {
        assert_eq!(code(memory.own(block, release)), Some(Code::AllocatorMismatch));
        assert_eq!(code(memory.own(Handle::EXPIRED, release)), Some(Code::AllocatorMismatch));
        assert_eq!(memory.own(Handle::NULL, release), Ok(Handle::NULL));
    }
    static DATA: [u64; 4] = [0; 4];
    let data = memory.adopt(DATA.as_ptr() as usize).unwrap();
    assert_eq!(code(memory.own(data, 0)), Some(Code::AllocatorMismatch));
    assert_eq!(memory.allocator(data), Ok(Allocator::Borrowed));
}

#[test]
fn what_is_lent_ends_with_its_owner_and_is_no_ones_to_free() {
    let mut memory = Memory::default();
    let owner = owned(&mut memory, 0);
    let inside = address(&memory, owner) + 8;
    let found = memory.adopt(inside).unwrap();
    let lent = memory.lend(found, owner).unwrap();
    assert_eq!(lent, found, "nobody else knows it");
    let again = memory.adopt(inside).unwrap();
    assert_eq!(memory.lend(again, owner), Ok(lent));
    let beginning = memory.lend(owner, owner).unwrap();
    assert_ne!(beginning, owner);
    for handle in [lent, beginning] {
        assert_eq!(code(memory.free(handle, Some(Allocator::C))), Some(Code::NotOwner));
        assert_eq!(code(memory.check_consume(handle)), Some(Code::NotOwner));
    }
    memory.free(owner, None).unwrap();
    assert_eq!([lent, beginning].map(|handle| memory.resolve(handle)), [Err(Code::UseAfterFree); 2]);
    for (handle, count) in [(lent, 2), (beginning, 1)] {
        memory.release(handle, count);
    }
    assert_eq!(memory.counters(), EMPTY);
}

#[test]
fn what_c_takes_over_is_moved_until_nobody_names_it() {
    let mut memory = Memory::default();
    let handle = owned(&mut memory, RELEASE);
    let address = address(&memory, handle);
    let by: Rc<str> = Rc::from("list_push");
    memory.check_consume(handle).unwrap();
    memory.consume(handle, &by);
    assert_eq!(memory.resolve(handle), Err(Code::Moved));
    assert_eq!(memory.explain_move(), "its memory was handed over to 'list_push'");
    assert_eq!(code(memory.free(handle, None)), Some(Code::Moved));
    assert_eq!(code(memory.check_consume(handle)), Some(Code::Moved));
    assert_eq!(memory.take_due(false).map(|due| due.is_taken), Some(true));
    memory.release(handle, 1);
    assert_eq!((memory.resolve(handle), Rc::strong_count(&by)), (Err(Code::UseAfterFree), 1));
    memory.let_go(address, 0);
}

#[test]
fn c_is_not_given_what_it_cannot_release() {
    let mut memory = Memory::default();
    let block = flat(&mut memory, "i64");
    let inner = memory.interior(block, 4, None).unwrap();
    assert_eq!(code(memory.check_consume(block)), Some(Code::AllocatorMismatch));
    assert_eq!(code(memory.check_consume(inner)), Some(Code::AllocatorMismatch));
    assert_eq!(memory.check_consume(Handle::NULL), Ok(()));
}
