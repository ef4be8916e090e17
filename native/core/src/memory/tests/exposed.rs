//! Buffers over memory, moved and not, as they end.

use std::cell::Cell;
use std::rc::Rc;

use super::{Code, Handle, Memory, flat};
use crate::memory::Cover;

/// A buffer, as the runtime and JavaScript leave it.
#[derive(Debug, Default)]
struct Fake {
    is_moved: Cell<bool>,
    is_over: Cell<bool>,
}

#[derive(Debug)]
struct Shared(Rc<Fake>);

impl Cover for Shared {
    fn is_astray(&self) -> bool {
        self.0.is_moved.get() && !self.0.is_over.get()
    }

    fn is_over(&self) -> bool {
        self.0.is_over.get()
    }

    fn end(&self) -> bool {
        !self.is_astray()
    }
}

fn covered(memory: &mut Memory) -> (Handle, Rc<Fake>) {
    let (made, fake) = (flat(memory, "[2]i64"), Rc::new(Fake::default()));
    memory.cover(made, Box::new(Shared(Rc::clone(&fake))));
    (made, fake)
}

#[test]
fn memory_under_a_buffer_goes_when_that_is_parted_from_it() {
    let mut memory = Memory::default();
    let (made, _) = covered(&mut memory);
    memory.free(made, None).unwrap();
    assert_eq!((memory.counters().blocks, memory.has_ended()), (1, true));
    memory.end_covers().unwrap();
    assert_eq!((memory.counters().blocks, memory.has_ended()), (0, false));
}

#[test]
fn memory_under_a_moved_buffer_stays_until_the_runtime_lets_go_of_it() {
    let mut memory = Memory::default();
    let (made, fake) = covered(&mut memory);
    fake.is_moved.set(true);
    memory.free(made, None).unwrap();
    memory.end_covers().unwrap();
    memory.lift_covers(made).unwrap();
    let next = flat(&mut memory, "[2]i64");
    assert_eq!(memory.counters().blocks, 2);
    assert_ne!(next.slot, made.slot);
    fake.is_over.set(true);
    memory.lift_covers(made).unwrap();
    assert_eq!(memory.counters().blocks, 1);
    assert_eq!(memory.resolve(made), Err(Code::UseAfterFree));
}

#[test]
fn a_buffer_keeps_its_record_from_the_collector() {
    let mut memory = Memory::default();
    let (made, fake) = covered(&mut memory);
    memory.release(made, 1);
    assert_eq!(memory.counters().blocks, 1);
    fake.is_over.set(true);
    memory.lift_covers(made).unwrap();
    assert_eq!((memory.counters().blocks, memory.frees().automatic), (0, 1));
}

#[test]
fn what_a_moved_buffer_lies_over_is_given_up_at_the_end_and_nothing_else() {
    let mut memory = Memory::default();
    let (live, moved) = covered(&mut memory);
    let (freed, moved_too) = covered(&mut memory);
    let (_, _) = covered(&mut memory);
    moved.is_moved.set(true);
    moved_too.is_moved.set(true);
    memory.free(freed, None).unwrap();
    memory.end_covers().unwrap();
    let mut pins = Vec::new();
    memory.pin(live, &mut pins).unwrap();
    assert!(memory.forsake_astray());
    assert_eq!(memory.counters().blocks, 1);
    assert_eq!(memory.take_pinned().blocks(), 0);
    assert!(!memory.forsake_astray());
}
