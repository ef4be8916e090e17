//! Turns the unloading of a library into the end of the records of what lay in it: its variables and constants.

use std::ptr::with_exposed_provenance;

use super::Runtime;
use crate::sys::dl;

/// Whether static memory of a loaded file is at the address.
fn is_static(address: usize) -> bool {
    dl::image_of(with_exposed_provenance(address)).is_some()
}

impl Runtime {
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
