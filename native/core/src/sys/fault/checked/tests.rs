//! Shows that the portable engine answers as the one with signal handlers does.

use super::super::tests::Fence;
use super::super::{Fault, Scan};
use super::{CHUNK, copy, install, scan, scan_wide};

#[test]
fn copies_what_is_there_and_faults_on_what_is_not() {
    install();
    let fence = Fence::new();
    let source: Vec<u8> = (0..5000_u32).map(|index| (index % 251) as u8).collect();
    let at = fence.put_last(&source);
    let mut target = vec![0; 6000];
    // SAFETY: both ranges lie within memory of this test.
    unsafe { copy(target.as_mut_ptr(), at, 5000) }.unwrap();
    assert_eq!(target[..5000], source);
    // SAFETY: the destination is ours, and the source is what the check is for.
    let read = unsafe { copy(target.as_mut_ptr(), at, 5001) };
    assert_eq!(read, Err(Fault { address: fence.end().addr() }));
    let wild = std::ptr::without_provenance_mut(0x4141_4141_4141_4141);
    // SAFETY: nothing is mapped at the destination.
    assert_eq!(unsafe { copy(wild, source.as_ptr(), 8) }, Err(Fault { address: wild.addr() }));
    // SAFETY: what is writable of the destination is the fence's, which nothing else uses.
    assert!(unsafe { copy(at, target.as_ptr(), 5001) }.is_err());
}

#[test]
fn finds_the_end_of_strings_around_the_borders_of_its_chunks() {
    let fence = Fence::new();
    for len in (0..20).chain(CHUNK - 2..CHUNK + 3).chain([5000]) {
        let mut text = vec![b'a'; len];
        text.push(0);
        let at = fence.put_last(&text);
        assert_eq!(scan(at, usize::MAX), Ok(Scan { len, terminated: true, ascii: true }));
        assert_eq!(scan(at, len), Ok(Scan { len, terminated: false, ascii: true }));
        assert_eq!(scan(fence.put_last(&text[..len]), usize::MAX), Err(Fault { address: fence.end().addr() }));
    }
    let text = fence.put_last(b"caf\xC3\xA9\0\xFF");
    assert_eq!(scan(text, 3), Ok(Scan { len: 3, terminated: false, ascii: true }));
    assert_eq!(scan(text, 100), Ok(Scan { len: 5, terminated: true, ascii: false }));
}

#[test]
fn counts_wide_strings_in_units_even_misaligned() {
    let fence = Fence::new();
    let text: Vec<u8> = (1..=200_u32).chain([0]).flat_map(u32::to_ne_bytes).collect();
    assert_eq!(scan_wide(fence.put_last(&text), 300), Ok(Scan { len: 200, terminated: true, ascii: false }));
    let misaligned = fence.put_last(&[&text[..], &[7]].concat());
    assert_eq!(scan_wide(misaligned, 300), Ok(Scan { len: 200, terminated: true, ascii: false }));
    assert_eq!(scan_wide(misaligned, 127), Ok(Scan { len: 127, terminated: false, ascii: true }));
}
