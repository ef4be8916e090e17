//! Turns a request to free into the release of exactly the memory it names, or into a reason why not.
#![forbid(unsafe_code)]

use super::{Due, Memory, alloc};
use crate::error::{Code, Refusal, Result};
use crate::registry::{Allocator, Handle};
use crate::sys::{chunk, dl};

/// What glibc, musl, macOS and Windows align every `malloc` to.
const MALLOC_ALIGN: usize = 16;

impl Memory {
    /// Frees the memory of a handle by its record's allocator. `requested` states which one the caller means; a
    /// borrowed pointer is freed only so, with [`Allocator::C`]. NULL is freed by doing nothing.
    ///
    /// # Errors
    /// `ERR_FFI_DOUBLE_FREE`, `ERR_FFI_NOT_OWNER` (interior and borrowed pointers), `ERR_FFI_ALLOCATOR_MISMATCH`. The
    /// record stays live then. `ERR_FFI_OVERRUN` when C has written around a guarded block, which is freed all the same.
    pub fn free(&mut self, handle: Handle, requested: Option<Allocator>) -> Result<()> {
        let owner = match self.check_free(handle, requested) {
            Ok(owner) => owner,
            Err(refusal) if refusal.code == Code::NullPointer => return Ok(()),
            Err(refusal) => return Err(refusal),
        };
        self.reclaim.frees.explicit += 1;
        if !self.owned.contains(owner) {
            self.end_c(self.registry.get(owner)?.address, owner);
            return Ok(());
        }
        let is_kept = self.registry.is_kept(owner);
        self.registry.remove(owner);
        if is_kept { Ok(()) } else { self.end_block(owner) }
    }

    /// Whether somebody who is done with a handle (a scope, or `using`) frees it: not what is leaked, freed already, or not
    /// Holdfast's.
    #[must_use]
    pub fn ends(&self, handle: Handle) -> bool {
        let is_leaked = |owner| {
            if self.owned.contains(owner) { !self.owned.is_collectable(owner) } else { self.registry.is_leaked(owner) }
        };
        self.check_free(handle, None).is_ok_and(|owner| !is_leaked(owner))
    }

    /// Releases memory of C with its record, if it has one: now, or when no call pins it and no buffer lies over it any more.
    pub(super) fn end_c(&mut self, address: usize, record: Handle) {
        let (is_kept, release) = (self.registry.is_kept(record), self.registry.release_of(record));
        self.registry.remove(record);
        if is_kept {
            self.deferred.entry(address).or_default().push((record, release));
        } else {
            self.let_go(address, release);
        }
    }

    /// Releases memory of C that nothing uses: with `free` here, with a function by whoever takes what is due.
    pub(super) fn let_go(&mut self, address: usize, release: u32) {
        match release {
            0 => alloc::free_c(address),
            _ => self.due.of(release).push_back(Due { address, release, is_taken: false }),
        }
    }

    /// Whether [`Memory::free`] would free, and which record: the handle's own, or that of the block whose beginning
    /// it is another name of.
    ///
    /// # Errors
    /// As [`Memory::free`], and `ERR_FFI_NULL_POINTER`.
    pub fn check_free(&self, handle: Handle, requested: Option<Allocator>) -> Result<Handle> {
        let record = match self.registry.get(handle) {
            Err(Code::UseAfterFree) => return Err(Code::DoubleFree.into()),
            other => other?,
        };
        if self.registry.allocator(handle) == Ok(Allocator::Callback) {
            let message = "a callback ends with what createPointer made for it, or with its call";
            return Err(Refusal::new(Code::NotOwner, message));
        }
        let owner = if record.parent.is_null() { handle } else { record.parent };
        let base = self.registry.get(owner)?;
        if self.is_lent(handle) {
            return Err(Refusal::new(Code::NotOwner, "it is borrowed from another pointer's memory"));
        }
        if base.address != record.address {
            let offset = record.address.wrapping_sub(base.address);
            return Err(Refusal::new(Code::NotOwner, format!("it points {offset} bytes into another allocation")));
        }
        match (self.registry.allocator(owner)?, requested) {
            (Allocator::Rust, None | Some(Allocator::Rust)) | (Allocator::Library, None) => Ok(owner),
            (Allocator::Borrowed, None) => {
                Err(Refusal::new(Code::NotOwner, "C handed it out; pointerType: PointerType.CPointer takes ownership"))
            }
            (Allocator::C, None) | (Allocator::Borrowed | Allocator::C, Some(Allocator::C)) => {
                self.check_c_heap(base.address)?;
                Ok(owner)
            }
            (actual, wanted) => {
                let wanted = wanted.map_or("its own", Allocator::name);
                let message = format!("expected memory of allocator {wanted}, got {}", actual.name());
                Err(Refusal::new(Code::AllocatorMismatch, message))
            }
        }
    }

    /// Refuses an address that libc's `malloc` cannot have returned.
    ///
    /// # Errors
    /// `ERR_FFI_ALLOCATOR_MISMATCH` with what the address is.
    pub fn check_c_heap(&self, address: usize) -> Result<()> {
        let what = if let Some(inside) = self.owner_of(address) {
            format!("it lies in memory of allocator {}", inside.allocator.name())
        } else if self.deferred.contains_key(&address) {
            "it was freed, and goes when the calls in progress that use it have returned".to_owned()
        } else if self.transient.contains(address) {
            "it lies in the frame of a call".to_owned()
        } else if !address.is_multiple_of(MALLOC_ALIGN) {
            "it is not aligned as malloc aligns".to_owned()
        } else if let Some(image) = dl::image_of(address as *const _) {
            format!("it lies in the image of {image}")
        } else if !chunk::may_be_block(address) {
            "malloc keeps nothing before it".to_owned()
        } else {
            return Ok(());
        };
        Err(Refusal::new(Code::AllocatorMismatch, what))
    }

    /// Gives the memory behind the followed pointers of a decoded result to libc's `free`, all or none of it.
    ///
    /// # Errors
    /// `ERR_FFI_ALLOCATOR_MISMATCH` when one of them is not libc's to free.
    pub fn free_result(&mut self, mut addresses: Vec<usize>) -> Result<()> {
        addresses.sort_unstable();
        addresses.dedup();
        addresses
            .iter()
            .try_for_each(|address| self.check_c_heap(*address).and_then(|()| self.check_unowned(*address)))?;
        for address in addresses {
            let record = self.registry.find(address).unwrap_or(Handle::NULL);
            self.end_c(address, record);
        }
        Ok(())
    }
}
