//! Turns a copy between addresses of unknown worth into a read of our own process, which checks both (Windows).

use libc::c_void;

#[link(name = "kernel32")]
unsafe extern "system" {
    safe fn GetCurrentProcess() -> *mut c_void;
    fn ReadProcessMemory(
        process: *mut c_void,
        address: *const c_void,
        buffer: *mut c_void,
        size: usize,
        read: *mut usize,
    ) -> i32;
}

/// Copies `len` bytes, checked by the kernel on both sides; false if it refused, with some of them perhaps written.
///
/// # Safety
/// - Where `dst..dst + len` is mapped and writable, those bytes are the caller's to overwrite.
pub(super) unsafe fn transfer(dst: *mut u8, src: *const u8, len: usize) -> bool {
    let mut copied = 0;
    // SAFETY: `copied` is ours; the kernel checks both addresses, and what it finds writable at `dst` is the caller's
    // to overwrite.
    let status = unsafe { ReadProcessMemory(GetCurrentProcess(), src.cast(), dst.cast(), len, &raw mut copied) };
    status != 0 && copied == len
}
