//! Shows calls of real C functions through prepared interfaces, and the layouts that libffi gives to structs.

use super::{AbiType, Cif, size_align};
use libc::c_void;
use std::ffi::{c_char, c_int};

// Only their addresses are taken; libffi calls them by the types that each test prepares.
unsafe extern "C" {
    fn abs(value: c_int) -> c_int;
    fn llabs(value: i64) -> i64;
    fn toupper(value: c_int) -> c_int;
    fn strtod(text: *const c_char, end: *mut *mut c_char) -> f64;
    fn div(numerator: c_int, denominator: c_int) -> u64; // div_t { int quot, rem }, declared by its size
}

fn code(function: *const ()) -> *const c_void {
    function.cast()
}

/// Calls `function` with pointers to `values`, and returns the first 16 bytes of the result as two words.
fn call(cif: &Cif, function: *const (), values: &mut [*mut c_void]) -> [u64; 2] {
    let mut result = [u64::MAX; 2];
    // SAFETY: each test passes a function of the signature that it prepared, and values of those types.
    unsafe { cif.call(code(function), result.as_mut_ptr().cast(), values.as_mut_ptr()) };
    result
}

fn pointer_to<T>(value: &mut T) -> *mut c_void {
    (&raw mut *value).cast()
}

#[test]
fn integers_go_in_and_come_out_sign_extended() {
    let of_ints = Cif::new(&AbiType::I32, &[AbiType::I32]).unwrap();
    let mut value: c_int = -7;
    assert_eq!(call(&of_ints, abs as *const (), &mut [pointer_to(&mut value)])[0], 7);
    let of_longs = Cif::new(&AbiType::I64, &[AbiType::I64]).unwrap();
    let mut value: i64 = -5_000_000_000;
    assert_eq!(call(&of_longs, llabs as *const (), &mut [pointer_to(&mut value)])[0], 5_000_000_000);
    let mut value: c_int = -1;
    assert_eq!(call(&of_ints, toupper as *const (), &mut [pointer_to(&mut value)])[0].cast_signed(), -1);
}

#[test]
fn narrow_results_fill_eight_bytes() {
    extern "C" fn minus_one_of_8_bits() -> i8 {
        -1
    }
    extern "C" fn most_of_16_bits() -> u16 {
        u16::MAX
    }
    let signed = Cif::new(&AbiType::I8, &[]).unwrap();
    assert_eq!(call(&signed, minus_one_of_8_bits as *const (), &mut [])[0].cast_signed(), -1);
    let unsigned = Cif::new(&AbiType::U16, &[]).unwrap();
    assert_eq!(call(&unsigned, most_of_16_bits as *const (), &mut [])[0], 0xFFFF);
}

#[test]
fn a_struct_comes_back_by_value() {
    let result = AbiType::Struct(vec![AbiType::I32, AbiType::I32]);
    let cif = Cif::new(&result, &[AbiType::I32, AbiType::I32]).unwrap();
    let (mut numerator, mut denominator): (c_int, c_int) = (17, 5);
    let packed = call(&cif, div as *const (), &mut [pointer_to(&mut numerator), pointer_to(&mut denominator)])[0];
    let bytes = packed.to_ne_bytes();
    assert_eq!((bytes[0], bytes[4]), (3, 2));
}

#[test]
fn strings_and_floats_pass() {
    let cif = Cif::new(&AbiType::F64, &[AbiType::Pointer, AbiType::Pointer]).unwrap();
    let mut text: *const c_char = c"2.5rest".as_ptr();
    let mut end: *mut c_char = std::ptr::null_mut();
    let mut end_pointer = &raw mut end;
    let values = &mut [pointer_to(&mut text), pointer_to(&mut end_pointer)];
    assert_eq!(f64::from_bits(call(&cif, strtod as *const (), values)[0]), 2.5);
    assert_eq!(end.cast_const(), text.wrapping_add(3));
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mixed {
    tag: u8,
    weight: f64,
    counts: [u16; 3],
}

extern "C" fn twice(mixed: Mixed) -> Mixed {
    let Mixed { tag, weight, counts } = mixed;
    Mixed { tag: tag * 2, weight: weight * 2.0, counts: counts.map(|count| count * 2) }
}

fn mixed_type() -> AbiType {
    AbiType::Struct(vec![AbiType::U8, AbiType::F64, AbiType::U16, AbiType::U16, AbiType::U16])
}

#[test]
fn a_large_struct_goes_in_and_out_by_value() {
    let cif = Cif::new(&mixed_type(), &[mixed_type()]).unwrap();
    let mut value = Mixed { tag: 3, weight: 1.25, counts: [1, 2, 3] };
    let mut result = std::mem::MaybeUninit::<Mixed>::uninit();
    // SAFETY: `twice` has the signature prepared, and the result is as large as its type, above 8 bytes.
    unsafe { cif.call(code(twice as *const ()), result.as_mut_ptr().cast(), [pointer_to(&mut value)].as_mut_ptr()) };
    // SAFETY: written by the call.
    assert_eq!(unsafe { result.assume_init() }, Mixed { tag: 6, weight: 2.5, counts: [2, 4, 6] });
}

#[test]
fn more_arguments_than_registers_pass_in_order() {
    extern "C" fn digits(a: i8, b: f32, c: i16, d: f64, e: i32, f: i64, g: u8, h: u16, i: u32, j: u64) -> f64 {
        let integers = [a.into(), c.into(), e.into(), f, g.into(), h.into(), i.into(), j.cast_signed()];
        let read = integers.iter().fold(0, |number, digit| number * 10 + digit);
        f64::from(i32::try_from(read).unwrap()) + f64::from(b) / 4.0 + d / 16.0
    }
    let types = {
        use AbiType::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        [I8, F32, I16, F64, I32, I64, U8, U16, U32, U64]
    };
    let cif = Cif::new(&AbiType::F64, &types).unwrap();
    let (mut a, mut c, mut e, mut f) = (1_i8, 2_i16, 3_i32, 4_i64);
    let (mut g, mut h, mut i, mut j) = (5_u8, 6_u16, 7_u32, 8_u64);
    let (mut b, mut d) = (1.0_f32, 3.0_f64);
    let values = &mut [
        pointer_to(&mut a),
        pointer_to(&mut b),
        pointer_to(&mut c),
        pointer_to(&mut d),
        pointer_to(&mut e),
        pointer_to(&mut f),
        pointer_to(&mut g),
        pointer_to(&mut h),
        pointer_to(&mut i),
        pointer_to(&mut j),
    ];
    assert_eq!(f64::from_bits(call(&cif, digits as *const (), values)[0]), 12_345_678.0 + 0.25 + 0.1875);
}

#[test]
fn an_interface_is_used_by_several_threads_at_once() {
    let cif = Cif::new(&mixed_type(), &[mixed_type()]).unwrap();
    std::thread::scope(|scope| {
        for tag in 0..2 {
            let cif = &cif;
            scope.spawn(move || {
                let mut value = Mixed { tag, weight: 1.0, counts: [0; 3] };
                let mut result = [0_u64; 4];
                let mut values = [pointer_to(&mut value)];
                // SAFETY: `twice` has the signature prepared, and the result is larger than its type.
                unsafe { cif.call(code(twice as *const ()), result.as_mut_ptr().cast(), values.as_mut_ptr()) };
                assert_eq!(result[0].to_ne_bytes()[0], tag * 2);
            });
        }
    });
}

#[test]
fn layouts_are_those_of_c() {
    let layout = |fields: &[AbiType]| size_align(&AbiType::Struct(fields.to_vec())).unwrap();
    assert_eq!(size_align(&AbiType::Void), Ok((0, 1)));
    assert_eq!(size_align(&AbiType::U16), Ok((2, 2)));
    assert_eq!(size_align(&AbiType::Pointer), Ok((size_of::<usize>(), align_of::<usize>())));
    assert_eq!(layout(&[AbiType::U8]), (1, 1));
    assert_eq!(layout(&[AbiType::U8, AbiType::U32, AbiType::U8]), (12, 4));
    assert_eq!(size_align(&mixed_type()), Ok((size_of::<Mixed>(), align_of::<Mixed>())));
    assert_eq!(layout(&[AbiType::U8, mixed_type(), AbiType::U8]), (size_of::<Mixed>() + 16, 8));
}

#[test]
fn types_that_cannot_be_passed_are_refused() {
    assert!(Cif::new(&AbiType::Void, &[AbiType::Void]).is_err());
    assert!(Cif::new(&AbiType::Void, &[AbiType::Struct(vec![])]).is_err());
    assert!(size_align(&AbiType::Struct(vec![AbiType::I32, AbiType::Void])).is_err());
}
