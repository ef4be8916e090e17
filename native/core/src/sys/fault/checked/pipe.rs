//! Turns a copy between addresses of unknown worth into a write to a pipe and a read from it (any Unix).
//!
//! POSIX has no other call that copies memory to memory and answers a bad address with an error (EFAULT).

use std::io::pipe;
use std::os::fd::AsRawFd;

/// Bytes in flight: below the smallest capacity a pipe has anywhere, so that no write ever blocks.
const BURST: usize = 512;

/// Copies `len` bytes, checked by the kernel on both sides; false if it refused, with some of them perhaps written.
///
/// # Safety
/// - Where `dst..dst + len` is mapped and writable, those bytes are the caller's to overwrite.
pub(super) unsafe fn transfer(dst: *mut u8, src: *const u8, len: usize) -> bool {
    // A pipe of its own, since bytes that could not be delivered stay in it.
    let Ok((output, input)) = pipe() else { return false };
    let mut done = 0;
    while done < len {
        let burst = BURST.min(len - done);
        let from = src.wrapping_add(done).cast();
        // SAFETY: the descriptor is open, and the kernel checks the address.
        let written = unsafe { libc::write(input.as_raw_fd(), from, burst) };
        let Ok(written @ 1..) = usize::try_from(written) else { return false };
        let to = dst.wrapping_add(done).cast();
        // SAFETY: the descriptor is open, the kernel checks the address, and what it finds writable there is the
        // caller's to overwrite.
        let delivered = unsafe { libc::read(output.as_raw_fd(), to, written) };
        if usize::try_from(delivered) != Ok(written) {
            return false;
        }
        done += written;
    }
    true
}
