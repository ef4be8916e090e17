//! Turns results of any thread into a list for one thread, which is rung for once until it looks.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Owns what was posted until it is taken. Any thread posts; one takes.
pub struct Mailbox<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    posted: Vec<T>,
    ring: Option<Box<dyn Fn() + Send>>,
    /// Rung for and not looked at since.
    rung: bool,
    closed: bool,
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({} posted)", self.lock().posted.len())
    }
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        let state = State { posted: Vec::new(), ring: None, rung: false, closed: false };
        Mailbox { state: Mutex::new(state) }
    }
}

impl<T> Mailbox<T> {
    /// Says how the taker is rung for. Called on any thread, never after `close` has returned.
    pub fn listen(&self, ring: Box<dyn Fn() + Send>) {
        self.lock().ring = Some(ring);
    }

    /// Posts; what comes after `close` is given back.
    #[must_use]
    pub fn post(&self, letter: T) -> Option<T> {
        let mut state = self.lock();
        if state.closed {
            return Some(letter);
        }
        state.posted.push(letter);
        if !state.rung {
            state.rung = true;
            // Under the lock, so that `close` waits for it.
            if let Some(ring) = &state.ring {
                ring();
            }
        }
        None
    }

    /// Takes all that was posted.
    #[must_use]
    pub fn take(&self) -> Vec<T> {
        let mut state = self.lock();
        state.rung = false;
        std::mem::take(&mut state.posted)
    }

    /// Nobody is rung for any more; what is posted can still be taken.
    pub fn hush(&self) {
        self.lock().ring = None;
    }

    /// Nobody takes any more, and nobody is rung for. Returns what was left.
    pub fn close(&self) -> Vec<T> {
        let mut state = self.lock();
        state.closed = true;
        state.ring = None;
        std::mem::take(&mut state.posted)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
