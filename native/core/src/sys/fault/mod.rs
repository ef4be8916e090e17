//! Turns reads and writes at addresses of unknown worth into results: a bad address is an `Err`, not a dead process.
//!
//! Two engines, chosen by platform:
//! * `trap` (Linux on x86-64 and AArch64): routines in assembly, and a signal handler that recovers from a fault whose
//!   program counter lies inside those routines. Costs nothing while no address is bad.
//! * `checked` (everything else): the kernel copies, and says when it could not. A system call a copy.
//!
//! Only these routines are ever recovered. A fault in foreign code goes to whatever handler was there before, because
//! leaving foreign code in the middle would leave its locks and its state torn.

#[cfg(any(
    test,
    not(all(target_os = "linux", target_pointer_width = "64", any(target_arch = "x86_64", target_arch = "aarch64")))
))]
mod checked;
#[cfg(all(target_os = "linux", target_pointer_width = "64", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod trap;

#[cfg(not(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
use checked as engine;
#[cfg(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
use trap as engine;

#[cfg(test)]
#[cfg(unix)]
mod tests;

/// Bytes of one `wchar_t`: 4 on Unix, 2 on Windows.
pub const WIDE_UNIT: usize = size_of::<libc::wchar_t>();

/// A read or write that memory refused. Owns nothing; plain data for any thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// An address inside the range asked for that could not be accessed (not always the lowest such address).
    pub address: usize,
}

/// What a search for a terminating NUL found. Owns nothing; plain data for any thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// Units (bytes, or `wchar_t`s for `scan_wide`) before the NUL, or the limit if there was none.
    pub len: usize,
    /// Whether a NUL was found within the limit.
    pub terminated: bool,
    /// Whether every one of the `len` units is below 0x80.
    pub ascii: bool,
}

/// Makes faults inside this module's routines recoverable. Once per process; later calls return at once.
///
/// Every other function here calls it too; calling it early only fixes the place in the chain of signal handlers: call
/// it after V8 has installed its WebAssembly trap handler, so that V8's is the one that foreign faults are passed to.
/// The image that holds this code is then kept loaded until the process ends, since the handler lies in it. A handler
/// installed later by others has to pass on what is not its own, as this one does.
#[inline]
pub fn install() {
    engine::install();
}

/// Copies `len` bytes from `src` to `dst`, either of which may turn out to be unmapped, protected or no address at all.
///
/// On a fault some of the bytes may have been written. If the ranges overlap, what the destination then holds is
/// unspecified (nothing else is written).
///
/// # Safety
/// - Where `dst..dst + len` is mapped and writable, those bytes are the caller's to overwrite: no Rust value that
///   another owner relies on lies there.
/// - No Rust reference to bytes of either range is in use while they change.
#[inline]
pub unsafe fn copy(dst: *mut u8, src: *const u8, len: usize) -> Result<(), Fault> {
    // SAFETY: the caller's promises about `dst` and `src` are the engine's, word for word.
    unsafe { engine::copy(dst, src, len) }
}

/// Finds the NUL that ends the C string at `src`, looking at no more than `max` bytes.
///
/// `src` may be any address: what cannot be read before a NUL or the limit is reached is the `Fault`. The bytes may
/// change at any time under other threads; the answer is then of one of the states they had.
#[inline]
pub fn scan(src: *const u8, max: usize) -> Result<Scan, Fault> {
    engine::scan(src, max)
}

/// Finds the NUL that ends the wide C string at `src`, looking at no more than `max_units` units of `WIDE_UNIT` bytes.
///
/// As `scan`, with all lengths in units. `src` need not be aligned.
#[inline]
pub fn scan_wide(src: *const u8, max_units: usize) -> Result<Scan, Fault> {
    engine::scan_wide(src, max_units)
}
