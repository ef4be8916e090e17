//! Turns the arguments of calls in progress into memory that stays until they have returned, whoever frees it meanwhile.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::{Memory, alloc};
use crate::error::{Code, Result};
use crate::registry::{Handle, Unpinned};

/// Where the frames of calls lie: the call stack, and the frames that asynchronous calls have moved to.
#[derive(Debug, Default)]
pub(super) struct Transient {
    stack: Range<usize>,
    /// Start and end.
    moved: BTreeMap<usize, usize>,
}

impl Transient {
    pub(super) fn new(stack: Range<usize>) -> Transient {
        Transient { stack, moved: BTreeMap::new() }
    }

    pub(super) fn contains(&self, address: usize) -> bool {
        let before = || self.moved.range(..=address).next_back();
        self.stack.contains(&address) || before().is_some_and(|(_, end)| address < *end)
    }
}

/// What calls of an ended environment may still use. Owns it, releases it on drop; any thread may hold it.
#[derive(Debug, Default)]
pub struct Remains {
    blocks: Vec<alloc::Block>,
    /// Blocks of C that were freed while they were in use.
    deferred: Vec<usize>,
    /// Memory of C that functions release, which nobody calls any more.
    unreleased: Vec<usize>,
}

impl Remains {
    /// Whether an address lies in one of the blocks, or is that of memory of C.
    #[must_use]
    pub fn holds(&self, address: usize) -> bool {
        let inside = |block: &alloc::Block| (block.address()..block.address() + block.size()).contains(&address);
        self.blocks.iter().any(inside) || self.deferred.contains(&address) || self.unreleased.contains(&address)
    }

    /// How many blocks of the environment's own.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        self.deferred.drain(..).for_each(alloc::free_c);
    }
}

impl Memory {
    /// Pins the memory of a handle and, where that is a block, what it was made to point to. Each of `pins` is to be given
    /// to `unpin` later, also when this refuses.
    ///
    /// # Errors
    /// As [`Memory::record`], and `ERR_FFI_NOT_PINNABLE` for a block that points to JavaScript buffers, which another
    /// thread could free.
    pub fn pin(&mut self, handle: Handle, pins: &mut Vec<Handle>) -> std::result::Result<(), Code> {
        let mut next = pins.len();
        self.pin_owner(handle, pins)?;
        let mut seen = HashSet::new();
        while let Some(owner) = pins.get(next).copied() {
            next += 1;
            for reference in self.owned.references(owner) {
                // What was freed before is as dead behind the block as it is for a call on this thread.
                if seen.insert(reference) && self.registry.get(reference).is_ok() {
                    self.pin_owner(reference, pins)?;
                }
            }
        }
        Ok(())
    }

    fn pin_owner(&mut self, handle: Handle, pins: &mut Vec<Handle>) -> std::result::Result<(), Code> {
        let record = match self.record(handle) {
            Err(Code::NullPointer) => return Ok(()),
            other => other?,
        };
        let owner = if record.parent.is_null() { handle } else { record.parent };
        if self.owned.has_backings_of(owner) {
            return Err(Code::NotPinnable);
        }
        self.registry.pin(owner)?;
        pins.push(owner);
        Ok(())
    }

    /// Gives back a pin. The last one of memory that was freed meanwhile lets it go.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN` when that was guarded and C wrote outside of it; it is let go of all the same.
    pub fn unpin(&mut self, owner: Handle) -> Result<()> {
        match self.registry.unpin(owner) {
            Unpinned::InUse => self.release(owner, 1),
            Unpinned::Ended(address) => return self.end_kept(owner, address),
        }
        Ok(())
    }

    /// Releases what was kept of a record that has ended.
    pub(super) fn end_kept(&mut self, owner: Handle, address: usize) -> Result<()> {
        if let Some(release) = self.take_deferred(owner, address) {
            self.let_go(address, release);
        }
        self.end_block(owner)
    }

    /// A frame lies at these addresses, which mean nothing once its call is over.
    pub fn begin_frame(&mut self, addresses: Range<usize>) {
        self.transient.moved.insert(addresses.start, addresses.end);
    }

    /// The call of such a frame is over.
    pub fn end_frame(&mut self, addresses: &Range<usize>) {
        self.transient.moved.remove(&addresses.start);
    }

    /// How memory that was freed while it was pinned is to be released.
    pub(super) fn take_deferred(&mut self, owner: Handle, address: usize) -> Option<u32> {
        let releases = self.deferred.get_mut(&address)?;
        let at = releases.iter().position(|(record, _)| *record == owner)?;
        let (_, release) = releases.swap_remove(at);
        if releases.is_empty() {
            self.deferred.remove(&address);
        }
        Some(release)
    }

    /// Takes out all that is pinned, for calls that outlive this. What only a function can release stays unreleased: it
    /// would have to be called on another thread.
    pub fn take_pinned(&mut self) -> Remains {
        let pinned = self.registry.owed().filter(|handle| self.registry.is_pinned(*handle));
        let address =
            |handle: Handle| Some((self.registry.address(handle).ok()?, self.registry.release_of(handle) == 0));
        let freed = self
            .deferred
            .iter()
            .map(|(address, releases)| (*address, releases.iter().any(|(_, release)| *release == 0)));
        let (by_free, by_functions): (Vec<_>, Vec<_>) =
            pinned.filter_map(address).chain(freed).partition(|(_, by_free)| *by_free);
        let addresses = |found: Vec<(usize, bool)>| found.into_iter().map(|(address, _)| address).collect();
        let (deferred, unreleased) = (addresses(by_free), addresses(by_functions));
        self.deferred.clear();
        let Memory { owned, registry, .. } = self;
        Remains { blocks: owned.take(|handle| registry.is_pinned(handle)), deferred, unreleased }
    }
}
