//! Turns a thread that makes foreign calls without having an environment into one whose crashes are reported.

use super::Witness;
use super::journal::{Journal, Seat};
use std::cell::Cell;
use std::rc::Rc;

thread_local! {
    /// The seat of this thread's `ThreadJournal`, if it has one.
    static HERE: Cell<Option<&'static Seat>> = const { Cell::new(None) };
}

/// Any function: the witness knows which.
const SOME: u32 = 1;

/// A journal with a witness of its own. Owns both, and the thread's stack for signal handlers; one thread only.
#[derive(Debug)]
pub struct ThreadJournal<T> {
    /// First, so that it is dropped first.
    journal: Journal,
    /// On the heap, where it stays when this is moved.
    witness: Rc<T>,
}

impl<T: Witness> ThreadJournal<T> {
    /// Makes crashes on this thread ask `witness`.
    #[must_use]
    pub fn new(witness: T) -> ThreadJournal<T> {
        let made = ThreadJournal { journal: Journal::default(), witness: Rc::new(witness) };
        // SAFETY: the witness stays on the heap until `made` is dropped, its journal first; an `Rc` keeps it to this
        // thread, as nothing gives it away.
        unsafe { made.journal.attach(Rc::as_ptr(&made.witness)) };
        HERE.set(Some(made.journal.seat()));
        made
    }

    /// The witness.
    #[must_use]
    pub fn witness(&self) -> &T {
        &self.witness
    }

    /// Makes a foreign call, which must not unwind; what is running is told by the witness.
    pub fn call<R>(&self, call: impl FnOnce() -> R) -> R {
        let outer = self.journal.enter(SOME);
        let made = call();
        self.journal.leave(outer);
        made
    }
}

impl<T> Drop for ThreadJournal<T> {
    fn drop(&mut self) {
        HERE.set(None);
    }
}

/// Our own code within a foreign call of a [`ThreadJournal`]: until this is dropped, a crash is not the function's. Means
/// nothing on other threads.
#[derive(Debug)]
pub struct OwnCode(Option<(&'static Seat, u32)>);

impl OwnCode {
    /// A foreign function has called us.
    #[must_use]
    pub fn begin() -> OwnCode {
        OwnCode(HERE.get().map(|seat| (seat, seat.enter_own())))
    }
}

impl Drop for OwnCode {
    fn drop(&mut self) {
        if let Some((seat, function)) = self.0 {
            seat.leave_own(function);
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::super::journal::crash_here;
    use super::super::{Crash, Place, Report, Witness};
    use super::{OwnCode, ThreadJournal};

    struct Knowing;

    impl Witness for Knowing {
        fn is_busy(&self) -> bool {
            false
        }

        fn testify(&self, _: &Crash, _: &mut Report) {}
    }

    fn place() -> Option<Place> {
        crash_here().map(|(_, crash)| crash.place)
    }

    #[test]
    fn a_crash_is_the_functions_while_it_runs_but_not_while_it_waits_for_us() {
        let _before = OwnCode::begin();
        assert_eq!(place(), None);
        let thread = ThreadJournal::new(Knowing);
        assert_eq!(place(), None);
        thread.call(|| {
            assert_eq!(place(), Some(Place::Foreign));
            let own = OwnCode::begin();
            assert_eq!(place(), Some(Place::Own));
            drop(own);
            assert_eq!(place(), Some(Place::Foreign));
            assert_eq!(std::thread::spawn(place).join().unwrap(), None);
        });
        assert_eq!(place(), None);
        drop(thread);
        drop(OwnCode::begin());
        assert_eq!(place(), None);
    }
}
