//! Shows that good memory is copied and scanned exactly, and that bad memory is a `Fault` with the guilty address.

use super::{Fault, Scan, copy, install, scan, scan_wide};
use std::ptr;

/// A multiple of every page size there is.
const PAGE: usize = 65_536;

/// Two readable pages (of PAGE bytes) followed by one that may not be touched. Owns the mapping; unmapped on drop.
pub(super) struct Fence {
    base: *mut u8,
}

impl Fence {
    pub(super) fn new() -> Self {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh mapping, at an address of the kernel's choice.
        let base = unsafe { libc::mmap(ptr::null_mut(), 3 * PAGE, protection, flags, -1, 0) }.cast::<u8>();
        assert_ne!(base.cast(), libc::MAP_FAILED);
        // SAFETY: the last page of the mapping just made, which nothing uses.
        assert_eq!(unsafe { libc::mprotect(base.wrapping_add(2 * PAGE).cast(), PAGE, libc::PROT_NONE) }, 0);
        Self { base }
    }

    /// The first address that may not be touched.
    pub(super) fn end(&self) -> *mut u8 {
        self.base.wrapping_add(2 * PAGE)
    }

    /// The address at which `bytes` end at the fence, where they have just been put.
    pub(super) fn put_last(&self, bytes: &[u8]) -> *mut u8 {
        assert!(bytes.len() <= 2 * PAGE);
        let at = self.end().wrapping_sub(bytes.len());
        // SAFETY: the readable pages are ours alone, and hold that many bytes before the fence.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
        at
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `new`; nothing refers to it any more.
        unsafe { libc::munmap(self.base.cast(), 3 * PAGE) };
    }
}

/// Addresses at which nothing can be: the first page, a gap, not canonical, the kernel's half.
const WILD: [usize; 5] = [0, 0x10, 0x4141_4141_4141_4141, 0x8000_0000_0000_0000, usize::MAX - 8];

fn wild(address: usize) -> *mut u8 {
    ptr::without_provenance_mut(address)
}

#[test]
fn copies_every_short_length_at_every_alignment_and_nothing_around_it() {
    let source: Vec<u8> = (0..=255).collect();
    for len in 0..=200 {
        for (from, to) in (0..16).flat_map(|from| (0..16).map(move |to| (from, to))) {
            let mut target = [0xEE_u8; 256];
            // SAFETY: both ranges lie within the arrays, which nothing else uses now.
            unsafe { copy(target.as_mut_ptr().wrapping_add(to), source.as_ptr().wrapping_add(from), len) }.unwrap();
            assert_eq!(target[to..to + len], source[from..from + len]);
            assert!(target[..to].iter().chain(&target[to + len..]).all(|byte| *byte == 0xEE), "len {len} to {to}");
        }
    }
}

#[test]
fn copies_long_blocks() {
    let source: Vec<u8> = (0..100_000_u32).map(|index| (index % 251) as u8).collect();
    for len in [1023, 1024, 1025, 2047, 2048, 2049, 65_537, 99_999] {
        let mut target = vec![0; len + 1];
        // SAFETY: both ranges lie within the vectors, which nothing else uses now.
        unsafe { copy(target.as_mut_ptr(), source.as_ptr().wrapping_add(1), len) }.unwrap();
        assert_eq!(target[..len], source[1..=len]);
        assert_eq!(target[len], 0);
    }
}

#[test]
fn a_copy_that_reaches_past_mapped_memory_is_a_fault_with_an_address_there() {
    let fence = Fence::new();
    let mut local = vec![0; 8192];
    for len in [1, 2, 3, 4, 7, 8, 15, 16, 20, 32, 33, 100, 1000, 2048, 5000] {
        for good in [0, 1, len / 2, len - 1].into_iter().filter(|good| *good < len) {
            let at = fence.end().wrapping_sub(good);
            let bad = fence.end().addr()..at.addr() + len;
            // SAFETY: the local bytes are ours; the other range is what the fault check is for.
            let read = unsafe { copy(local.as_mut_ptr(), at, len) }.unwrap_err();
            // SAFETY: what is writable of the range is the fence's own, which nothing else uses.
            let written = unsafe { copy(at, local.as_ptr(), len) }.unwrap_err();
            assert!(bad.contains(&read.address), "read {len}: {:#x} not in {bad:x?}", read.address);
            assert!(written.address >= at.addr() && written.address < bad.end, "write {len}: {written:x?}");
        }
    }
}

#[test]
fn a_copy_from_or_to_an_address_that_cannot_be_is_a_fault_there() {
    let mut local = [0; 4096];
    for address in WILD {
        for len in [1, 8, 16, 40, 4000] {
            let range = 0..len;
            // SAFETY: the local bytes are ours; nothing is mapped at the other address.
            let read = unsafe { copy(local.as_mut_ptr(), wild(address), len) }.unwrap_err();
            // SAFETY: as above, the other way.
            let written = unsafe { copy(wild(address), local.as_ptr(), len) }.unwrap_err();
            assert!(range.contains(&read.address.wrapping_sub(address)), "read {address:#x}: {read:x?}");
            assert!(range.contains(&written.address.wrapping_sub(address)), "write {address:#x}: {written:x?}");
        }
    }
}

#[test]
fn a_copy_to_read_only_memory_is_a_fault() {
    let text = b"constant".as_ptr().cast_mut();
    // SAFETY: what is written would be what is there already, if it could be written at all.
    assert_eq!(unsafe { copy(text, b"constant".as_ptr(), 8) }, Err(Fault { address: text.addr() }));
}

#[test]
fn copying_nothing_touches_nothing() {
    // SAFETY: an empty range holds no bytes.
    assert_eq!(unsafe { copy(wild(0x10), wild(0x20), 0) }, Ok(()));
    assert_eq!(scan(wild(0x10), 0), Ok(Scan { len: 0, terminated: false, ascii: true }));
    assert_eq!(scan_wide(wild(0x10), 0), Ok(Scan { len: 0, terminated: false, ascii: true }));
}

#[test]
fn finds_the_end_of_strings_of_every_length_that_end_at_the_end_of_memory() {
    let fence = Fence::new();
    for len in 0..=300 {
        let mut text = vec![b'a'; len];
        text.push(0);
        let at = fence.put_last(&text);
        assert_eq!(scan(at, usize::MAX), Ok(Scan { len, terminated: true, ascii: true }));
        assert_eq!(scan(at, len + 1), Ok(Scan { len, terminated: true, ascii: true }));
        assert_eq!(scan(at, len), Ok(Scan { len, terminated: false, ascii: true }));
    }
}

#[test]
fn looks_at_no_byte_beyond_the_limit() {
    let fence = Fence::new();
    for len in 1..=100 {
        let at = fence.put_last(&vec![b'a'; len]);
        for max in 1..=len {
            assert_eq!(scan(at, max), Ok(Scan { len: max, terminated: false, ascii: true }), "len {len} max {max}");
        }
    }
}

#[test]
fn a_string_without_an_end_is_a_fault_at_the_end_of_memory() {
    let fence = Fence::new();
    for len in [0, 1, 5, 15, 16, 17, 100, 5000] {
        let at = fence.put_last(&vec![b'a'; len]);
        assert_eq!(scan(at, usize::MAX), Err(Fault { address: fence.end().addr() }), "len {len}");
    }
    for address in WILD {
        assert_eq!(scan(wild(address), 100), Err(Fault { address }));
        assert_eq!(scan_wide(wild(address), 100), Err(Fault { address }));
    }
}

#[test]
fn ascii_is_about_the_bytes_before_the_end_only() {
    for misalignment in 0..16 {
        for len in 0..50 {
            let mut bytes = [0xFF_u8; 96];
            let text = &mut bytes[16 + misalignment..];
            text[..len].fill(b'a');
            text[len] = 0;
            assert_eq!(scan(text.as_ptr(), 64), Ok(Scan { len, terminated: true, ascii: true }));
            text[len] = 0xFF;
            assert_eq!(scan(text.as_ptr(), len), Ok(Scan { len, terminated: false, ascii: true }));
            for high in 0..len {
                text[len] = 0;
                text[high] = 0x80;
                assert_eq!(scan(text.as_ptr(), 64), Ok(Scan { len, terminated: true, ascii: false }));
                assert_eq!(scan(text.as_ptr(), high + 1), Ok(Scan { len: high + 1, terminated: false, ascii: false }));
                assert!(scan(text.as_ptr(), high).unwrap().ascii);
                text[high] = b'a';
            }
        }
    }
}

#[test]
fn wide_strings_are_counted_in_units() {
    let fence = Fence::new();
    let bytes = |text: &str| text.chars().flat_map(|unit| (unit as u32).to_ne_bytes()).collect::<Vec<u8>>();
    let text = fence.put_last(&bytes("gr\u{FC}n\0"));
    assert_eq!(scan_wide(text, 100), Ok(Scan { len: 4, terminated: true, ascii: false }));
    assert_eq!(scan_wide(text, 2), Ok(Scan { len: 2, terminated: false, ascii: true }));
    let high = fence.put_last(&bytes("a\u{100}\0"));
    assert_eq!(scan_wide(high, 100), Ok(Scan { len: 2, terminated: true, ascii: false }));
    let endless = fence.put_last(&bytes("abc"));
    assert_eq!(scan_wide(endless, 100), Err(Fault { address: fence.end().addr() }));
    assert_eq!(scan_wide(endless, 3), Ok(Scan { len: 3, terminated: false, ascii: true }));
    let misaligned = fence.put_last(&[&bytes("odd\0")[..], &[1]].concat());
    assert_eq!(scan_wide(misaligned, 100), Ok(Scan { len: 3, terminated: true, ascii: true }));
}

#[test]
fn ten_thousand_faults_in_a_row_are_recovered() {
    install();
    let mut local = [0; 64];
    for round in 0..10_000 {
        // SAFETY: the local bytes are ours; nothing is mapped at the other address.
        assert!(unsafe { copy(local.as_mut_ptr(), wild(0x1000 + round % 3), 64) }.is_err());
    }
}

#[test]
fn threads_fault_at_once_without_getting_in_each_others_way() {
    let fault_often = |address: usize| {
        (0..2_000).for_each(|_| assert_eq!(scan(wild(address), 16), Err(Fault { address })));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| fault_often(0x2000));
        scope.spawn(|| fault_often(0x4141_4141_4141_4141));
    });
}
