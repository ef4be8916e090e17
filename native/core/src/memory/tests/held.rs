//! Turns memory that callbacks free into what stays for the calls around them, and what goes at once.

use super::{Code, Counters, EMPTY, Handle, Memory, flat};

fn block(memory: &mut Memory) -> Handle {
    flat(memory, "i64")
}

fn free(memory: &mut Memory, handle: Handle, callbacks: usize) {
    memory.hold(handle, callbacks).unwrap();
    memory.free(handle, None).unwrap();
}

#[test]
fn what_the_outermost_call_may_have_been_given_stays_until_it_has_returned() {
    let mut memory = Memory::default();
    let old = block(&mut memory);
    free(&mut memory, old, 1);
    assert_eq!(memory.resolve(old), Err(Code::UseAfterFree));
    assert_eq!(memory.counters(), Counters { records: 0, blocks: 1, bytes: 8, pins: 1 });
    // A call that the callback makes returns.
    memory.end_held(1).unwrap();
    assert_eq!(memory.counters().blocks, 1);
    memory.end_held(0).unwrap();
    assert_eq!(memory.counters(), EMPTY);
}

#[test]
fn what_was_made_since_a_callback_freed_first_goes_at_once_however_often() {
    let mut memory = Memory::default();
    let old = block(&mut memory);
    free(&mut memory, old, 1);
    for _ in 0..1000 {
        let young = block(&mut memory);
        free(&mut memory, young, 1);
    }
    assert_eq!((memory.counters().blocks, memory.held.young.len()), (1, 1));
    memory.end_held(0).unwrap();
    assert_eq!((memory.counters(), memory.held.young.len()), (EMPTY, 0));
}

#[test]
fn an_inner_call_may_use_what_is_too_young_for_the_outer_one() {
    let mut memory = Memory::default();
    let old = block(&mut memory);
    free(&mut memory, old, 1);
    let young = block(&mut memory);
    free(&mut memory, young, 2);
    assert_eq!(memory.counters().blocks, 2);
    memory.end_held(1).unwrap();
    assert_eq!(memory.counters().blocks, 1);
    // The next inner call has a beginning of its own.
    let next = block(&mut memory);
    assert!(memory.is_in_use(next, 2));
    memory.end_held(1).unwrap();
    assert!(!memory.is_in_use(next, 1));
    memory.end_held(0).unwrap();
    assert_eq!(memory.counters().blocks, 1);
}
