//! Turns statements of ownership about C's memory into records that say how it is released, and their end into what is due.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::rc::Rc;

use super::Memory;
use super::exposed::ASTRAY;
use crate::error::{Code, Refusal, Result};
use crate::registry::{Allocator, Birth, Handle, UNKNOWN};
use crate::sys::chunk;

/// Set in the release numbers that mean a function of JavaScript's; the rest of the number is the front end's own.
pub const FRONT: u32 = 1 << 31;

/// Memory of C whose record has ended, for a function to release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// What to pass to the function.
    pub address: usize,
    /// Which function.
    pub release: u32,
    /// C has taken the memory over: the function must not be called, only let go of.
    pub is_taken: bool,
}

/// What functions of libraries are to release, and what functions of JavaScript's are.
#[derive(Debug)]
pub(super) struct ByFunction<T> {
    library: VecDeque<T>,
    front: VecDeque<T>,
}

impl<T> Default for ByFunction<T> {
    fn default() -> Self {
        ByFunction { library: VecDeque::new(), front: VecDeque::new() }
    }
}

impl<T> ByFunction<T> {
    /// The queue for a release number.
    pub(super) fn of(&mut self, release: u32) -> &mut VecDeque<T> {
        if release & FRONT == 0 { &mut self.library } else { &mut self.front }
    }
}

impl Memory {
    /// Makes memory that C has just handed out with its ownership our own: to be released with libc's `free` (`release` 0)
    /// or by a function. NULL is owned by nobody. Returns the record, which another may have been until now.
    ///
    /// # Errors
    /// `ERR_FFI_ALLOCATOR_MISMATCH` for what cannot be released so; it stays as it was.
    pub fn own(&mut self, handle: Handle, release: u32) -> Result<Handle> {
        if handle.is_null() {
            return Ok(handle);
        }
        if handle == Handle::EXPIRED {
            return Err(Refusal::new(Code::AllocatorMismatch, "it lies in the frame of a call"));
        }
        let record = self.record(handle)?;
        let address = record.address;
        match (self.allocator(handle)?, record.parent.is_null()) {
            (Allocator::Borrowed, true) => self.take(handle, address, release),
            // `malloc` gives nothing out twice: what was here was freed without us.
            (Allocator::C, true) if release == 0 => {
                self.check_c_heap(address)?;
                self.registry.remove(handle);
                let made = self.stand(address, true)?;
                self.take(made, address, release)
            }
            // A function may hand out the same object again, to be released once more: a count of references, for one.
            (Allocator::Library, true) if release != 0 => {
                let made = self.stand(address, false)?;
                self.take(made, address, release)
            }
            (_, false) if self.owner_of(address).is_none() => {
                // It was lent until now; C gives it away as a whole.
                let made = self.stand(address, false)?;
                self.take(made, address, release)
            }
            (other, _) => {
                let words = format!("it lies in memory of allocator {}", other.name());
                Err(Refusal::new(Code::AllocatorMismatch, words))
            }
        }
    }

    fn take(&mut self, handle: Handle, address: usize, release: u32) -> Result<Handle> {
        if release != 0 {
            self.registry.own(handle, Allocator::Library, release, 0);
        } else {
            self.check_c_heap(address)?;
            self.registry.own(handle, Allocator::C, release, chunk::block_size(address).unwrap_or(0));
        }
        Ok(handle)
    }

    /// A new record of memory of C.
    fn stand(&mut self, address: usize, indexed: bool) -> Result<Handle> {
        let (size, allocator, parent) = (UNKNOWN, Allocator::Borrowed, Handle::NULL);
        Ok(self.registry.insert(Birth { address, size, allocator, parent, layout: None, indexed })?)
    }

    /// Makes memory that C has just handed out live no longer than that of `from`. Returns its record, which another may have
    /// been until now.
    ///
    /// # Errors
    /// As [`Memory::record`].
    pub fn lend(&mut self, handle: Handle, from: Handle) -> Result<Handle> {
        if handle.is_null() || handle == Handle::EXPIRED || from.is_null() {
            return Ok(handle);
        }
        let owner = self.record(from)?.parent;
        let owner = if owner.is_null() { from } else { owner };
        let record = self.record(handle)?;
        let (address, allocator, size) = (record.address, Allocator::Borrowed, record.size);
        // What lies in memory of ours is a part of that, whatever is said of it. The owner's own beginning gets a record of
        // its own, which owns nothing.
        let is_known = record.parent == owner || (handle != owner && self.owner_of(address).is_some());
        if is_known || (handle != owner && self.registry.lend(handle, owner)) {
            return Ok(handle);
        }
        Ok(self.registry.insert(Birth { address, size, allocator, parent: owner, layout: None, indexed: false })?)
    }

    /// Whether a record was borrowed from one that somebody owns.
    pub(super) fn is_lent(&self, handle: Handle) -> bool {
        let owner = self.registry.owner(handle);
        self.registry.allocator(handle) == Ok(Allocator::Borrowed)
            && self.registry.allocator(owner).is_ok_and(|allocator| allocator != Allocator::Borrowed)
    }

    /// Refuses to free with libc what a function must release.
    pub(super) fn check_unowned(&self, address: usize) -> Result<()> {
        match self.registry.peek(address).map(|handle| self.registry.allocator(handle)) {
            Some(Ok(Allocator::Library)) => {
                Err(Refusal::new(Code::AllocatorMismatch, "a function of its library releases it"))
            }
            _ => Ok(()),
        }
    }

    /// Whether C may take over the memory of a handle.
    ///
    /// # Errors
    /// `ERR_FFI_ALLOCATOR_MISMATCH` for memory that C cannot release, `ERR_FFI_NOT_OWNER` for a part, what is in use on
    /// another thread, and what a buffer that was moved away lies over, and as [`Memory::record`].
    pub fn check_consume(&self, handle: Handle) -> Result<()> {
        let record = match self.record(handle) {
            Err(Code::NullPointer) => return Ok(()),
            other => other?,
        };
        match self.allocator(handle)? {
            allocator @ (Allocator::Rust | Allocator::Js) => {
                let words = format!(
                    "C cannot release memory of allocator {}: give it what a function of C has allocated, malloc for one",
                    allocator.name()
                );
                Err(Refusal::new(Code::AllocatorMismatch, words))
            }
            _ if !record.parent.is_null() => {
                Err(Refusal::new(Code::NotOwner, "it is a part of, or borrowed from, another pointer's memory"))
            }
            _ if self.registry.is_pinned(handle) => {
                Err(Refusal::new(Code::NotOwner, "a call in progress on another thread uses it"))
            }
            _ if self.is_astray(handle) => Err(Refusal::new(Code::NotOwner, ASTRAY)),
            _ => Ok(()),
        }
    }

    /// C takes over the memory of a handle in a call of `by`: each use from here on is refused with `ERR_FFI_MOVED`.
    pub fn consume(&mut self, handle: Handle, by: &Rc<str>) {
        let release = self.registry.release_of(handle);
        let address = self.registry.address(handle).unwrap_or(0);
        self.registry.consume(handle, Rc::clone(by));
        if release != 0 {
            self.due.of(release).push_back(Due { address, release, is_taken: true });
        }
    }

    /// Says who has taken over what the last `ERR_FFI_MOVED` was about.
    #[must_use]
    pub fn explain_move(&self) -> String {
        self.registry.mover().map_or_else(String::new, |by| format!("its memory was handed over to '{by}'"))
    }

    /// Takes the next memory that is due: for a function of JavaScript's, or for one of a library.
    pub fn take_due(&mut self, front: bool) -> Option<Due> {
        self.due.of(if front { FRONT } else { 0 }).pop_front()
    }

    /// A handle for a function of JavaScript's that releases memory whose record has ended.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_MEMORY`.
    pub fn last_handle(&mut self, address: usize) -> Result<Handle> {
        self.stand(address, false)
    }

    /// Ends a record of memory that we do not release.
    pub fn end(&mut self, handle: Handle) {
        self.registry.remove(handle);
    }

    /// At the end of the environment: frees what C's `free` releases, and makes what functions release due. With
    /// `leaves_pinned` memory that calls in progress use is left to them; else no call is in progress.
    pub fn end_owed(&mut self, leaves_pinned: bool) {
        let is_left = |handle: &Handle| leaves_pinned && self.registry.is_pinned(*handle);
        let owed: Vec<Handle> = self.registry.owed().filter(|handle| !is_left(handle)).collect();
        for handle in owed {
            let (address, release) = (self.registry.address(handle).unwrap_or(0), self.registry.release_of(handle));
            self.registry.remove(handle);
            // What is no block of malloc's after all is better left than freed.
            if release != 0 || self.check_c_heap(address).is_ok() {
                self.let_go(address, release);
            }
        }
        for (address, releases) in std::mem::take(&mut self.deferred) {
            releases.into_iter().for_each(|(_, release)| self.let_go(address, release));
        }
    }
}
