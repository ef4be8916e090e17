//! Turns an address into whether the C library's `malloc` can have returned it, as far as memory before it tells.

use super::fault;

/// Bytes before a block in which every allocator we know keeps its bookkeeping.
const HEADER: usize = 16;

/// Whether `free` would find bookkeeping of `malloc` before the address, or something that looks like it. An address for
/// which this is false would crash `free`; one for which it is true may still be no block.
#[must_use]
pub fn may_be_block(address: usize) -> bool {
    match (word_at(address.wrapping_sub(HEADER)), word_at(address.wrapping_sub(8))) {
        (Some(before), Some(header)) => !is_glibc_heap() || is_glibc_chunk(address, before, header),
        _ => false,
    }
}

/// glibc's chunk (malloc/malloc.c, "Chunk"; the same from 2.3 on): the word before a block is its size with three flags, and
/// behind a chunk that is not a mapping of its own lies another.
fn is_glibc_chunk(address: usize, before: usize, header: usize) -> bool {
    const IS_MMAPPED: usize = 2;
    const PAGE: usize = 4096;
    const MIN_CHUNK: usize = 32;
    let size = header & !7;
    if size < MIN_CHUNK || !size.is_multiple_of(16) {
        return false;
    }
    if header & IS_MMAPPED != 0 {
        // Such a chunk lies `before` bytes into pages of its own, and ends them.
        let start = (address - HEADER).checked_sub(before);
        return start.is_some_and(|start| start.is_multiple_of(PAGE)) && before.wrapping_add(size).is_multiple_of(PAGE);
    }
    let next = address.checked_add(size - 8).and_then(word_at);
    next.is_some_and(|next| next & !7 >= HEADER && (next & !7).is_multiple_of(16))
}

/// The size of a block of `malloc`'s, where the allocator is one whose bookkeeping we know.
#[must_use]
pub fn block_size(address: usize) -> Option<usize> {
    if is_glibc_heap() { word_at(address.wrapping_sub(8)).map(|header| header & !7) } else { None }
}

fn word_at(address: usize) -> Option<usize> {
    let mut word = 0usize;
    let into = (&raw mut word).cast::<u8>();
    // SAFETY: the destination is one word of our own; the source may be any address, which is what the routine is for.
    unsafe { fault::copy(into, address as *const u8, size_of::<usize>()) }.ok()?;
    Some(word)
}

/// Whether blocks come from glibc: not from an allocator or a tool put before it.
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
fn is_glibc_heap() -> bool {
    std::env::var_os("LD_PRELOAD").is_none_or(|list| list.is_empty())
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
fn is_glibc_heap() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::{block_size, is_glibc_heap, may_be_block};
    use crate::sys::heap::{c_free, c_malloc};

    #[test]
    fn knows_blocks_of_every_size() {
        for size in [0, 1, 24, 25, 100, 4096, 100_000, 1 << 20, 50 << 20] {
            let block = c_malloc(size);
            assert!(may_be_block(block as usize), "{size}");
            assert_eq!(block_size(block as usize).is_some_and(|known| known >= size), is_glibc_heap(), "{size}");
            // SAFETY: the block of the line above, freed once.
            unsafe { c_free(block) };
        }
    }

    #[test]
    fn refuses_what_is_no_block() {
        assert!(!may_be_block(0x10));
        assert!(!may_be_block(0x4141_4141_4141_4140));
        let zeros = [0u64; 64];
        // Of an allocator or a tool in glibc's place it is not known what its bookkeeping looks like.
        assert_eq!(may_be_block((&raw const zeros[8]) as usize), !is_glibc_heap());
    }
}
