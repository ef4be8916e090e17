//! Turns the end of memory under JavaScript buffers into the end of those buffers, and keeps what they cannot be parted from.
//!
//! A buffer that JavaScript has moved (`transfer`, a reading stream) lies under another ArrayBuffer that nobody here knows, so
//! its memory goes only when the runtime says that no ArrayBuffer has it any more (S10).
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use super::{Block, Memory};
use crate::error::{Code, Refusal, Result};
use crate::registry::{Allocator, Handle, Unpinned};

/// What memory is refused for that JavaScript may reach where we cannot take it away.
pub(super) const ASTRAY: &str = "a Buffer over it was moved to another ArrayBuffer, which may still use it";

/// What buffers of ended environments may still lie over, for as long as the process lives.
static GIVEN_UP: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// A JavaScript buffer over a record's memory.
pub trait Cover: Debug {
    /// Whether the memory may be reached where `end` has no power: the buffer was moved or collected, and the runtime has not
    /// said yet that no other has its memory.
    fn is_astray(&self) -> bool;

    /// Whether the runtime has said so.
    fn is_over(&self) -> bool;

    /// Parts the buffer from the memory. Whether nothing reaches the memory any more.
    fn end(&self) -> bool;
}

/// What JavaScript buffers lie over. Owns what stands for them; belongs to its `Memory`.
#[derive(Debug, Default)]
pub(super) struct Exposed {
    covers: HashMap<Handle, Vec<Box<dyn Cover>>>,
}

impl Memory {
    /// A buffer lies over the memory of record `owner`, as [`Memory::expose`] allowed.
    pub fn cover(&mut self, owner: Handle, cover: Box<dyn Cover>) {
        self.registry.expose(owner);
        self.exposed.covers.entry(owner).or_default().push(cover);
    }

    /// Whether buffers lie over memory whose record has ended.
    #[inline]
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.registry.has_ended()
    }

    /// Parts buffers from the memory of records that have ended. What they cannot be parted from stays.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN` when some of the memory was guarded and C wrote outside of it; it is let go of all the same.
    pub fn end_covers(&mut self) -> Result<()> {
        let ended = self.registry.take_ended();
        let mut outcome = Ok(());
        for owner in ended {
            outcome = outcome.and(self.settle(owner, |cover| !cover.end()));
        }
        outcome
    }

    /// The runtime has said of buffers over the memory of `owner` that nothing has it any more. For when no handle is in use but
    /// through pointer objects (S26).
    ///
    /// # Errors
    /// As [`Memory::end_covers`].
    pub fn lift_covers(&mut self, owner: Handle) -> Result<()> {
        self.settle(owner, |cover| !cover.is_over())
    }

    fn settle(&mut self, owner: Handle, stays: impl Fn(&dyn Cover) -> bool) -> Result<()> {
        let Some(covers) = self.exposed.covers.get_mut(&owner) else { return Ok(()) };
        covers.retain(|cover| stays(&**cover));
        if !covers.is_empty() {
            return Ok(());
        }
        self.exposed.covers.remove(&owner);
        let concealed = self.registry.conceal(owner);
        self.release(owner, 1);
        match concealed {
            Unpinned::InUse => Ok(()),
            Unpinned::Ended(address) => self.end_kept(owner, address),
        }
    }

    /// Whether JavaScript may reach a record's memory through a buffer that was moved away.
    pub(super) fn is_astray(&self, owner: Handle) -> bool {
        self.exposed.covers.get(&owner).is_some_and(|covers| covers.iter().any(|cover| cover.is_astray()))
    }

    /// Refuses memory that is about to be C's to free or to move, if JavaScript may reach it through a buffer that was moved away.
    ///
    /// # Errors
    /// `ERR_FFI_NOT_OWNER`.
    pub fn check_reach(&self, owner: Handle) -> Result<()> {
        if self.is_astray(owner) { Err(Refusal::new(Code::NotOwner, ASTRAY)) } else { Ok(()) }
    }

    /// Whether a buffer lies over memory that C lends, a variable of a library for one: if `only_astray`, one that was moved.
    #[must_use]
    pub fn covers_borrowed(&self, only_astray: bool) -> bool {
        self.exposed.covers.keys().any(|owner| {
            self.registry.allocator(*owner) == Ok(Allocator::Borrowed) && (!only_astray || self.is_astray(*owner))
        })
    }

    /// The environment ends, but a buffer that was moved away may be on another thread: what it lies over is given up, never
    /// freed. Whether there was any.
    pub fn forsake_astray(&mut self) -> bool {
        let astray: Vec<Handle> = self.exposed.covers.keys().copied().filter(|owner| self.is_astray(*owner)).collect();
        for owner in &astray {
            self.forsake(*owner);
        }
        !astray.is_empty()
    }

    /// Gives up the memory of `owner`: it is never freed.
    pub fn forsake(&mut self, owner: Handle) {
        self.exposed.covers.remove(&owner);
        if let Some((block, _)) = self.owned.remove(owner) {
            GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner).push(block);
        }
        self.registry.remove(owner);
        // Calls that outlive the environment are not to free it either.
        while self.registry.is_pinned(owner) {
            self.registry.unpin(owner);
        }
        if let Unpinned::Ended(address) = self.registry.conceal(owner) {
            self.take_deferred(owner, address);
        }
    }
}
