//! Turns the unloading of a library into the end of the records of what lay in it: its variables and constants.

use std::ptr::with_exposed_provenance;

use std::sync::Arc;

use super::Runtime;
use crate::library::{Library, keep_loaded};
use crate::registry::Handle;
use crate::sys::dl;

/// Whether static memory of a loaded file is at the address.
fn is_static(address: usize) -> bool {
    dl::image_of(with_exposed_provenance(address)).is_some()
}

impl Runtime {
    /// Whether JavaScript may reach the variables of a library that is closed, after it is unloaded, through a buffer that was
    /// moved away, or will be before: unloading waits for those who hold the library.
    pub(super) fn is_covered(&self, library: &Arc<Library>) -> bool {
        let is_held = self.journal.is_in_call() || Arc::strong_count(library) > 1;
        self.memory.covers_borrowed(!is_held)
    }

    /// Whether buffers lie over memory whose record has ended, for [`crate::memory::Memory::end_covers`].
    #[inline]
    #[must_use]
    pub fn has_ended_covers(&self) -> bool {
        self.memory.has_ended()
    }

    /// Gives up what a buffer lies over of which nobody can say whether it was moved; see [`Runtime::forsake_astray`].
    pub fn forsake(&mut self, owner: Handle) {
        self.memory.forsake(owner);
        self.libraries.values_mut().for_each(|library| keep_loaded(library));
    }

    /// Called before the runtime parts its buffers from their memory for the last time; see
    /// [`crate::memory::Memory::forsake_astray`].
    pub fn forsake_astray(&mut self) {
        if self.memory.forsake_astray() {
            self.libraries.values_mut().for_each(|library| keep_loaded(library));
        }
    }

    /// Notes what may go with a library that is about to be closed.
    pub(super) fn find_orphans(&mut self) {
        self.orphans.extend(self.memory.borrowed().filter(|(_, address)| is_static(*address)));
    }

    /// Ends what lay in files that are not loaded any more. The rest is looked at again only while an asynchronous call may
    /// still hold its library.
    pub(super) fn end_orphans(&mut self) {
        for (handle, address) in &self.orphans {
            if !is_static(*address) {
                self.memory.disown(*handle);
            }
        }
        if self.pending() == 0 {
            self.orphans = Vec::new();
        }
    }
}
