//! Turns memory that a callback frees, while the call around it may still use it, into memory that stays until that call has
//! returned.
//!
//! A synchronous call pins nothing: nobody can free what it was given but its own callbacks. So what the running calls may
//! have been given is asked here, when a callback frees something: all that was there before they began.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use super::Memory;
use crate::error::Result;
use crate::registry::Handle;

/// What was freed in callbacks of calls that are still running. Belongs to its `Memory`.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Counts marks and births.
    clock: u64,
    /// One for each running call that has called back, the outermost first, made when a callback first freed something: what
    /// is younger was made by callbacks of that call and cannot be among its arguments.
    marks: Vec<u64>,
    /// Generation and birth of records made since the first mark, by slot, so that there are no more than slots.
    pub(super) young: HashMap<u32, (u32, u64)>,
    /// What is pinned, with how many callbacks are around the call that may use it.
    kept: Vec<(usize, Handle)>,
}

impl Held {
    /// A record was made.
    #[inline]
    pub(super) fn note(&mut self, handle: Handle) {
        if !self.marks.is_empty() {
            self.clock += 1;
            self.young.insert(handle.slot, (handle.generation, self.clock));
        }
    }

    /// Something is freed, or about to be, inside `callbacks` callbacks.
    fn mark(&mut self, callbacks: usize) {
        while self.marks.len() < callbacks {
            self.clock += 1;
            self.marks.push(self.clock);
        }
    }

    /// The outermost running call that may have been given the record: how many callbacks are around it.
    fn user(&self, handle: Handle) -> Option<usize> {
        let born = match self.young.get(&handle.slot) {
            Some((generation, born)) if *generation == handle.generation => *born,
            _ => 0,
        };
        self.marks.iter().position(|mark| *mark > born)
    }
}

impl Memory {
    /// The live record of an address, if it has one.
    #[must_use]
    pub fn peek(&self, address: usize) -> Option<Handle> {
        self.registry.peek(address)
    }

    /// All live records of memory that C handed out, with their addresses.
    pub fn borrowed(&self) -> impl Iterator<Item = (Handle, usize)> {
        self.registry.borrowed()
    }

    /// A record's memory is not ours to name any more.
    pub fn disown(&mut self, owner: Handle) {
        self.registry.remove(owner);
    }

    /// Whether a call in progress uses the record, or one that runs around `callbacks` callbacks may.
    #[must_use]
    pub fn is_in_use(&mut self, owner: Handle, callbacks: usize) -> bool {
        self.held.mark(callbacks);
        self.registry.is_pinned(owner) || self.held.user(owner).is_some()
    }

    /// Record `owner` is about to be freed inside `callbacks` callbacks: pins it until the call that may use it is over, if
    /// there is one.
    ///
    /// # Errors
    /// `ERR_FFI_USE_AFTER_FREE`.
    pub fn hold(&mut self, owner: Handle, callbacks: usize) -> Result<()> {
        self.held.mark(callbacks);
        if let Some(outside) = self.held.user(owner) {
            self.registry.pin(owner)?;
            self.held.kept.push((outside, owner));
        }
        Ok(())
    }

    /// A call inside `callbacks` callbacks has returned: lets go of what was held for it.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN` when some of it was guarded and C wrote outside of it; all of it is let go of all the same.
    pub fn end_held(&mut self, callbacks: usize) -> Result<()> {
        self.held.marks.truncate(callbacks);
        if self.held.marks.is_empty() {
            self.held.young = HashMap::new();
        }
        let ended: Vec<_> = self.held.kept.extract_if(.., |(outside, _)| *outside >= callbacks).collect();
        let mut outcome = Ok(());
        for (_, owner) in ended {
            outcome = outcome.and(self.unpin(owner));
        }
        outcome
    }
}
