//! Turns SIGSEGV and SIGBUS inside our own assembly routines into `Fault`s, and passes on all others (Linux).

#[cfg(target_arch = "aarch64")]
#[path = "aarch64.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64.rs"]
mod arch;
mod handler;
#[cfg(test)]
mod tests;

use super::{Fault, Scan, WIDE_UNIT};
pub(super) use handler::install;

/// What a routine returns, in the two result registers of the C ABI. Owns nothing; plain data for any thread.
#[repr(C)]
#[derive(Clone, Copy)]
struct Outcome {
    flags: usize,
    /// Units found by a scan, or the address that the kernel reported for a fault.
    value: usize,
}

impl Outcome {
    const FAULTED: usize = 1;
    const TERMINATED: usize = 2;
    const WIDE: usize = 4;

    /// The scan this is, or the fault in `bytes` bytes from `src` on.
    #[inline]
    fn scanned(self, src: *const u8, bytes: usize) -> Result<Scan, Fault> {
        if self.flags & Self::FAULTED != 0 {
            return Err(Fault { address: within(self.value, src, bytes).unwrap_or(src.addr()) });
        }
        let (terminated, ascii) = (self.flags & Self::TERMINATED != 0, self.flags & Self::WIDE == 0);
        Ok(Scan { len: self.value, terminated, ascii })
    }
}

unsafe extern "C" {
    fn holdfast_fault_copy(dst: *mut u8, src: *const u8, len: usize) -> Outcome;
    // Safe to call with any address once the handler is there: they only read, and a read that faults is recovered.
    safe fn holdfast_fault_scan(src: *const u8, max: usize) -> Outcome;
    safe fn holdfast_fault_scan_wide(src: *const u8, max_units: usize) -> Outcome;
}

/// See `super::copy`.
///
/// # Safety
/// - Where `dst..dst + len` is mapped and writable, those bytes are the caller's to overwrite.
/// - No Rust reference to bytes of either range is in use while they change.
#[inline]
pub(super) unsafe fn copy(dst: *mut u8, src: *const u8, len: usize) -> Result<(), Fault> {
    install();
    // SAFETY: what it writes is the caller's to overwrite, and where a range is not accessible the installed handler
    // makes the routine return FAULTED.
    let outcome = unsafe { holdfast_fault_copy(dst, src, len) };
    if outcome.flags & Outcome::FAULTED == 0 { Ok(()) } else { Err(blame(outcome.value, dst, src, len)) }
}

/// See `super::scan`.
#[inline]
pub(super) fn scan(src: *const u8, max: usize) -> Result<Scan, Fault> {
    install();
    holdfast_fault_scan(src, max).scanned(src, max)
}

/// See `super::scan_wide`.
#[inline]
pub(super) fn scan_wide(src: *const u8, max_units: usize) -> Result<Scan, Fault> {
    install();
    holdfast_fault_scan_wide(src, max_units).scanned(src, max_units.saturating_mul(WIDE_UNIT))
}

/// The reported address, if it lies in the range.
fn within(reported: usize, start: *const u8, len: usize) -> Option<usize> {
    (reported.wrapping_sub(start.addr()) < len).then_some(reported)
}

/// Which side of a failed copy it was: the kernel reports 0 for an address that is none (not canonical).
#[cold]
fn blame(reported: usize, dst: *mut u8, src: *const u8, len: usize) -> Fault {
    let address = within(reported, src, len)
        .or_else(|| within(reported, dst, len))
        .or_else(|| scan(src, 1).err().map(|fault| fault.address));
    Fault { address: address.unwrap_or(dst.addr()) }
}
