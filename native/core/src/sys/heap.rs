//! Turns sizes into blocks of the C library's own heap, and gives such blocks back to it.
//!
//! The heap is the one that this image's `malloc` is bound to: the process's C library, or what was put in its place
//! (a sanitizer, jemalloc by LD_PRELOAD). A library that carries an allocator of its own is not freed here.

use libc::c_void;

/// A block of `size` bytes with undefined contents from C's `malloc`, or null if there is no memory.
///
/// The caller owns it, and releases it with `c_free` or hands it to C, which may `free` it.
#[inline]
#[must_use]
pub fn c_malloc(size: usize) -> *mut c_void {
    // SAFETY: any size is allowed; the block is no one's until it is returned.
    unsafe { libc::malloc(size) }
}

/// Gives a block back with C's `free`. Null is allowed and does nothing.
///
/// # Safety
/// - `block` is null or was returned by `malloc`, `calloc`, `realloc`, `strdup` and the like of the process's C library.
/// - It has not been freed, and nothing uses it afterwards.
#[inline]
pub unsafe fn c_free(block: *mut c_void) {
    // SAFETY: the caller's promises are those of `free`.
    unsafe { libc::free(block) }
}

#[cfg(test)]
mod tests {
    use super::{c_free, c_malloc};

    #[test]
    fn a_block_holds_its_bytes_until_freed() {
        let block = c_malloc(16).cast::<u8>();
        assert!(!block.is_null());
        // SAFETY: 16 bytes of our own.
        unsafe { block.write_bytes(0xA5, 16) };
        // SAFETY: within those 16 bytes, all written above.
        assert_eq!(unsafe { block.wrapping_add(15).read() }, 0xA5);
        // SAFETY: from `c_malloc`, freed once.
        unsafe { c_free(block.cast()) };
    }

    #[test]
    fn freeing_null_does_nothing() {
        // SAFETY: null is allowed.
        unsafe { c_free(std::ptr::null_mut()) };
    }
}
