//! Turns a value in C memory into one self-contained run of bytes: typed pointers become offsets, opaque ones handles.
//!
//! The inverse of `relocate`. A string becomes (offset, length), NULL stays (0, 0): offset 0 is the root itself, which
//! nothing points to.
#![forbid(unsafe_code)]

use super::{Memory, access};
use crate::error::{Code, Refusal, Result};
use crate::plan::{Layout, Pointee, Shape};
use crate::registry::{Handle, UNKNOWN};

/// What a walk over typed pointers asks about the addresses it meets.
pub trait Ground {
    /// What stands for an opaque address found at offset `at`.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_MEMORY`.
    fn refer(&mut self, address: usize, at: usize) -> std::result::Result<(u32, u32), Code>;

    /// The walk failed: what `refer` made is not needed.
    fn take_back(&mut self, reference: (u32, u32));

    /// How many bytes may be read at an address.
    fn extent_at(&self, address: usize) -> usize;
}

impl Ground for Memory {
    fn refer(&mut self, address: usize, _at: usize) -> std::result::Result<(u32, u32), Code> {
        let handle = self.adopt(address)?;
        Ok((handle.slot, handle.generation))
    }

    fn take_back(&mut self, (slot, generation): (u32, u32)) {
        self.release(Handle { slot, generation }, 1);
    }

    fn extent_at(&self, address: usize) -> usize {
        Memory::extent_at(self, address)
    }
}

/// Follows typed pointers and appends what they lead to.
#[derive(Debug)]
pub struct Gather<'m, G> {
    ground: &'m mut G,
    out: &'m mut Vec<u8>,
    /// Member and item numbers from the root to where the walk is.
    path: Vec<u32>,
    /// Handles made on the way, taken back when the walk fails.
    adopted: Vec<(u32, u32)>,
    /// Every address that a typed pointer led to.
    followed: Vec<usize>,
}

impl<'m, G: Ground> Gather<'m, G> {
    /// Follows the value of type `layout` whose bytes are all of `out`. Returns the addresses it followed.
    ///
    /// # Errors
    /// `ERR_FFI_BAD_ADDRESS`, `ERR_FFI_OUT_OF_BOUNDS`, `ERR_FFI_STRING_UNTERMINATED`, `ERR_FFI_OUT_OF_MEMORY`, each with
    /// the path to the guilty pointer. Handles made before are released.
    pub fn follow(ground: &'m mut G, layout: &Layout, out: &'m mut Vec<u8>) -> Result<Vec<usize>> {
        let mut gather = Gather { ground, out, path: Vec::new(), adopted: Vec::new(), followed: Vec::new() };
        match gather.walk(layout, 0) {
            Ok(()) => Ok(gather.followed),
            Err(code) => {
                let path: String = gather.path.iter().map(|step| format!(".{step}")).collect();
                for reference in gather.adopted {
                    gather.ground.take_back(reference);
                }
                Err(Refusal::new(code, path))
            }
        }
    }

    fn walk(&mut self, layout: &Layout, at: usize) -> std::result::Result<(), Code> {
        if layout.flat {
            return Ok(());
        }
        match &layout.shape {
            Shape::Scalar(_) => Ok(()),
            Shape::Pointer(pointee) => self.follow_pointer(pointee, at),
            Shape::Array { count, item } => {
                (0..*count).try_for_each(|i| self.step(i, item, at + (i * item.size) as usize))
            }
            Shape::Members(members) => {
                (0u32..).zip(members).try_for_each(|(i, (offset, member))| self.step(i, member, at + *offset as usize))
            }
        }
    }

    fn step(&mut self, number: u32, layout: &Layout, at: usize) -> std::result::Result<(), Code> {
        self.path.push(number);
        self.walk(layout, at)?;
        self.path.pop();
        Ok(())
    }

    fn follow_pointer(&mut self, pointee: &Pointee, at: usize) -> std::result::Result<(), Code> {
        let address = u64::from_le_bytes(*self.field(at)?) as usize;
        if address == 0 {
            return Ok(());
        }
        let reference = match pointee {
            Pointee::Opaque => {
                let reference = self.ground.refer(address, at)?;
                self.adopted.push(reference);
                reference
            }
            Pointee::Text => {
                let text = access::measure(address, self.ground.extent_at(address))?;
                self.append(address, text.length, text.length)?
            }
            Pointee::WideText => {
                let units = access::measure_wide(address, self.ground.extent_at(address))?;
                self.append(address, units * access::WIDE_UNIT, units)?
            }
            Pointee::To(layout) => {
                let size = layout.size as usize;
                if self.ground.extent_at(address) < size {
                    return Err(Code::OutOfBounds);
                }
                let reference = self.append(address, size, 0)?;
                self.write(at, reference)?;
                return self.walk(layout, reference.0 as usize);
            }
        };
        self.write(at, reference)
    }

    /// Appends bytes at an offset that suits any type; the reference to them.
    fn append(&mut self, address: usize, bytes: usize, length: usize) -> std::result::Result<(u32, u32), Code> {
        self.followed.push(address);
        let offset = self.out.len().next_multiple_of(8);
        if offset + bytes > access::MAX_COPY {
            return Err(Code::OutOfMemory);
        }
        self.out.resize(offset, 0);
        access::append(self.out, address, bytes)?;
        Ok((offset as u32, length as u32))
    }

    fn field(&mut self, at: usize) -> std::result::Result<&mut [u8; 8], Code> {
        self.out.get_mut(at..).and_then(|rest| rest.first_chunk_mut()).ok_or(Code::Internal)
    }

    fn write(&mut self, at: usize, (low, high): (u32, u32)) -> std::result::Result<(), Code> {
        *self.field(at)? = (u64::from(high) << 32 | u64::from(low)).to_le_bytes();
        Ok(())
    }
}

impl Memory {
    /// How many bytes may be read at an address: to the end of the known memory it lies in, or any number.
    #[inline]
    #[must_use]
    pub fn extent_at(&self, address: usize) -> usize {
        if self.owned.is_empty() {
            return UNKNOWN;
        }
        self.owner_of(address).map_or(UNKNOWN, |inside| inside.remaining)
    }
}
