//! Turns JavaScript buffers over memory into something that keeps it, like a pin, until none of them reaches it any more.

use super::{Handle, Registry, Unpinned};

impl Registry {
    /// JavaScript buffers lie over a live record's memory. Until [`Registry::conceal`] neither the memory nor the slot goes, nor
    /// the record with its last pointer object; its end is reported by [`Registry::take_ended`].
    pub fn expose(&mut self, handle: Handle) {
        if let Some(record) = self.live_mut(handle).filter(|record| !record.exposed) {
            record.exposed = true;
            self.retain(handle);
        }
    }

    /// Whether memory stays when its record ends: calls in progress use it, or JavaScript buffers lie over it.
    #[must_use]
    pub fn is_kept(&self, handle: Handle) -> bool {
        self.is_pinned(handle) || self.is_exposed(handle)
    }

    fn is_exposed(&self, handle: Handle) -> bool {
        let record = self.records.get(handle.slot as usize);
        record.is_some_and(|record| record.generation == handle.generation && record.exposed)
    }

    /// Whether exposed records have ended since the last time.
    #[inline]
    #[must_use]
    pub fn has_ended(&self) -> bool {
        !self.ended.is_empty()
    }

    /// Exposed records that have ended since the last time.
    pub fn take_ended(&mut self) -> Vec<Handle> {
        std::mem::take(&mut self.ended)
    }

    /// No buffer reaches a record's memory any more; the reference that came with them is the caller's to release.
    pub fn conceal(&mut self, handle: Handle) -> Unpinned {
        if !self.is_exposed(handle) {
            return Unpinned::InUse;
        }
        let record = &mut self.records[handle.slot as usize];
        record.exposed = false;
        if record.pins > 0 || record.allocator.is_some() {
            return Unpinned::InUse;
        }
        let address = record.address;
        self.give_back_slot(handle.slot);
        Unpinned::Ended(address)
    }
}
