//! Names the words of a frame's header. `src/marshal/frame.ts` has the same numbers; a test compares them.

use crate::plan::HEADER_SIZE;

/// A header word and its offset in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Field {
    /// Core -> JS: 0, or the number of an error code.
    Status = 4,
    /// Core -> JS: the guilty argument's position, or `u32::MAX`.
    Position = 8,
    /// Core -> JS: errno right after the call, when the plan asks for it.
    Errno = 12,
    /// JS -> core and back: offset of the first byte after scratch.
    ScratchEnd = 16,
    /// JS -> core: how many fixups follow each other at `FixupOffset`.
    FixupCount = 20,
    /// JS -> core: where in scratch the fixups are.
    FixupOffset = 24,
    /// JS -> core: 0, or one more than the number of the view that scratch moved to when the frame was too small.
    HeapScratch = 28,
}

/// Pointer operations (create, read, write) use a frame without a plan: the header, then 32 bytes of operands and
/// results, then scratch.
pub const POINTER_OPERATION_SIZE: u32 = HEADER_SIZE + 32;

/// Word 0 of the header is free: it keeps the others where an asynchronous call will want its function's number.
const _: () = assert!(Field::HeapScratch as u32 + 4 == HEADER_SIZE);
