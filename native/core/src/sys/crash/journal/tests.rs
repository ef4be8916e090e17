//! What a signal would find in the journal of its thread, and in none.

use super::{Journal, crash_here};
use crate::sys::crash::Place;

fn here() -> Option<(Place, u32, u32)> {
    crash_here().map(|(_, crash)| (crash.place, crash.function, crash.callbacks))
}

#[test]
fn a_crash_is_told_by_what_runs_on_its_own_thread() {
    assert_eq!(here(), None);
    let journal = Journal::default();
    assert_eq!(here(), None);
    let outer = journal.enter(7);
    assert_eq!(here(), Some((Place::Foreign, 7, 0)));
    assert_eq!(std::thread::spawn(here).join().unwrap(), None);
    let interrupted = journal.enter_callback();
    assert_eq!(here(), Some((Place::JavaScript, 7, 1)));
    let inner = journal.enter(8);
    assert_eq!(here(), Some((Place::Foreign, 8, 1)));
    journal.leave(inner);
    assert_eq!(here(), Some((Place::JavaScript, 7, 1)));
    journal.leave_callback(interrupted);
    assert_eq!(here(), Some((Place::Foreign, 7, 0)));
    journal.leave(outer);
    assert!(!journal.is_in_call());
    assert_eq!(here(), None);
}

#[test]
fn the_last_calls_are_remembered_newest_first_but_for_forgotten_ones() {
    let journal = Journal::default();
    for function in 1..=20 {
        let outer = journal.enter(function);
        journal.leave(outer);
    }
    journal.forget(19);
    let _outer = journal.enter(3);
    let (_, crash) = crash_here().unwrap();
    assert_eq!(crash.recent, [3, 20, 0, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6]);
}

#[test]
fn a_seat_given_up_is_clean_for_the_next_journal() {
    let first = Journal::default();
    let _outer = first.enter(5);
    drop(first);
    assert_eq!(here(), None);
    let second = Journal::default();
    let _outer = second.enter(6);
    let (_, crash) = crash_here().unwrap();
    assert_eq!(crash.recent[..2], [6, 0]);
}
