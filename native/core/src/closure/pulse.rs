//! Turns what the JavaScript thread is doing into what other threads need to know of it.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::sys::crash::Watch;

/// Whether one foreign call keeps the JavaScript thread, and whether that is to look at something when the call is over. The
/// journal is written by the environment's thread; any thread may read it here.
#[derive(Debug)]
pub struct Pulse {
    watch: Watch,
    /// Something is to be done when the outermost call has returned.
    attention: AtomicBool,
}

impl Pulse {
    /// The pulse of an environment by its journal.
    #[must_use]
    pub fn new(watch: Watch) -> Pulse {
        Pulse { watch, attention: AtomicBool::new(false) }
    }

    /// How many calls were ever begun, and the function that C is in: both stay the same as long as one call runs without
    /// beginning another.
    pub(super) fn beat(&self) -> (u32, Option<u32>) {
        self.watch.beat()
    }

    /// Whether something is to be done when the outermost call has returned.
    #[inline]
    #[must_use]
    pub fn attention(&self) -> bool {
        self.attention.load(Relaxed)
    }

    /// Asks for that, or says that it is done.
    pub fn set_attention(&self, wanted: bool) {
        self.attention.store(wanted, Relaxed);
    }
}
