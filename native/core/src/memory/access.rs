//! Turns addresses into bytes and back without trusting them: every copy is fault-checked.

use crate::error::Code;
use crate::sys::fault;

/// Refuses a single copy above this size instead of asking the allocator for it.
pub(super) const MAX_COPY: usize = 1 << 30;

/// Appends `length` bytes found at `address`.
///
/// # Errors
/// `ERR_FFI_BAD_ADDRESS` when any of them is not readable (nothing is appended), `ERR_FFI_OUT_OF_MEMORY`.
pub fn append(out: &mut Vec<u8>, address: usize, length: usize) -> Result<(), Code> {
    if length > MAX_COPY || out.try_reserve(length).is_err() {
        return Err(Code::OutOfMemory);
    }
    let start = out.len();
    // SAFETY: `try_reserve` left room for `length` bytes behind `start`; the source may be any address, which is what
    // the routine is for.
    let copied = unsafe { fault::copy(out.as_mut_ptr().wrapping_add(start), address as *const u8, length) };
    copied.map_err(|_| Code::BadAddress)?;
    // SAFETY: the routine reported that all `length` bytes behind the first `start` are written now.
    unsafe { out.set_len(start + length) };
    Ok(())
}

/// Overwrites the bytes at `address`.
///
/// # Safety
/// - Nothing in Rust or JavaScript relies on the bytes at `address`: it is memory that a record hands out, and the
///   caller has checked the range against the record where its extent is known.
///
/// # Errors
/// `ERR_FFI_BAD_ADDRESS` when any of them is not writable; those before it may have been written.
unsafe fn overwrite(address: usize, bytes: &[u8]) -> Result<(), Code> {
    // SAFETY: the source is a live slice; the destination may be any address as far as faults go, and the caller
    // promises that overwriting it breaks nobody's invariants.
    unsafe { fault::copy(address as *mut u8, bytes.as_ptr(), bytes.len()) }.map_err(|_| Code::BadAddress)
}

/// Overwrites bytes of a record's memory, starting `offset` bytes in.
///
/// # Errors
/// `ERR_FFI_OUT_OF_BOUNDS` beyond the record's extent, `ERR_FFI_BAD_ADDRESS` when the memory is not writable.
pub(super) fn write(record: &crate::registry::Record, offset: usize, bytes: &[u8]) -> Result<(), Code> {
    let end = offset.checked_add(bytes.len()).ok_or(Code::OutOfBounds)?;
    if end > record.size {
        return Err(Code::OutOfBounds);
    }
    let address = record.address.checked_add(offset).ok_or(Code::BadAddress)?;
    // SAFETY: the range lies inside the record's extent, or the extent is unknown and the caller of the public API has
    // said that C's memory there is what they mean to write (S6).
    unsafe { overwrite(address, bytes) }
}

/// Whether every page under `length` bytes at `address` can be read.
///
/// # Errors
/// `ERR_FFI_BAD_ADDRESS`.
pub(super) fn probe(address: usize, length: usize) -> Result<(), Code> {
    const PAGE: usize = 4096;
    let Some(last) = length.checked_sub(1) else { return Ok(()) };
    let end = address.checked_add(last).ok_or(Code::BadAddress)?;
    let pages = (address / PAGE + 1..=end / PAGE).map(|page| page * PAGE);
    let mut byte = Vec::with_capacity(1);
    [address].into_iter().chain(pages).try_for_each(|at| {
        byte.clear();
        append(&mut byte, at, 1)
    })
}

/// A string's extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Bytes before the NUL.
    pub length: usize,
    /// All of them below 0x80.
    pub ascii: bool,
}

/// Finds the NUL of the string at `address`, looking at no more than `limit` bytes.
///
/// # Errors
/// `ERR_FFI_STRING_UNTERMINATED` when there is none, `ERR_FFI_BAD_ADDRESS` when memory ends before.
pub fn measure(address: usize, limit: usize) -> Result<Text, Code> {
    let scan = fault::scan(address as *const u8, limit.min(MAX_COPY)).map_err(|_| Code::BadAddress)?;
    if scan.terminated { Ok(Text { length: scan.len, ascii: scan.ascii }) } else { Err(Code::Unterminated) }
}

/// Finds the zero unit of the wide string at `address`, looking at no more than `limit` bytes. Returns units.
///
/// # Errors
/// As [`measure`].
pub(super) fn measure_wide(address: usize, limit: usize) -> Result<usize, Code> {
    let units = limit.min(MAX_COPY) / WIDE_UNIT;
    let scan = fault::scan_wide(address as *const u8, units).map_err(|_| Code::BadAddress)?;
    if scan.terminated { Ok(scan.len) } else { Err(Code::Unterminated) }
}

/// Bytes of a `wchar_t`.
pub const WIDE_UNIT: usize = if cfg!(windows) { 2 } else { 4 };
