//! Turns the use of memory by calls in progress into counts, so that freeing it can wait for the last of them.

use super::{Handle, Registry};
use crate::error::Code;

/// What a pin that was given back leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpinned {
    /// The record is live, or others keep its memory still.
    InUse,
    /// It was the last to keep the memory of a record that has ended meanwhile: what was at this address may be released.
    Ended(usize),
}

impl Registry {
    /// Pins a live record, which keeps it from going with its last pointer object too.
    ///
    /// # Errors
    /// As [`Registry::get`].
    pub fn pin(&mut self, handle: Handle) -> Result<(), Code> {
        self.get(handle)?;
        self.pins += 1;
        self.retain(handle);
        self.records[handle.slot as usize].pins += 1;
        Ok(())
    }

    /// Whether calls in progress use the record.
    #[must_use]
    pub fn is_pinned(&self, handle: Handle) -> bool {
        self.records
            .get(handle.slot as usize)
            .is_some_and(|record| record.generation == handle.generation && record.pins > 0)
    }

    /// Gives back one pin; the reference that came with it is the caller's to release.
    pub fn unpin(&mut self, handle: Handle) -> Unpinned {
        if !self.is_pinned(handle) {
            return Unpinned::InUse;
        }
        self.pins -= 1;
        let record = &mut self.records[handle.slot as usize];
        record.pins -= 1;
        let address = record.address;
        if record.pins > 0 || record.exposed || record.allocator.is_some() {
            return Unpinned::InUse;
        }
        self.give_back_slot(handle.slot);
        Unpinned::Ended(address)
    }

    /// Pins of all records together.
    #[must_use]
    pub fn pins(&self) -> u32 {
        self.pins
    }
}
