//! Turns pointer operations into checked accesses: what is created, found, read, written and freed through records.

mod access;
mod alloc;
mod code;
mod exposed;
mod free;
mod gather;
mod guard;
mod held;
mod owned;
mod ownership;
mod pins;
mod place;
mod reclaim;
mod references;
mod relocate;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

pub use access::{Text, WIDE_UNIT, append, measure};
pub(crate) use alloc::Block;
pub use alloc::Side;
pub use code::Shown;
pub use exposed::Cover;
use exposed::Exposed;
pub use gather::{Gather, Ground};
use guard::Guard;
pub use guard::{Copies, GuardOptions};
use held::Held;
pub use owned::{Backing, Segment};
use owned::{Inside, OwnedBlocks};
use ownership::ByFunction;
pub use ownership::{Due, FRONT};
pub use pins::Remains;
use pins::Transient;
pub use place::Snapshot;
pub use reclaim::Frees;
use reclaim::Reclaim;
pub use relocate::{Image, data_address, halves, leads_to_scratch, relocate};

use crate::error::{Code, Result};
use crate::plan::{Layout, Shape};
use crate::registry::{Allocator, Birth, Handle, Record, Registry, UNKNOWN};

/// A JavaScript buffer as it stands during one entry into the core.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Its first byte; 0 for an empty one.
    pub address: usize,
    /// Its bytes.
    pub length: usize,
}

/// All memory that one environment can name. Owns the blocks made by `createPointer`; dropping it frees them. One
/// thread only.
#[derive(Debug, Default)]
pub struct Memory {
    registry: Registry,
    owned: OwnedBlocks,
    guard: Guard,
    /// Frames of calls: addresses in them are dead as soon as their call has returned.
    transient: Transient,
    /// Memory of C whose record has ended, and that is to be released when nothing keeps it: of which records, and by which
    /// releases (0: `free`).
    deferred: HashMap<usize, Vec<(Handle, u32)>>,
    /// Memory of C whose record has ended and that a function is to release.
    due: ByFunction<Due>,
    held: Held,
    exposed: Exposed,
    /// Addresses of the call stack that belong to running calls, as far as a callback may see them.
    running: Range<usize>,
    /// Records of such addresses, which end with the callback.
    passing: Vec<Handle>,
    /// What was freed, and how.
    reclaim: Reclaim,
}

/// Counts that return to their baseline when everything was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Live records of any kind.
    pub records: u32,
    /// Blocks made by `createPointer` and not freed.
    pub blocks: usize,
    /// Their bytes.
    pub bytes: usize,
    /// How often calls in progress pin memory.
    pub pins: u32,
}

impl Memory {
    /// Memory with nothing in it. Addresses in `transient` are never adopted as live.
    #[must_use]
    pub fn new(transient: Range<usize>) -> Self {
        Memory { transient: Transient::new(transient), ..Memory::default() }
    }

    /// The same, empty, with its blocks and the copies of arguments guarded.
    #[must_use]
    pub fn with_guard(self, options: GuardOptions) -> Self {
        Memory { guard: Guard::new(options), ..self }
    }

    /// How much is held.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let (blocks, bytes) = (self.owned.count(), self.owned.bytes());
        Counters { records: self.registry.live(), blocks, bytes, pins: self.registry.pins() }
    }

    /// Makes an owned block out of an image whose references have been made absolute by `fill`.
    ///
    /// # Errors
    /// What `fill` refuses, and `ERR_FFI_OUT_OF_MEMORY`; nothing is kept then.
    pub fn create(
        &mut self,
        size: usize,
        root: Rc<Layout>,
        segments: Vec<Segment>,
        backings: Vec<Backing>,
        fill: impl FnOnce(&Memory, &mut [u8], usize) -> std::result::Result<(), Code>,
    ) -> Result<Handle> {
        // Behind a pointer lie strings and arrays; no type that we lay out is stricter than a pointer.
        let align = if root.flat { root.align } else { size_of::<usize>() as u32 };
        let mut block = self.guard.block(size, align).ok_or(Code::OutOfMemory)?;
        let address = block.address();
        let made = fill(self, block.bytes_mut(), address).and_then(|()| {
            self.registry.insert(Birth {
                address,
                size: root.size as usize,
                allocator: Allocator::Rust,
                parent: Handle::NULL,
                layout: Some(root),
                indexed: true,
            })
        });
        match made {
            Ok(handle) => {
                self.owned.insert(handle, block, segments, backings);
                self.held.note(handle);
                Ok(handle)
            }
            Err(code) => {
                self.guard.bury(block)?;
                Err(code.into())
            }
        }
    }

    /// Whether a block points to JavaScript buffers.
    #[inline]
    #[must_use]
    pub fn has_backings(&self) -> bool {
        self.owned.has_backings()
    }

    /// The record of a live handle, its JavaScript buffers still attached.
    ///
    /// # Errors
    /// `ERR_FFI_NULL_POINTER`, `ERR_FFI_USE_AFTER_FREE`, `ERR_FFI_BUFFER_DETACHED`.
    #[inline]
    pub fn record(&self, handle: Handle) -> std::result::Result<&Record, Code> {
        let record = self.registry.get(handle)?;
        if self.owned.has_backings() {
            let owner = if record.parent.is_null() { handle } else { record.parent };
            self.owned.check_backings(owner)?;
        }
        Ok(record)
    }

    /// The address of a handle, 0 for NULL.
    ///
    /// # Errors
    /// `ERR_FFI_USE_AFTER_FREE`, `ERR_FFI_BUFFER_DETACHED`.
    #[inline]
    pub fn resolve(&self, handle: Handle) -> std::result::Result<usize, Code> {
        #[cfg(feature = "bench-unchecked")]
        return Ok(self.registry.unchecked(handle));
        #[cfg(not(feature = "bench-unchecked"))]
        match self.record(handle) {
            Ok(record) => Ok(record.address),
            Err(Code::NullPointer) => Ok(0),
            Err(code) => Err(code),
        }
    }

    /// Who releases the memory of a live handle.
    ///
    /// # Errors
    /// As [`Memory::record`].
    pub fn allocator(&self, handle: Handle) -> std::result::Result<Allocator, Code> {
        self.registry.allocator(handle)
    }

    /// The handle of an address that came from C: a known record, a place inside one, or memory borrowed from C. Adds
    /// one reference.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_MEMORY`.
    #[inline]
    pub fn adopt(&mut self, address: usize) -> std::result::Result<Handle, Code> {
        if address == 0 {
            return Ok(Handle::NULL);
        }
        match self.registry.find(address) {
            Some(handle) => Ok(handle),
            None => self.adopt_new(address),
        }
    }

    /// Whether an address lies in the call stack, or in a frame that an asynchronous call has moved to.
    #[inline]
    #[must_use]
    pub fn is_transient(&self, address: usize) -> bool {
        self.transient.contains(address)
    }

    #[cold]
    fn adopt_new(&mut self, address: usize) -> std::result::Result<Handle, Code> {
        if let Some(size) = self.shown_from(address) {
            return self.adopt_passing(address, size);
        }
        if self.is_transient(address) || self.guard.is_dead(address) || self.deferred.contains_key(&address) {
            return Ok(Handle::EXPIRED);
        }
        let birth = match self.owner_of(address) {
            Some(inside) => Birth {
                address,
                size: inside.remaining,
                allocator: inside.allocator,
                parent: inside.owner,
                layout: None,
                indexed: true,
            },
            None => Birth {
                address,
                size: UNKNOWN,
                allocator: Allocator::Borrowed,
                parent: Handle::NULL,
                layout: None,
                indexed: true,
            },
        };
        let made = self.registry.insert(birth)?;
        self.held.note(made);
        Ok(made)
    }

    /// The owned memory that an address lies in.
    fn owner_of(&self, address: usize) -> Option<Inside> {
        self.owned.locate(address)
    }

    /// A handle `offset` bytes into another's memory; it lives as long as that.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_BOUNDS` beyond the known extent, and as [`Memory::record`].
    pub fn interior(&mut self, handle: Handle, offset: usize, length: Option<usize>) -> Result<Handle> {
        let record = self.record(handle)?;
        let rest = match record.size {
            UNKNOWN => UNKNOWN,
            size => size.checked_sub(offset).ok_or(Code::OutOfBounds)?,
        };
        let size = length.unwrap_or(rest);
        if size > rest {
            return Err(Code::OutOfBounds.into());
        }
        let birth = Birth {
            address: record.address.checked_add(offset).ok_or(Code::OutOfBounds)?,
            size,
            allocator: self.allocator(handle)?,
            parent: if record.parent.is_null() { handle } else { record.parent },
            layout: if offset == 0 { record.layout.clone() } else { None },
            indexed: false,
        };
        Ok(self.registry.insert(birth)?)
    }

    /// Copies a value of type `layout` out of a handle's memory, to the end of `out`, without following its pointers.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_BOUNDS`, `ERR_FFI_MISALIGNED`, `ERR_FFI_POINTER_TYPE`, `ERR_FFI_BAD_ADDRESS`, and as
    /// [`Memory::record`].
    pub fn read(&self, handle: Handle, offset: usize, layout: &Layout, out: &mut Vec<u8>) -> Result<()> {
        let record = self.check(handle, offset, layout)?;
        if let Some(known) = &record.layout {
            check_pointers(known, layout, offset as u32)?;
        }
        Ok(access::append(out, record.address + offset, layout.size as usize)?)
    }

    /// Writes the bytes of a value of type `layout` into a handle's memory.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub fn write(&self, handle: Handle, offset: usize, layout: &Layout, bytes: &[u8]) -> Result<()> {
        Ok(access::write(self.check(handle, offset, layout)?, offset, bytes)?)
    }

    fn check(&self, handle: Handle, offset: usize, layout: &Layout) -> Result<&Record> {
        let record = self.record(handle)?;
        let end = offset.checked_add(layout.size as usize).ok_or(Code::OutOfBounds)?;
        if end > record.size {
            return Err(Code::OutOfBounds.into());
        }
        let address = record.address.checked_add(offset).ok_or(Code::BadAddress)?;
        if !address.is_multiple_of(layout.align as usize) {
            return Err(Code::Misaligned.into());
        }
        Ok(record)
    }

    /// Looks whether a JavaScript buffer may lie over a handle's first `length` bytes, for [`Memory::cover`]. Returns the record
    /// whose end ends the buffer, and the address. Memory of unknown extent must be readable now, page by page.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_BOUNDS`, `ERR_FFI_BAD_ADDRESS`, and as [`Memory::record`].
    pub fn expose(&self, handle: Handle, length: usize) -> Result<(Handle, usize)> {
        let record = self.record(handle)?;
        if length > record.size {
            return Err(Code::OutOfBounds.into());
        }
        let (address, owner) = (record.address, if record.parent.is_null() { handle } else { record.parent });
        if record.size == UNKNOWN {
            access::probe(address, length)?;
        }
        Ok((owner, address))
    }
}

/// Refuses to follow pointers out of memory that is known to hold something else.
fn check_pointers(known: &Layout, wanted: &Layout, offset: u32) -> std::result::Result<(), Code> {
    match &wanted.shape {
        Shape::Scalar(_) => Ok(()),
        Shape::Pointer(_) if known.may_hold_pointer(offset) => Ok(()),
        Shape::Pointer(_) => Err(Code::PointerType),
        Shape::Array { item, count } => {
            if wanted.flat {
                return Ok(());
            }
            (0..*count).try_for_each(|i| check_pointers(known, item, offset + i * item.size))
        }
        Shape::Members(members) => {
            members.iter().try_for_each(|(at, member)| check_pointers(known, member, offset + at))
        }
    }
}
