//! Turns reads and writes at addresses of unknown worth into requests to the kernel, which says what it could not copy.
//!
//! The portable engine. A platform adds one function, `transfer(dst, src, len) -> bool`: copy, both sides checked.

#[cfg(target_vendor = "apple")]
#[path = "apple.rs"]
mod platform;
#[cfg(all(unix, not(target_vendor = "apple")))]
#[path = "pipe.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use super::{Fault, Scan, WIDE_UNIT};
use platform::transfer;

/// Smallest unit of memory protection there is; a larger page is a multiple of it.
const PAGE: usize = 4096;
/// Bytes read at a time in search of a NUL: most strings are shorter. Divides PAGE, so that an aligned chunk of this
/// size is readable either wholly or not at all.
const CHUNK: usize = 256;

/// Nothing to prepare: no signal is involved.
#[inline]
pub(super) fn install() {}

/// See `super::copy`.
///
/// # Safety
/// - Where `dst..dst + len` is mapped and writable, those bytes are the caller's to overwrite.
/// - No Rust reference to bytes of either range is in use while they change.
pub(super) unsafe fn copy(dst: *mut u8, src: *const u8, len: usize) -> Result<(), Fault> {
    // SAFETY: the caller's promises about `dst` and `src` are those of `transfer`.
    if len == 0 || unsafe { transfer(dst, src, len) } {
        return Ok(());
    }
    // The kernel does not say which side or where: the first page of `src` that cannot be read, or else `dst`.
    let mut offset = 0;
    while offset < len {
        let page = src.wrapping_add(offset);
        if read(page, &mut [0]).is_err() {
            return Err(Fault { address: page.addr() });
        }
        offset += PAGE - page.addr() % PAGE;
    }
    Err(Fault { address: dst.addr() })
}

/// See `super::scan`.
pub(super) fn scan(src: *const u8, max: usize) -> Result<Scan, Fault> {
    scan_units::<1>(src, max)
}

/// See `super::scan_wide`.
pub(super) fn scan_wide(src: *const u8, max_units: usize) -> Result<Scan, Fault> {
    scan_units::<WIDE_UNIT>(src, max_units)
}

fn scan_units<const UNIT: usize>(src: *const u8, max: usize) -> Result<Scan, Fault> {
    let mut found = Scan { len: 0, terminated: false, ascii: true };
    let mut buffer = [0; CHUNK];
    while found.len < max {
        let at = src.wrapping_add(found.len * UNIT);
        // A unit across two chunks, of a string that is not aligned, is read alone.
        let units = ((CHUNK - at.addr() % CHUNK) / UNIT).max(1).min(max - found.len);
        let chunk = &mut buffer[..units * UNIT];
        read(at, chunk)?;
        for unit in chunk.chunks_exact(UNIT) {
            if unit.iter().all(|byte| *byte == 0) {
                return Ok(Scan { terminated: true, ..found });
            }
            found.ascii &= is_ascii(unit);
            found.len += 1;
        }
    }
    Ok(found)
}

/// Whether the unit, in the byte order of this machine, is below 0x80.
fn is_ascii(unit: &[u8]) -> bool {
    let (low, high) =
        if cfg!(target_endian = "little") { (0, 1..unit.len()) } else { (unit.len() - 1, 0..unit.len() - 1) };
    unit[low].is_ascii() && unit[high].iter().all(|byte| *byte == 0)
}

fn read(src: *const u8, into: &mut [u8]) -> Result<(), Fault> {
    // SAFETY: the destination is a slice of our own, borrowed for writing; `src` may be any address.
    let is_read = unsafe { transfer(into.as_mut_ptr(), src, into.len()) };
    if is_read { Ok(()) } else { Err(Fault { address: src.addr() }) }
}
