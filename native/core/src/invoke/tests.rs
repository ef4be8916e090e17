//! Both engines make the same calls from the same frames, and refuse what they cannot make.

use std::ptr::NonNull;

use super::{Choice, Engine};
use crate::error::{Code, Result};
use crate::frame::{CallStack, Field, Frame};
use crate::library::{Library, Symbol};
use crate::plan::{CallPlan, Options};
use crate::signature::read_signature;

const BOTH: [Choice; 2] = [Choice::Fastest, Choice::Libffi];

/// Some call stack, all of it one frame.
struct Stack {
    frame: Frame,
    _memory: Vec<u128>,
}

impl Stack {
    fn new(size: usize) -> Stack {
        let mut memory = vec![0u128; size / 16];
        let base = NonNull::new(memory.as_mut_ptr().cast()).unwrap();
        // SAFETY: `size` initialised bytes, aligned as `u128` is, that `_memory` keeps as long as the frame.
        let stack = unsafe { CallStack::new(base, size) };
        Stack { frame: stack.top().unwrap(), _memory: memory }
    }
}

fn engine(text: &str, choice: Choice, options: Options) -> Result<Engine> {
    Engine::new(CallPlan::compile(text, &read_signature(text)?, options)?, choice)
}

fn symbol(name: &str) -> Symbol {
    Library::open(None).unwrap().function(name, true).unwrap()
}

/// Calls a function of the C library on an engine; the frame afterwards.
fn call(name: &str, text: &str, choice: Choice, options: Options, words: &[u64]) -> Stack {
    let stack = Stack::new(1024);
    let engine = engine(text, choice, options).unwrap();
    for (word, parameter) in words.iter().zip(&engine.plan().parameters) {
        stack.frame.set_long(parameter.offset, *word);
    }
    engine.execute(symbol(name), stack.frame).unwrap();
    stack
}

fn result(name: &str, text: &str, choice: Choice, words: &[u64]) -> u64 {
    call(name, text, choice, Options::default(), words).frame.long(CallPlan::RESULT)
}

#[test]
fn both_engines_pass_and_return_integers() {
    for choice in BOTH {
        assert_eq!(
            result("abs", "i32(i32)", choice, &[u64::from(i32::MIN.cast_unsigned() + 1)]) as u32,
            i32::MAX as u32
        );
        assert_eq!(result("labs", "i64(i64)", choice, &[i64::MIN.cast_unsigned() + 1]), i64::MAX as u64);
        assert_eq!(result("toupper", "i32(i32)", choice, &[u64::from(b'q')]) as u32, u32::from(b'Q'));
    }
}

#[test]
fn both_engines_pass_and_return_floats_among_integers() {
    for choice in BOTH {
        let scaled = result("ldexp", "f64(f64,i32)", choice, &[1.5f64.to_bits(), 4]);
        assert_eq!(f64::from_bits(scaled), 24.0);
        let signed =
            result("copysignf", "f32(f32,f32)", choice, &[2.5f32.to_bits().into(), (-1.0f32).to_bits().into()]);
        assert_eq!(f32::from_bits(signed as u32), -2.5);
    }
}

#[test]
fn libffi_returns_structs_by_value_whatever_was_chosen() {
    for choice in BOTH {
        let text = "{i64,i64}(i64,i64)";
        assert_eq!(engine(text, choice, Options::default()).unwrap().name(), "libffi");
        let stack = call("ldiv", text, choice, Options::default(), &[(-17i64).cast_unsigned(), 5]);
        let [quotient, remainder] = [0, 8].map(|at| stack.frame.long(CallPlan::RESULT + at).cast_signed());
        assert_eq!((quotient, remainder), (-3, -2));
    }
}

#[cfg(unix)]
#[test]
fn errno_is_kept_only_where_it_is_asked_for() {
    for choice in BOTH {
        for (errno, expected) in [(true, libc::EBADF), (false, 0)] {
            let stack = call("dup", "i32(i32)", choice, Options { errno, free_result: false }, &[u64::from(u32::MAX)]);
            assert_eq!(stack.frame.word(CallPlan::RESULT), u32::MAX);
            assert_eq!(stack.frame.get(Field::Errno), expected.cast_unsigned());
        }
    }
}

#[cfg(any(all(unix, target_arch = "x86_64"), all(target_os = "linux", target_arch = "aarch64")))]
#[test]
fn the_direct_engine_makes_what_it_can_unless_libffi_is_forced() {
    let many = format!("i32({})", ["i64"; 22].join(","));
    let too_many = format!("i32({})", ["i64"; 25].join(","));
    for (text, expected) in [("void()", "direct"), ("str(ptr,f32)", "direct"), (&many, "direct"), (&too_many, "libffi")]
    {
        let fastest = engine(text, Choice::Fastest, Options::default()).unwrap();
        assert_eq!(
            (fastest.name(), fastest.direct(symbol("abs")).is_some()),
            (expected, expected == "direct"),
            "{text}"
        );
        let forced = engine(text, Choice::Libffi, Options::default()).unwrap();
        assert_eq!((forced.name(), forced.direct(symbol("abs")).is_some()), ("libffi", false));
    }
}

#[test]
fn by_value_types_that_libffi_would_pass_wrongly_are_refused() {
    for text in ["i32(<u8,f64>)", "i32({#1;u8,i32})", "<i32,f32>()", "{@64;i32}()", "void({[70000]u8})"] {
        for choice in BOTH {
            assert_eq!(engine(text, choice, Options::default()).unwrap_err().code, Code::Signature, "{text}");
        }
    }
}

#[test]
fn a_frame_that_does_not_reach_far_enough_is_not_called() {
    for choice in BOTH {
        let stack = Stack::new(32);
        let refused = engine("i32(i32)", choice, Options::default()).unwrap().execute(symbol("abs"), stack.frame);
        assert_eq!(refused, Err(Code::StackOverflow));
    }
}

#[test]
fn variadic_calls_go_through_libffi_and_tell_how_many_float_registers_they_use() {
    let mut room = [0u8; 64];
    let words =
        [room.as_mut_ptr() as u64, 64, c"%d %.1f %s".as_ptr() as u64, 7, 2.5f64.to_bits(), c"x".as_ptr() as u64];
    for choice in BOTH {
        let text = "i32(ptr,u64,ptr;i32,f64,ptr)";
        assert_eq!(engine(text, choice, Options::default()).unwrap().name(), "libffi");
        assert_eq!(result("snprintf", text, choice, &words) as u32, 7);
        assert_eq!(&room[..8], b"7 2.5 x\0");
        room.fill(0);
    }
}
