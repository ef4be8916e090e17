//! Turns the offsets, view numbers and handles that the front end wrote into addresses that C can follow.
#![forbid(unsafe_code)]

use super::{Memory, View};
use crate::error::Code;
use crate::registry::Handle;

/// Bytes written by the front end, with what is needed to make their references absolute.
///
/// All offsets count from the frame's base, wherever the bytes are: byte `offset` of the front end's numbering is
/// `bytes[offset - start]` here and will be at address `origin + offset` when C looks at it.
#[derive(Debug)]
pub struct Image<'a> {
    /// The bytes from `start` on.
    pub bytes: &'a mut [u8],
    /// The offset of `bytes[0]`.
    pub start: u32,
    /// What an offset is added to.
    pub origin: usize,
}

impl Image<'_> {
    /// Whether a data reference may point at `offset`; one past the end is allowed for empty payloads.
    fn contains(&self, offset: u32) -> bool {
        offset >= self.start && (offset - self.start) as usize <= self.bytes.len()
    }

    /// Overwrites the 8 bytes at an offset.
    ///
    /// # Errors
    /// `ERR_FFI_INTERNAL` outside the image.
    pub fn set_field(&mut self, offset: u32, word: u64) -> Result<(), Code> {
        *self.field(offset)? = word.to_le_bytes();
        Ok(())
    }

    fn field(&mut self, offset: u32) -> Result<&mut [u8; 8], Code> {
        let at = offset.checked_sub(self.start).ok_or(Code::Internal)? as usize;
        self.bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()).ok_or(Code::Internal)
    }
}

/// The two halves of a reference as the front end wrote them.
#[inline]
#[must_use]
pub fn halves(field: [u8; 8]) -> (u32, u32) {
    let bits = u64::from_le_bytes(field);
    (bits as u32, (bits >> 32) as u32)
}

/// Whether a data reference needs the image to be followed: it is neither NULL nor a view.
#[inline]
#[must_use]
pub fn leads_to_scratch((low, high): (u32, u32)) -> bool {
    high == 0 && low != 0
}

/// The address behind a data reference: `(0, 0)` is NULL, `(offset, 0)` is scratch, `(number, 1)` is a view.
///
/// # Errors
/// `ERR_FFI_INTERNAL` for a reference that the front end cannot have written.
#[inline]
pub fn data_address(image: Option<&Image<'_>>, (low, high): (u32, u32), views: &[View]) -> Result<usize, Code> {
    match (low, high, image) {
        (0, 0, _) => Ok(0),
        (offset, 0, Some(image)) if image.contains(offset) => Ok(image.origin + offset as usize),
        (number, 1, _) => views.get(number as usize).map(|view| view.address).ok_or(Code::Internal),
        _ => Err(Code::Internal),
    }
}

/// Makes every listed reference inside the image absolute. Each entry is `offset << 1 | is_handle`.
///
/// # Errors
/// `ERR_FFI_USE_AFTER_FREE` and `ERR_FFI_BUFFER_DETACHED` for a dead handle; `ERR_FFI_INTERNAL` for a malformed list.
pub fn relocate(
    image: &mut Image<'_>,
    fixups: impl IntoIterator<Item = u32>,
    views: &[View],
    memory: &Memory,
) -> Result<(), Code> {
    for fixup in fixups {
        let offset = fixup >> 1;
        let (low, high) = halves(*image.field(offset)?);
        let address = if fixup & 1 == 1 {
            memory.resolve(Handle { slot: low, generation: high })?
        } else {
            data_address(Some(image), (low, high), views)?
        };
        *image.field(offset)? = (address as u64).to_le_bytes();
    }
    Ok(())
}
