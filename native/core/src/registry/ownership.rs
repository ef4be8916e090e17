//! Turns what a signature says of ownership into the state of records: owned by C's allocator or a function, lent, moved.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{Allocator, Handle, Record, Registry, UNKNOWN};
use crate::error::Code;

/// A record that C has taken over.
#[derive(Debug)]
struct Move {
    /// The function that took it.
    by: Rc<str>,
    /// How many pointer objects name it still.
    references: u32,
}

/// The records that C has taken over, kept outside of their slots so that a live record pays nothing for it. An entry goes
/// with the last pointer object that names it.
#[derive(Debug, Default)]
pub(super) struct Moves {
    of: HashMap<Handle, Move>,
    /// The one that was asked for last, for the sentence of the refusal.
    met: Cell<Handle>,
}

/// Blocks from this size on are counted by their bytes; what smaller ones take is in what every record is said to cost.
const HEAVY: usize = 4096;

/// How much of C's memory live records own.
#[derive(Debug, Default)]
pub(super) struct Owed {
    count: usize,
    bytes: usize,
    /// By slot.
    heavy: HashMap<u32, usize>,
}

impl Owed {
    fn begin(&mut self, slot: u32, bytes: usize) {
        self.count += 1;
        if bytes >= HEAVY {
            self.bytes += bytes;
            self.heavy.insert(slot, bytes);
        }
    }

    pub(super) fn end(&mut self, slot: u32) {
        self.count -= 1;
        self.bytes -= self.heavy.remove(&slot).unwrap_or(0);
    }
}

impl Record {
    /// Whether the record owns memory of C, for C's allocator or a function to release.
    #[inline]
    pub(super) fn is_owed(&self) -> bool {
        matches!(self.allocator, Some(Allocator::C | Allocator::Library)) && self.parent.is_null()
    }
}

impl Registry {
    /// Why a handle names no live record.
    #[cold]
    pub(super) fn end_of(&self, handle: Handle) -> Code {
        if !self.moves.of.contains_key(&handle) {
            return Code::UseAfterFree;
        }
        self.moves.met.set(handle);
        Code::Moved
    }

    /// The function that took over the record which `ERR_FFI_MOVED` was last said of.
    #[must_use]
    pub fn mover(&self) -> Option<Rc<str>> {
        self.moves.of.get(&self.moves.met.get()).map(|taken| Rc::clone(&taken.by))
    }

    /// `count` pointer objects of a record that has ended are gone.
    pub(super) fn forget_move(&mut self, handle: Handle, count: u32) {
        if let Some(taken) = self.moves.of.get_mut(&handle) {
            taken.references = taken.references.saturating_sub(count);
            if taken.references == 0 {
                self.moves.of.remove(&handle);
            }
        }
    }

    /// Ends a live record because the function `by` takes its memory over.
    pub fn consume(&mut self, handle: Handle, by: Rc<str>) {
        let Ok(references) = self.get(handle).map(|record| record.references) else { return };
        self.remove(handle);
        self.moves.of.insert(handle, Move { by, references });
    }

    /// Says who releases a live record's memory; `release` names the function for [`Allocator::Library`]. `bytes` are those
    /// that are known to be there.
    pub fn own(&mut self, handle: Handle, allocator: Allocator, release: u32, bytes: usize) {
        if let Some(record) = self.live_mut(handle) {
            record.allocator = Some(allocator);
            record.release = release;
            record.leaked = false;
            self.owed.begin(handle.slot, bytes);
        }
    }

    /// Owned memory does not go with its last pointer object.
    pub fn set_leaked(&mut self, handle: Handle) {
        if let Some(record) = self.live_mut(handle) {
            record.leaked = true;
        }
    }

    /// Whether that was said of a record.
    #[must_use]
    pub fn is_leaked(&self, handle: Handle) -> bool {
        self.get(handle).is_ok_and(|record| record.leaked)
    }

    /// Whether a record is live and nobody names it.
    #[must_use]
    pub fn is_nameless(&self, handle: Handle) -> bool {
        self.get(handle).is_ok_and(|record| record.references == 0)
    }

    /// How many live records own memory of C, and how many bytes of it are known of.
    #[must_use]
    pub fn owed_size(&self) -> (usize, usize) {
        (self.owed.count, self.owed.bytes)
    }

    /// The release number of a live record; 0 for one without.
    #[must_use]
    pub fn release_of(&self, handle: Handle) -> u32 {
        self.get(handle).map_or(0, |record| record.release)
    }

    /// Makes a borrowed record that stands alone, and that one pointer object names, live no longer than `parent`. False for
    /// any other.
    pub fn lend(&mut self, handle: Handle, parent: Handle) -> bool {
        let Some(record) = self.live_mut(handle) else { return false };
        let is_borrowed = record.allocator == Some(Allocator::Borrowed) && record.parent.is_null();
        if !is_borrowed || record.references > 1 || record.size != UNKNOWN {
            return false;
        }
        record.parent = parent;
        self.retain(parent);
        true
    }

    /// The handles of all live records that C's allocator or a function is to release.
    pub fn owed(&self) -> impl Iterator<Item = Handle> {
        (0u32..)
            .zip(&self.records)
            .filter(|(_, record)| record.is_owed())
            .map(|(slot, record)| Handle { slot, generation: record.generation })
    }

    pub(super) fn live_mut(&mut self, handle: Handle) -> Option<&mut Record> {
        let record = self.records.get_mut(handle.slot as usize)?;
        (record.generation == handle.generation && record.allocator.is_some()).then_some(record)
    }
}
