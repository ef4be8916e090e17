//! Turns an image of bytes into one block of memory that does not move until it is dropped.

mod fence;

use std::alloc::{Layout as HeapLayout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

pub use fence::Side;
pub(super) use fence::{Damage, Fence, Grave};

use crate::sys::heap;

/// Every heap block starts at a multiple of this, the strictest alignment of any C type we lay out by default.
const ALIGN: usize = 16;

/// Zero-initialised memory. Owns it, releases it on drop, on any thread; belongs to one environment's thread, but C code may
/// hold its address and write to it at any time, so Rust never keeps a reference into it across a call.
#[derive(Debug)]
pub(crate) enum Block {
    /// From Rust's allocator.
    Heap(HeapBlock),
    /// Between pages without access (`FFI_GUARD`).
    Fenced(Fence),
}

/// A block of the heap. As [`Block`].
#[derive(Debug)]
pub(crate) struct HeapBlock {
    base: NonNull<u8>,
    heap: HeapLayout,
}

// SAFETY: the allocation belongs to this value alone and Rust's allocator is not bound to a thread; a block changes
// threads only when its environment ends while a call on another thread still uses it (S17).
unsafe impl Send for HeapBlock {}

impl Block {
    /// Allocates `size` bytes (at least one, so that every block has an address of its own). `None` when memory is out.
    #[must_use]
    pub(crate) fn new(size: usize) -> Option<Block> {
        let heap = HeapLayout::from_size_align(size.max(1), ALIGN).ok()?;
        // SAFETY: `heap` has a size of at least 1 by the line above, the only thing `alloc_zeroed` asks for.
        let base = NonNull::new(unsafe { alloc_zeroed(heap) })?;
        Some(Block::Heap(HeapBlock { base, heap }))
    }

    /// Where the block lies.
    #[must_use]
    pub(crate) fn address(&self) -> usize {
        match self {
            Block::Heap(block) => block.base.as_ptr() as usize,
            Block::Fenced(fence) => fence.address(),
        }
    }

    /// Its size in bytes.
    #[must_use]
    pub(crate) fn size(&self) -> usize {
        match self {
            Block::Heap(block) => block.heap.size(),
            Block::Fenced(fence) => fence.size(),
        }
    }

    /// The bytes, for filling the block before anybody else knows its address.
    #[must_use]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Block::Heap(block) => block.bytes_mut(),
            Block::Fenced(fence) => fence.bytes_mut(),
        }
    }
}

impl HeapBlock {
    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: `base` is our own live allocation of `heap.size()` initialised bytes, and `&mut self` together with
        // the doc's rule (called before the address is handed out) makes this the only access.
        unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr(), self.heap.size()) }
    }
}

impl Drop for HeapBlock {
    fn drop(&mut self) {
        // SAFETY: `base` came from `alloc_zeroed` with this very `heap` layout in `new`, and drop runs once.
        unsafe { dealloc(self.base.as_ptr(), self.heap) }
    }
}

/// Gives memory that C allocated back to libc.
///
/// Only `free` calls this, after `check_c_heap` has ruled out everything that is known not to come from `malloc`.
pub(super) fn free_c(address: usize) {
    // SAFETY: the caller of the public API states that the address came from malloc and is theirs to free (S7); that
    // it is none of our own memory, no module's image and aligned as malloc aligns has been checked.
    unsafe { heap::c_free(address as *mut _) }
}
