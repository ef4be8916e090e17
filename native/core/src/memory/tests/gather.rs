//! Values are followed through their pointers to the end of known memory, and references made absolute, or refused.
#![forbid(unsafe_code)]

use super::{START, WILD, block, code, data, flat, gather, image, layout, pair};
use crate::error::Code;
use crate::memory::{Image, Memory, View, WIDE_UNIT, data_address, relocate};

#[test]
fn gathers_strings_nested_structs_arrays_and_null_members() {
    let mut memory = Memory::default();
    let words = [5, data(40), 0, data(64), 0, data(72), 0x4000_0000_3f80_0000, 0x4040_0000, 9];
    let bytes = image(&words, b"name\0");
    let segments = [(0, 40), (40, 24), (64, 8), (72, 5)];
    let text = "{i32,*{str,[3]f32},str,*[2]i32,ptr}";
    let made = block(&mut memory, text, &bytes, &segments, &[8, 24, 40]).unwrap();
    let out = gather(&mut memory, made, text).unwrap();
    let (nested, items) = (pair(&out, 8).0, pair(&out, 24).0);
    assert_eq!((out[0], pair(&out, 16), pair(&out, 32)), (5, (0, 0), (0, 0)));
    assert_eq!(out[nested + 8..nested + 20], bytes[48..60]);
    assert_eq!(out[items..items + 8], [9, 0, 0, 0, 0, 0, 0, 0]);
    let (name, length) = pair(&out, nested);
    assert_eq!(out[name..name + length as usize], *b"name");
}

#[test]
fn gathers_opaque_pointers_as_handles_and_wide_strings_by_units() {
    let mut memory = Memory::default();
    let wide: Vec<u8> =
        [7u8, 8, 0].into_iter().flat_map(|unit| [unit].into_iter().chain(vec![0; WIDE_UNIT - 1])).collect();
    let segments = [(0, 16), (16, wide.len() as u32)];
    let made = block(&mut memory, "{ptr,wstr}", &image(&[data(0), data(16)], &wide), &segments, &[0, 8]).unwrap();
    let out = gather(&mut memory, made, "{ptr,wstr}").unwrap();
    assert_eq!(pair(&out, 0), (made.slot as usize, made.generation), "the block points to itself");
    let (text, units) = pair(&out, 8);
    assert_eq!((&out[text..], units), (&wide[..2 * WIDE_UNIT], 2));
}

#[test]
fn a_wild_pointer_names_its_path_and_releases_the_handles_made_before() {
    let mut memory = Memory::default();
    let made = flat(&mut memory, "{ptr,{i64,[2]str}}");
    memory.write(made, 0, &layout("[4]i64"), &image(&[0x7000, 0, 0, WILD], b"")).unwrap();
    let before = memory.counters();
    let refused = gather(&mut memory, made, "{ptr,{i64,[2]str}}").unwrap_err();
    assert_eq!((refused.code, refused.message.as_str()), (Code::BadAddress, ".1.1.1"));
    assert_eq!(memory.counters(), before);
}

#[test]
fn gathers_nothing_beyond_a_values_known_end() {
    let mut memory = Memory::default();
    let bytes = image(&[data(8)], b"abcdefgh");
    let made = block(&mut memory, "ptr", &bytes, &[(0, 8), (8, 8)], &[0]).unwrap();
    assert!(gather(&mut memory, made, "*[2]i32").is_ok());
    assert_eq!(code(gather(&mut memory, made, "*[3]i32")), Some(Code::OutOfBounds));
    assert_eq!(code(gather(&mut memory, made, "str")), Some(Code::Unterminated));
    assert_eq!(code(gather(&mut memory, made, "wstr")), Some(Code::Unterminated));
}

#[test]
fn relocation_refuses_references_that_the_front_end_cannot_have_written() {
    let memory = Memory::default();
    let views = [View { address: 0x9000, length: 4 }];
    let moved = |word: u64, fixup: u32| {
        let mut bytes = image(&[word, 0], b"");
        relocate(&mut Image { bytes: &mut bytes, start: START, origin: 0x4000 }, [fixup], &views, &memory)
            .map(|()| pair(&bytes, 0).0)
    };
    let here = START << 1;
    for (word, address) in [(0, 0), (data(0), 0x4040), (data(16), 0x4050), (1 << 32, 0x9000)] {
        assert_eq!(moved(word, here), Ok(address));
    }
    for word in [data(17), 1, u64::from(START - 1), 1 << 32 | 1, 2 << 32, u64::MAX] {
        assert_eq!(moved(word, here), Err(Code::Internal), "reference {word:#x}");
    }
    for fixup in [here - 2, here + 18, here + 32, u32::MAX - 1, 0] {
        assert_eq!(moved(data(0), fixup), Err(Code::Internal), "fixup {fixup}");
    }
    assert_eq!(moved(1 << 32 | 9, here | 1), Err(Code::UseAfterFree));
    let image = Image { bytes: &mut [], start: START, origin: 0 };
    assert_eq!(data_address(Some(&image), (START, 0), &[]), Ok(START as usize), "an empty payload");
}
