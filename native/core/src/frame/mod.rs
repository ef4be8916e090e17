//! Turns the memory shared with JavaScript into frames whose words are read and written within bounds.
//!
//! Layout of the call stack: bytes 0..4 hold the offset of the frame on top, bytes 4..8 the number of the function that is
//! called with it (at a fixed place, so that finding the function need not wait for finding the frame) or the offset of
//! the callback frame that JavaScript is to run, bytes 8..12 how many callbacks live. Layout of a frame: [`header`], then the
//! result slot, argument slots and scratch (see `plan`). All words are little-endian, as JavaScript's typed arrays are on
//! every supported platform.

mod header;
mod moved;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::ptr::NonNull;

pub use header::{Field, POINTER_OPERATION_SIZE};
pub use moved::MovedFrame;

use crate::error::Code;
use crate::memory::{Image, View};
use crate::plan::HEADER_SIZE;
use crate::sys::fault;

/// Where the first frame lies; `FIRST_FRAME` in src/marshal/frame.ts.
const FIRST_FRAME: usize = 16;

/// The call stack of one environment. Does not own its memory: a JavaScript ArrayBuffer that the addon keeps alive and
/// attached for as long as this exists. Used on that environment's thread only.
#[derive(Debug)]
pub struct CallStack {
    base: NonNull<u8>,
    size: usize,
}

/// One frame. Plain coordinates into the call stack, valid while that is.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    base: NonNull<u8>,
    /// Bytes from the base to the end of the call stack.
    capacity: usize,
}

impl CallStack {
    /// Shares memory with JavaScript.
    ///
    /// # Safety
    /// - `base` is the start of `size` initialised bytes, aligned to 16, that stay there until this is dropped.
    /// - Nobody but JavaScript code of the same thread, and C functions called with pointers into it, touches them.
    #[must_use]
    pub unsafe fn new(base: NonNull<u8>, size: usize) -> CallStack {
        CallStack { base, size }
    }

    /// The addresses it covers.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        let start = self.base.as_ptr() as usize;
        start..start + self.size
    }

    /// The frame that JavaScript has just written; none if its header does not fit.
    #[inline]
    #[must_use]
    pub fn top(&self) -> Option<Frame> {
        // SAFETY: `size` is at least one header (checked by the addon before `new`), so the first word is inside.
        let offset = unsafe { self.base.cast::<u32>().read() } as usize;
        if !offset.is_multiple_of(16) || offset + HEADER_SIZE as usize > self.size {
            return None;
        }
        // SAFETY: `offset` is below `size` by the line above.
        let base = unsafe { self.base.add(offset) };
        Some(Frame { base, capacity: self.size - offset })
    }
}

impl CallStack {
    /// Whether no frame is reserved: the next one is the first.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.top().is_some_and(|frame| self.size - frame.capacity == FIRST_FRAME)
    }

    /// The number of the function to call.
    #[inline]
    #[must_use]
    pub fn function(&self) -> u32 {
        // SAFETY: `size` is at least one header, so the second word is inside.
        let place = unsafe { self.base.cast::<u32>().add(1) };
        // SAFETY: `place` is an aligned word inside the call stack.
        unsafe { place.read() }
    }

    /// The stack as one frame, for the words at its beginning.
    fn whole(&self) -> Frame {
        Frame { base: self.base, capacity: self.size }
    }

    /// The offset of the frame on top.
    #[inline]
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.whole().word(0)
    }

    /// Puts the top elsewhere.
    #[inline]
    pub fn set_offset(&self, offset: u32) {
        self.whole().set_word(0, offset);
    }

    /// Tells JavaScript which frame it is to run.
    #[inline]
    pub fn announce(&self, offset: u32) {
        self.whole().set_word(4, offset);
    }

    /// Tells JavaScript how many callbacks live.
    pub fn set_callbacks(&self, count: u32) {
        self.whole().set_word(8, count);
    }

    /// A frame of `size` bytes at an offset; none if it does not fit.
    #[inline]
    #[must_use]
    pub fn frame_at(&self, offset: u32, size: u32) -> Option<Frame> {
        let (from, end) = (offset as usize, offset as usize + size as usize);
        if !from.is_multiple_of(16) || end > self.size {
            return None;
        }
        // SAFETY: `from` is below `size` by the line above.
        let base = unsafe { self.base.add(from) };
        Some(Frame { base, capacity: self.size - from })
    }
}

impl Frame {
    /// Bytes from the frame's base to the end of the call stack.
    #[inline]
    #[must_use]
    pub fn capacity(self) -> usize {
        self.capacity
    }

    /// The frame's address, which scratch offsets count from.
    #[inline]
    #[must_use]
    pub fn base(self) -> NonNull<u8> {
        self.base
    }

    /// A header field.
    #[inline]
    #[must_use]
    pub fn get(self, field: Field) -> u32 {
        self.word(field as u32)
    }

    /// Sets a header field.
    #[inline]
    pub fn set(self, field: Field, value: u32) {
        self.set_word(field as u32, value);
    }

    /// The 4-byte word at an offset; handles and 64-bit values are read as two, the width JavaScript writes them in.
    #[inline]
    #[must_use]
    pub fn word(self, offset: u32) -> u32 {
        // SAFETY: `at` has checked that four bytes at this address lie inside the call stack; JavaScript's writes to
        // them happened before this entry on the same thread.
        unsafe { self.at(offset, 4).cast::<u32>().read_volatile() }
    }

    /// Sets the 4-byte word at an offset.
    #[inline]
    pub fn set_word(self, offset: u32, value: u32) {
        // SAFETY: as for `word`; no Rust reference into the call stack is alive here (`image` takes `&mut self` apart).
        unsafe { self.at(offset, 4).cast::<u32>().write_unaligned(value) }
    }

    /// Two words as they lie.
    #[inline]
    #[must_use]
    pub fn pair(self, offset: u32) -> (u32, u32) {
        (self.word(offset), self.word(offset + 4))
    }

    /// The 64-bit value at an offset.
    #[inline]
    #[must_use]
    pub fn long(self, offset: u32) -> u64 {
        let (low, high) = self.pair(offset);
        u64::from(low) | u64::from(high) << 32
    }

    /// Sets the 64-bit value at an offset.
    #[inline]
    pub fn set_long(self, offset: u32, value: u64) {
        // SAFETY: `at` has checked that eight bytes at this address lie inside the call stack.
        unsafe { self.at(offset, 8).cast::<u64>().write_unaligned(value) }
    }

    /// Copies bytes out of the frame.
    #[must_use]
    pub fn copy_out(self, offset: u32, length: u32) -> Vec<u8> {
        let from = self.at(offset, length as usize);
        // SAFETY: `at` has checked that all `length` bytes lie inside the call stack, and they are copied before
        // anything else can run.
        unsafe { std::slice::from_raw_parts(from.as_ptr(), length as usize) }.to_vec()
    }

    /// Copies bytes into the frame.
    pub fn copy_in(self, offset: u32, bytes: &[u8]) {
        let to = self.at(offset, bytes.len());
        // SAFETY: `at` has checked the destination's bounds; `bytes` is Rust's own memory, never the call stack's.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to.as_ptr(), bytes.len()) }
    }

    /// The same for a value, whose width is mostly one that takes one store.
    #[inline]
    pub fn put(self, offset: u32, value: &[u8]) {
        match *value {
            [a, b, c, d] => self.set_word(offset, u32::from_le_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => self.set_long(offset, u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => self.copy_in(offset, value),
        }
    }

    /// Copies bytes into the frame from an address outside the call stack that C gave.
    ///
    /// # Errors
    /// `ERR_FFI_BAD_ADDRESS` when any of them is not readable.
    #[inline]
    pub fn fetch(self, offset: u32, address: usize, length: usize) -> Result<(), Code> {
        let to = self.at(offset, length).as_ptr();
        // SAFETY: `at` has checked the destination's bounds, and no Rust reference into the call stack is alive here; the
        // source may be any address, which is what the routine is for.
        unsafe { fault::copy(to, address as *const u8, length) }.map_err(|_| Code::BadAddress)
    }

    #[inline]
    fn at(self, offset: u32, size: usize) -> NonNull<u8> {
        assert!(offset as usize + size <= self.capacity, "a frame access lies inside the call stack");
        // SAFETY: `offset` is inside the call stack by the line above.
        unsafe { self.base.add(offset as usize) }
    }

    /// The scratch that JavaScript has written behind `start`: in the frame, or, when that was too small, in the heap
    /// block that it passed as a view.
    ///
    /// # Errors
    /// `ERR_FFI_INTERNAL` when the header's numbers do not fit the memory they speak of.
    pub fn scratch(&mut self, start: u32, views: &[View]) -> Result<Image<'_>, Code> {
        let end = self.get(Field::ScratchEnd);
        let (base, size) = match (self.get(Field::HeapScratch) as usize).checked_sub(1) {
            None => (self.base, self.capacity),
            Some(number) => {
                let view = views.get(number).ok_or(Code::Internal)?;
                (NonNull::new(view.address as *mut u8).ok_or(Code::Internal)?, view.length)
            }
        };
        if start > end || end as usize > size {
            return Err(Code::Internal);
        }
        // SAFETY: `start` is inside `size` bytes by the check above.
        let first = unsafe { base.add(start as usize) };
        // SAFETY: `first` has `end - start` bytes behind it, in the call stack or in a JavaScript buffer that the
        // caller holds attached for this entry; JavaScript does not run while the image exists.
        let bytes = unsafe { std::slice::from_raw_parts_mut(first.as_ptr(), (end - start) as usize) };
        Ok(Image { bytes, start, origin: base.as_ptr() as usize })
    }
}
