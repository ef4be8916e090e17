//! Layouts by hand, register assignment by the System V rules.

use super::{CallPlan, Layout, Options, ResultForm, Slot};
use crate::error::Code;
use crate::signature::{Scalar, read_signature, read_type};

fn layout(text: &str) -> Layout {
    Layout::of(&read_type(text).unwrap()).unwrap()
}

fn plan(text: &str) -> CallPlan {
    CallPlan::compile(text, &read_signature(text).unwrap(), Options::default()).unwrap()
}

fn numbers(text: &str) -> Vec<u32> {
    let mut out = Vec::new();
    layout(text).describe(&mut out);
    out
}

#[test]
fn pads_members_and_the_tail() {
    assert_eq!(numbers("{u8,f64,u8}"), [24, 8, 0, 1, 1, 8, 8, 8, 16, 1, 1]);
    assert_eq!(layout("{[3]u8,i16}").size, 6);
    assert_eq!(layout("{u8,{u8,i32},u8}").size, 16);
}

#[test]
fn honours_packing_alignment_and_unions() {
    assert_eq!((layout("{#1;u8,u32}").size, layout("{#1;u8,u32}").align), (5, 1));
    assert_eq!((layout("{@16;u8}").size, layout("{@16;u8}").align), (16, 16));
    assert_eq!((layout("<u8,f64,[3]i32>").size, layout("<u8,f64,[3]i32>").align), (16, 8));
}

#[test]
fn knows_which_types_are_flat() {
    assert!(layout("{u8,[4]{f64}}").flat);
    assert!(!layout("{u8,[4]{str}}").flat);
}

#[test]
fn refuses_types_above_the_limit() {
    for text in ["[4294967295]u8", "[65536][65536]u8", "{[1073741824]u8,u8}"] {
        let refused = Layout::of(&read_type(text).unwrap()).unwrap_err();
        assert_eq!(refused.code, Code::Signature, "{text}");
    }
}

#[test]
fn tells_where_a_pointer_may_be() {
    assert!(!layout("f64").may_hold_pointer(0));
    assert!(!layout("i32").may_hold_pointer(0));
    assert!(layout("i64").may_hold_pointer(0));
    assert!(layout("[16]u8").may_hold_pointer(8));
    assert!(layout("{i32,str}").may_hold_pointer(8));
    assert!(!layout("{i32,str}").may_hold_pointer(0));
}

#[cfg(all(unix, target_arch = "x86_64"))]
#[test]
fn fills_registers_by_class_and_spills_in_order() {
    let mixed = plan("f64(i32,f64,ptr,f32)");
    let offsets: Vec<u32> = mixed.parameters.iter().map(|p| p.offset).collect();
    assert_eq!(offsets, [40, 56, 48, 64]);
    assert_eq!(mixed.handles.as_ref(), [2]);
    let spilled = plan("i32(i32,i32,i32,i32,i32,i32,i32,f64,i32)").registers.unwrap();
    assert_eq!((spilled.integers, spilled.floats, spilled.stack), (6, 1, 2));
}

#[test]
fn leaves_structs_by_value_to_libffi() {
    let by_value = plan("{f64,f64}({f64,f64})");
    assert!(by_value.registers.is_none());
    assert_eq!(by_value.parameters[0].slot, Slot::Aggregate);
    assert_eq!(by_value.parameters[0].offset, 48);
    assert_eq!(by_value.form, ResultForm::Plain);
}

#[test]
fn picks_the_result_form() {
    for (text, form) in [
        ("void()", ResultForm::Plain),
        ("str()", ResultForm::Text),
        ("ptr()", ResultForm::Handle),
        ("wstr()", ResultForm::Gather),
        ("*{i32}()", ResultForm::Gather),
        ("{i32,str}()", ResultForm::Gather),
    ] {
        assert_eq!(plan(text).form, form, "{text}");
    }
}

#[test]
fn refuses_to_free_what_is_not_copied() {
    let options = Options { free_result: true, errno: false };
    for (text, allowed) in [("str()", true), ("i32()", true), ("ptr()", false), ("{i32}()", false)] {
        let compiled = CallPlan::compile(text, &read_signature(text).unwrap(), options);
        assert_eq!(compiled.is_ok(), allowed, "{text}");
    }
}

#[test]
fn prints_itself() {
    let printed = plan("i32(i32,str)").to_string();
    assert!(printed.starts_with("i32(i32,str) frame="), "{printed}");
    assert!(printed.contains(&format!("a0={:?}", Slot::Scalar(Scalar::I32))), "{printed}");
}
