//! Turns a copy between addresses of unknown worth into a request to the Mach kernel, which checks both (macOS, iOS).

// Declared in <mach/mach_vm.h> and <mach/mach_init.h>.
unsafe extern "C" {
    static mach_task_self_: u32;
    fn mach_vm_read_overwrite(task: u32, address: u64, size: u64, data: u64, out_size: *mut u64) -> i32;
}

/// Copies `len` bytes, checked by the kernel on both sides; false if it refused, with some of them perhaps written.
///
/// # Safety
/// - Where `dst..dst + len` is mapped and writable, those bytes are the caller's to overwrite.
pub(super) unsafe fn transfer(dst: *mut u8, src: *const u8, len: usize) -> bool {
    // SAFETY: set by libSystem before any of our code runs, and never changed.
    let task = unsafe { mach_task_self_ };
    let mut copied = 0;
    // SAFETY: `copied` is ours; the kernel checks both addresses, and what it finds writable at `dst` is the caller's
    // to overwrite.
    let status = unsafe { mach_vm_read_overwrite(task, src as u64, len as u64, dst as u64, &raw mut copied) };
    status == 0 && copied == len as u64
}
