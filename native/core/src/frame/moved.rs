//! Turns a frame on the call stack, with all that it refers to, into one heap block that any thread may call with.
//!
//! References in a frame are offsets, view numbers and handles, so copying it is all that moving takes. JavaScript's
//! buffers are copied too: no interface of Node keeps a buffer's memory from being transferred to another thread and
//! freed there (S17 in docs/SAFETY.md).

use std::ops::Range;
use std::ptr::NonNull;

use super::{Field, Frame};
use crate::error::Code;
use crate::memory::{Copies, View};

const UNIT: usize = size_of::<u128>();

/// A frame in a block of its own, with copies of the buffers behind it. Owns the block; sent to the thread that calls and
/// back, used by one at a time.
#[derive(Debug)]
pub struct MovedFrame {
    /// Aligned to 16; its bytes are touched through raw pointers only, as C does.
    memory: Vec<u128>,
    /// Where the copies of the buffers lie: in `memory` or in `copies`.
    views: Vec<View>,
    /// Guarded copies of what its references lead to (`FFI_GUARD`).
    copies: Copies,
}

impl MovedFrame {
    /// Copies the frame whose scratch begins at `start`, and the buffers that its arguments are. `least` is the smallest
    /// capacity that the engine asks for.
    ///
    /// # Errors
    /// `ERR_FFI_STACK_OVERFLOW`, `ERR_FFI_OUT_OF_MEMORY`; `ERR_FFI_INTERNAL` when the header contradicts itself.
    pub fn new(mut frame: Frame, start: u32, views: &[View], least: usize) -> Result<MovedFrame, Code> {
        if frame.capacity() < start as usize {
            return Err(Code::StackOverflow);
        }
        let slots = frame.copy_out(0, start);
        let heap = frame.get(Field::HeapScratch) as usize;
        let buffers = if heap == 0 { views } else { &views[..views.len().min(heap - 1)] };
        let scratch = frame.scratch(start, views)?;
        let end = start as usize + scratch.bytes.len();
        let (offsets, size) = place(buffers, end.max(least).next_multiple_of(UNIT));
        let mut moved = MovedFrame { memory: allocate(size)?, views: Vec::new(), copies: Copies::default() };
        let whole = moved.frame();
        let base = whole.base().as_ptr() as usize;
        let copy = |(from, offset): (&View, usize)| View { address: base + offset, length: from.length };
        moved.views = buffers.iter().zip(offsets).map(copy).collect();
        whole.copy_in(0, &slots);
        whole.copy_in(start, scratch.bytes);
        whole.set(Field::HeapScratch, 0);
        for (from, to) in buffers.iter().zip(&moved.views).filter(|(from, _)| from.length > 0) {
            // SAFETY: JavaScript's buffer is attached during this entry, and its copy has as many bytes inside `memory`
            // (`place`); a block just allocated overlaps no other memory.
            unsafe { std::ptr::copy_nonoverlapping(from.address as *const u8, to.address as *mut u8, from.length) }
        }
        Ok(moved)
    }

    /// The frame, for the thread that has this.
    #[must_use]
    pub fn frame(&mut self) -> Frame {
        let base = NonNull::new(self.memory.as_mut_ptr().cast()).unwrap_or(NonNull::dangling());
        Frame { base, capacity: self.memory.len() * UNIT }
    }

    /// Where C finds the buffers.
    #[must_use]
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// Takes over guarded copies, and where the copies of the buffers lie now.
    ///
    /// # Errors
    /// `ERR_FFI_INTERNAL` when one of these lies neither in the block nor in the copies; they are as before then.
    pub fn keep(&mut self, copies: Copies, views: Vec<View>) -> Result<(), Code> {
        let is_inside = |view: &View| {
            let end = view.address.saturating_add(view.length);
            let covers = |place: Range<usize>| place.start <= view.address && end <= place.end;
            view.length == 0 || covers(self.addresses()) || copies.addresses().any(covers)
        };
        if !self.copies.is_empty() || !views.iter().all(is_inside) {
            return Err(Code::Internal);
        }
        (self.copies, self.views) = (copies, views);
        Ok(())
    }

    /// The guarded copies.
    #[must_use]
    pub fn copies(&self) -> &Copies {
        &self.copies
    }

    /// Gives the guarded copies back; from the buffers' nothing can be copied back afterwards.
    pub fn take_copies(&mut self) -> Copies {
        self.views.clear();
        std::mem::take(&mut self.copies)
    }

    /// Refuses when C has written around one of the guarded copies.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN`.
    pub fn check_copies(&mut self) -> crate::error::Result<()> {
        self.copies.check()
    }

    /// The addresses that the block covers.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        let start = self.memory.as_ptr() as usize;
        start..start + self.memory.len() * UNIT
    }

    /// Copies what C left in the buffers back into them.
    ///
    /// # Errors
    /// `ERR_FFI_BUFFER_DETACHED` when one is no longer what it was; then none is written.
    pub fn copy_back(&self, views: &[View]) -> Result<(), Code> {
        let is_same = |(now, copy): (&View, &View)| now.length == copy.length;
        if views.len() != self.views.len() || !views.iter().zip(&self.views).all(is_same) {
            return Err(Code::BufferDetached);
        }
        for (to, from) in views.iter().zip(&self.views).filter(|(to, _)| to.length > 0) {
            // SAFETY: the buffer is attached during this entry and as long as its copy (checked above), which lies inside
            // `memory` or `copies` (`new`, `keep`), both ours; the two are different allocations.
            unsafe { std::ptr::copy_nonoverlapping(from.address as *const u8, to.address as *mut u8, to.length) }
        }
        Ok(())
    }
}

/// Where in the block each buffer is copied to, and the block's size. Buffers that share bytes share their copy too.
fn place(buffers: &[View], first: usize) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|i| buffers[*i].address);
    let mut offsets = vec![first; buffers.len()];
    // The run of overlapping buffers that the last one belongs to: its addresses, and where it is copied to.
    let (mut run, mut to) = (0..0, first);
    for i in order.into_iter().filter(|i| buffers[*i].length > 0) {
        let View { address, length } = buffers[i];
        if address >= run.end {
            to = (to + run.len()).next_multiple_of(UNIT);
            run = address..address;
        }
        run.end = run.end.max(address + length);
        offsets[i] = to + (address - run.start);
    }
    (offsets, to + run.len())
}

/// Zeroed memory, or a refusal where `vec!` would end the process.
fn allocate(size: usize) -> Result<Vec<u128>, Code> {
    let units = size.div_ceil(UNIT);
    let mut memory = Vec::new();
    memory.try_reserve_exact(units).map_err(|_| Code::OutOfMemory)?;
    memory.resize(units, 0);
    Ok(memory)
}
