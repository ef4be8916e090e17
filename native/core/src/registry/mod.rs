//! Turns handles into records and addresses into handles: the one place where records are born and die.
//!
//! A handle is (slot, generation). A slot is reused under its next generation, so a stale handle never names a newer
//! record (S1 in docs/SAFETY.md).
#![forbid(unsafe_code)]

mod exposed;
mod index;
mod ownership;
mod pins;
mod record;
#[cfg(test)]
mod tests;

use std::rc::Rc;

pub use index::AddressHasher;
use index::AddressIndex;
use ownership::{Moves, Owed};
pub use pins::Unpinned;
pub use record::{Allocator, Record, UNKNOWN};

use crate::error::Code;
use crate::plan::Layout;

/// Names a record. `(0, 0)` is NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Handle {
    /// Index into the table.
    pub slot: u32,
    /// Which of the records that used the slot.
    pub generation: u32,
}

impl Handle {
    /// The null pointer.
    pub const NULL: Handle = Handle { slot: 0, generation: 0 };

    /// Stands for an address that was already dead when C returned it (it lay in the frame of the call).
    pub const EXPIRED: Handle = Handle { slot: 0, generation: 1 };

    /// Whether this is NULL.
    #[must_use]
    pub fn is_null(self) -> bool {
        self == Handle::NULL
    }
}

/// What a new record is made of.
#[derive(Debug)]
pub struct Birth {
    /// Where the memory lies.
    pub address: usize,
    /// Its bytes, or [`UNKNOWN`].
    pub size: usize,
    /// Who releases it.
    pub allocator: Allocator,
    /// The owner, for interior pointers.
    pub parent: Handle,
    /// The type there, if known.
    pub layout: Option<Rc<Layout>>,
    /// Whether the same address, met again, is this record.
    pub indexed: bool,
}

/// The records of one environment. One thread only.
#[derive(Debug)]
pub struct Registry {
    records: Vec<Record>,
    free_head: u32,
    live: u32,
    /// Pins of all records together.
    pins: u32,
    index: AddressIndex,
    /// Exposed records that have ended and whose buffers are not detached yet.
    ended: Vec<Handle>,
    /// Records that C has taken over, as long as pointer objects name them.
    moves: Moves,
    /// How much of C's memory live records own.
    owed: Owed,
}

impl Default for Registry {
    fn default() -> Self {
        // Slot 0 is never handed out: it is NULL.
        let records = vec![Record::default()];
        let (index, moves, owed) = (AddressIndex::default(), Moves::default(), Owed::default());
        Registry { records, free_head: 0, live: 0, pins: 0, index, ended: Vec::new(), moves, owed }
    }
}

impl Registry {
    /// How many records are live.
    #[must_use]
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Makes a record with one reference.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_MEMORY` when the table is full.
    pub fn insert(&mut self, birth: Birth) -> Result<Handle, Code> {
        let slot = self.take_slot()?;
        if birth.indexed {
            self.index.insert(birth.address, slot);
        }
        let record = &mut self.records[slot as usize];
        let generation = record.generation + 1;
        *record = Record {
            address: birth.address,
            size: birth.size,
            parent: birth.parent,
            layout: birth.layout,
            references: 1,
            pins: 0,
            generation,
            next_free: 0,
            release: 0,
            allocator: Some(birth.allocator),
            indexed: birth.indexed,
            exposed: false,
            leaked: false,
        };
        self.live += 1;
        // An interior pointer keeps the record it lies in.
        self.retain(birth.parent);
        Ok(Handle { slot, generation })
    }

    fn take_slot(&mut self) -> Result<u32, Code> {
        if self.free_head != 0 {
            let slot = self.free_head;
            self.free_head = self.records[slot as usize].next_free;
            return Ok(slot);
        }
        let slot = u32::try_from(self.records.len()).map_err(|_| Code::OutOfMemory)?;
        self.records.push(Record::default());
        Ok(slot)
    }

    /// The live record of a handle.
    ///
    /// # Errors
    /// `ERR_FFI_USE_AFTER_FREE` when it, or the owner of what it points into, is gone; `ERR_FFI_MOVED` when C has taken it
    /// over; `ERR_FFI_NULL_POINTER` for NULL.
    #[inline]
    pub fn get(&self, handle: Handle) -> Result<&Record, Code> {
        match self.records.get(handle.slot as usize) {
            Some(record) if record.generation == handle.generation && record.allocator.is_some() => {
                if record.parent.slot != 0 {
                    self.get_inside(record.parent)?;
                }
                Ok(record)
            }
            _ if handle.is_null() => Err(Code::NullPointer),
            _ => Err(self.end_of(handle)),
        }
    }

    /// The address in a slot, whatever record is there: what a call would cost without its checks (`bench/check.mjs`).
    #[cfg(feature = "bench-unchecked")]
    #[inline]
    #[must_use]
    pub fn unchecked(&self, handle: Handle) -> usize {
        self.records.get(handle.slot as usize).map_or(0, |record| record.address)
    }

    #[inline(never)]
    fn get_inside(&self, parent: Handle) -> Result<&Record, Code> {
        self.get(parent)
    }

    /// The address of a handle; 0 for NULL.
    ///
    /// # Errors
    /// `ERR_FFI_USE_AFTER_FREE`.
    #[inline]
    pub fn address(&self, handle: Handle) -> Result<usize, Code> {
        match self.get(handle) {
            Ok(record) => Ok(record.address),
            Err(Code::NullPointer) => Ok(0),
            Err(code) => Err(code),
        }
    }

    /// Who releases a live record's memory.
    ///
    /// # Errors
    /// As [`Registry::get`].
    pub fn allocator(&self, handle: Handle) -> Result<Allocator, Code> {
        self.get(handle)?.allocator.ok_or(Code::UseAfterFree)
    }

    /// Ends a record, whatever its references: every handle to it is stale from here on. While it is pinned or
    /// exposed, its slot waits for the last [`Registry::unpin`] and for [`Registry::conceal`].
    pub fn remove(&mut self, handle: Handle) {
        let Some(record) = self.records.get_mut(handle.slot as usize) else { return };
        if record.generation != handle.generation || record.allocator.is_none() {
            return;
        }
        if record.indexed {
            self.index.remove(record.address, handle.slot);
        }
        if record.is_owed() {
            self.owed.end(handle.slot);
        }
        record.allocator = None;
        record.layout = None;
        if record.exposed {
            self.ended.push(handle);
        }
        self.live -= 1;
        if record.pins == 0 && !record.exposed {
            self.give_back_slot(handle.slot);
        }
    }

    fn give_back_slot(&mut self, slot: u32) {
        let record = &mut self.records[slot as usize];
        // A slot whose generations are used up is retired, so that no handle can ever match again.
        if record.generation < u32::MAX {
            record.next_free = self.free_head;
            self.free_head = slot;
        }
    }

    /// Another pointer object names a record that was found by its address.
    #[inline]
    #[must_use]
    pub fn find(&mut self, address: usize) -> Option<Handle> {
        let slot = self.index.get(address)?;
        let record = &mut self.records[slot as usize];
        let handle = Handle { slot, generation: record.generation };
        if record.parent.slot == 0 {
            // What is in the index and stands alone is live.
            record.references = record.references.saturating_add(1);
            return Some(handle);
        }
        self.find_inside(handle)
    }

    fn find_inside(&mut self, handle: Handle) -> Option<Handle> {
        if self.get(handle).is_err() {
            // Its owner was freed: the address means something new now.
            self.remove(handle);
            return None;
        }
        self.retain(handle);
        Some(handle)
    }

    /// The live record that an address would find, without naming it once more.
    #[must_use]
    pub fn peek(&self, address: usize) -> Option<Handle> {
        let slot = self.index.peek(address)?;
        let generation = self.records.get(slot as usize)?.generation;
        Some(Handle { slot, generation }).filter(|handle| self.get(*handle).is_ok())
    }

    /// All live records but interior ones.
    pub fn standing(&self) -> impl Iterator<Item = (&Record, Allocator)> {
        self.records
            .iter()
            .filter(|record| record.parent.is_null())
            .filter_map(|record| Some((record, record.allocator?)))
    }

    /// All live records of memory that C handed out, but interior ones, with their addresses.
    pub fn borrowed(&self) -> impl Iterator<Item = (Handle, usize)> {
        let handle = |slot: usize, record: &Record| Handle { slot: slot as u32, generation: record.generation };
        self.records
            .iter()
            .enumerate()
            .filter(|(_, record)| record.allocator == Some(Allocator::Borrowed) && record.parent.is_null())
            .map(move |(slot, record)| (handle(slot, record), record.address))
    }

    /// Makes a record end with another.
    pub fn set_parent(&mut self, handle: Handle, parent: Handle) {
        if self.get(handle).is_ok()
            && let Some(record) = self.records.get_mut(handle.slot as usize)
        {
            record.parent = parent;
        }
    }

    /// Something besides a pointer object names a record: it is to be given back by [`Registry::release`].
    pub fn retain(&mut self, handle: Handle) {
        let named = self.records.get_mut(handle.slot as usize).filter(|record| record.generation == handle.generation);
        if let Some(record) = named.filter(|_| handle.slot != 0) {
            record.references = record.references.saturating_add(1);
        }
    }

    /// The record that a live one lies in; NULL for one that stands alone.
    #[must_use]
    pub fn owner(&self, handle: Handle) -> Handle {
        self.get(handle).map_or(Handle::NULL, |record| record.parent)
    }

    /// `count` pointer objects are gone. Returns whether they were the last of a record that is still live. A count that has
    /// reached its end is not known any more, and stays there.
    pub fn release(&mut self, handle: Handle, count: u32) -> bool {
        match self.records.get_mut(handle.slot as usize) {
            Some(record) if record.generation == handle.generation && record.allocator.is_some() => {
                if record.references != u32::MAX {
                    record.references = record.references.saturating_sub(count);
                }
                record.references == 0
            }
            _ => {
                self.forget_move(handle, count);
                false
            }
        }
    }
}
