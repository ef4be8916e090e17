//! Turns the end of a record's last pointer object into the release of what the record owns.
//!
//! Called at moments only when no frame is written and no call runs (`Runtime::is_at_rest`), so that no handle is anywhere
//! but in a pointer object (S26).
#![forbid(unsafe_code)]

use super::Memory;
use super::ownership::{ByFunction, FRONT};
use crate::error::{Refusal, Result};
use crate::registry::{Allocator, Handle};

/// How often memory was freed so far. Plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frees {
    /// On request.
    pub explicit: u64,
    /// Because the last pointer object was collected.
    pub automatic: u64,
}

/// What is kept of the past. Owned by its `Memory`.
#[derive(Debug, Default)]
pub(super) struct Reclaim {
    pub(super) frees: Frees,
    /// Owned memory without a name, until the function that releases it may be called: C may name it again before that.
    nameless: ByFunction<Handle>,
    /// The first damage found in what nobody asked to free, until somebody is told.
    damage: Option<Refusal>,
}

/// What a block of ours or C's costs besides its bytes: its record, its entries in the tables, and what allocators add.
const OVERHEAD: usize = 256;

impl Memory {
    /// Bytes held for pointer objects, for the collector to know.
    #[must_use]
    pub fn held(&self) -> usize {
        let (owed, bytes) = self.registry.owed_size();
        self.owned.bytes() + bytes + (self.owned.count() + owed) * OVERHEAD
    }

    /// How often memory was freed.
    #[must_use]
    pub fn frees(&self) -> Frees {
        self.reclaim.frees
    }

    /// `count` pointer objects of a record are gone. With the last of them the record goes, and with it what it owns, unless
    /// that was leaked.
    pub fn release(&mut self, handle: Handle, count: u32) {
        let mut gone = Vec::new();
        self.drop_names(handle, count, &mut gone);
        self.release_all(gone);
    }

    /// One name of each is gone. Chains are as long as C's lists, so this does not recurse.
    fn release_all(&mut self, mut gone: Vec<Handle>) {
        while let Some(next) = gone.pop() {
            self.drop_names(next, 1, &mut gone);
        }
    }

    fn drop_names(&mut self, handle: Handle, count: u32, gone: &mut Vec<Handle>) {
        if !self.registry.release(handle, count) {
            return;
        }
        let owner = self.registry.owner(handle);
        if !owner.is_null() {
            self.registry.remove(handle);
            gone.push(owner);
            return;
        }
        match self.registry.allocator(handle) {
            Ok(Allocator::Rust) => self.collect_block(handle, gone),
            Ok(Allocator::C | Allocator::Library) if self.registry.is_leaked(handle) => {}
            Ok(Allocator::C) => self.collect_c(handle),
            // Its function may lead back into JavaScript, which must not run now.
            Ok(Allocator::Library) => {
                let release = self.registry.release_of(handle);
                self.reclaim.nameless.of(release).push_back(handle);
            }
            // Borrowed memory is C's; an interior pointer whose owner was freed has nothing left.
            _ => self.registry.remove(handle),
        }
    }

    /// What has a release of its own, by declaration.
    fn collect_c(&mut self, handle: Handle) {
        if let Ok(address) = self.registry.address(handle) {
            self.reclaim.frees.automatic += 1;
            self.end_c(address, handle);
        }
    }

    /// Ends the next record that nobody names and whose memory a function of a library, or of JavaScript's (`front`), is to
    /// release: that is due then. False when there is none.
    pub fn end_collected(&mut self, front: bool) -> bool {
        let which = if front { FRONT } else { 0 };
        while let Some(handle) = self.reclaim.nameless.of(which).pop_front() {
            // What C has named again since, or what was freed, is none.
            if self.registry.is_nameless(handle) && !self.registry.is_leaked(handle) {
                self.collect_c(handle);
                return true;
            }
        }
        false
    }

    fn collect_block(&mut self, handle: Handle, gone: &mut Vec<Handle>) {
        if !self.owned.is_collectable(handle) {
            return;
        }
        self.reclaim.frees.automatic += 1;
        self.registry.remove(handle);
        let ended = self.end_one(handle, gone);
        self.note_damage(ended);
    }

    /// Somebody is to be told of damage that nobody waited for.
    pub fn note_damage(&mut self, outcome: Result<()>) {
        if let Err(refusal) = outcome {
            self.reclaim.damage.get_or_insert(refusal);
        }
    }

    /// Frees a block whose record has ended.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN` when C has written around it; it is freed all the same.
    pub(super) fn end_block(&mut self, owner: Handle) -> Result<()> {
        let mut gone = Vec::new();
        let ended = self.end_one(owner, &mut gone);
        self.release_all(gone);
        ended
    }

    fn end_one(&mut self, owner: Handle, gone: &mut Vec<Handle>) -> Result<()> {
        let Some((block, references)) = self.owned.remove(owner) else { return Ok(()) };
        gone.extend(references);
        self.guard.bury(block)
    }

    /// Takes the damage that was found in a block when it was collected, for somebody to be told.
    pub fn take_damage(&mut self) -> Option<Refusal> {
        self.reclaim.damage.take()
    }

    /// The memory behind a handle is not collected: it lives until it is freed, or the environment ends.
    ///
    /// # Errors
    /// As [`Memory::record`], but NULL is leaked by doing nothing.
    pub fn leak(&mut self, handle: Handle) -> Result<()> {
        if !handle.is_null() {
            let record = self.record(handle)?;
            let owner = if record.parent.is_null() { handle } else { record.parent };
            if self.owned.contains(owner) {
                self.owned.set_leaked(owner);
            } else if matches!(self.registry.allocator(owner), Ok(Allocator::C | Allocator::Library)) {
                self.registry.set_leaked(owner);
            }
        }
        Ok(())
    }
}
