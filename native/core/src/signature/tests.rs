//! Reads what the grammar allows, refuses the rest with the place.

use super::{Scalar, Target, Type, read_signature, read_type};
use crate::error::Code;

#[test]
fn reads_every_scalar_by_its_name() {
    for scalar in Scalar::ALL {
        assert_eq!(read_type(scalar.name()), Ok(Type::Scalar(*scalar)));
    }
}

#[test]
fn reads_nested_types() {
    let Ok(Type::Struct(outer)) = read_type("{i32,*{str,[2]ptr},<u8,f64>}") else { panic!("a struct") };
    assert_eq!(outer.members.len(), 3);
    let Type::Pointer(Target::To(inner)) = &outer.members[1] else { panic!("a pointer") };
    let Type::Struct(inner) = inner.as_ref() else { panic!("a struct") };
    assert_eq!(inner.members[1], Type::Array(Box::new(Type::Pointer(Target::Opaque)), 2));
    assert!(matches!(outer.members[2], Type::Union(_)));
}

#[test]
fn reads_overrides() {
    let Ok(Type::Struct(packed)) = read_type("{#1;@8;u8,u32}") else { panic!("a struct") };
    assert_eq!((packed.pack, packed.align), (Some(1), Some(8)));
}

#[test]
fn reads_signatures() {
    let signature = read_signature("void()").unwrap();
    assert_eq!(signature.result, Type::Scalar(Scalar::Void));
    assert!(signature.parameters.is_empty());
    assert_eq!(read_signature("i32(i32,str)").unwrap().parameters.len(), 2);
}

#[test]
fn refuses_what_it_does_not_know() {
    let deep = "*".repeat(100) + "i32";
    for text in ["", "i33", "i32", "(i32)", "i32(void)", "i32(i32", "i32(i32,)", "i32()x", "*void()", "[4](i32)"] {
        assert_eq!(read_signature(text).unwrap_err().code, Code::Signature, "{text}");
    }
    for text in ["{}", "[99999999999]i32", "[-1]i32", "{#3;i32}", "*void", "{i32;}", "é", deep.as_str()] {
        assert_eq!(read_type(text).unwrap_err().code, Code::Signature, "{text}");
    }
}

#[test]
fn reads_variadic_tails() {
    let call = read_signature("i32(ptr,u64,str;i32,f64)").unwrap();
    assert_eq!((call.parameters.len(), call.fixed), (5, Some(3)));
    let empty = read_signature("i32(str;)").unwrap();
    assert_eq!((empty.parameters.len(), empty.fixed), (1, Some(1)));
    assert_eq!(read_signature("i32(str)").unwrap().fixed, None);
}

#[test]
fn refuses_tails_that_no_c_compiler_passes() {
    for text in
        ["i32(;i32)", "i32(;)", "i32(str;i32;i32)", "i32(str;f32)", "i32(str;u16)", "i32(str;bool)", "i32(str;void)"]
    {
        assert_eq!(read_signature(text).unwrap_err().code, Code::Signature, "{text}");
    }
}
