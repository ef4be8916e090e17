//! Turns a frame's slots into registers through typed function pointers: the engine for scalars and pointers.
//!
//! On System V x86-64 and AAPCS64 each register class is filled on its own, so one function type with enough integer and
//! float parameters serves every mix of them, in any order: what the callee does not declare, it does not look at.
//! A slot is read as two 4-byte halves: JavaScript has just written it in halves, and a wider load would stall on them.

use std::ffi::c_void;

use crate::error::Code;
use crate::frame::Frame;
use crate::plan::{CallPlan, Registers};

/// One slot, as JavaScript wrote it.
type Slot = [u32; 2];

const _: () =
    assert!((Registers::OFFSET as usize).is_multiple_of(size_of::<Slot>()), "slots follow each other from the base on");

/// # Safety
/// - Slot `i` of the group lies inside the call stack.
#[inline(always)]
unsafe fn word(group: *const Slot, i: usize) -> u64 {
    let low = group.wrapping_add(i).cast::<u32>();
    // Volatile, or the compiler makes one load of the two.
    // SAFETY: the caller promises that the slot is inside the call stack, whose bytes are always initialised.
    let half = unsafe { low.read_volatile() };
    // SAFETY: as above; the other half of the same slot.
    let other = unsafe { low.wrapping_add(1).read_volatile() };
    u64::from(half) | u64::from(other) << 32
}

/// Calls the code with slots of each class (integers, floats, stack), returns the result register's bits.
pub(super) type Caller = unsafe fn(*const c_void, *const Slot, *const Slot, *const Slot) -> u64;

/// A register that carries a result.
trait Register: Copy {
    fn bits(self) -> u64;
}

impl Register for u64 {
    fn bits(self) -> u64 {
        self
    }
}

impl Register for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

macro_rules! kind {
    ($type:ty, $index:tt) => {
        $type
    };
}

/// One caller: `[integers] [floats] [stack]` are the indices of the slots it passes.
macro_rules! caller {
    ($result:ty; [$($i:tt)*] [$($f:tt)*] [$($s:tt)*]) => {{
        unsafe fn call(code: *const c_void, integers: *const Slot, floats: *const Slot, stack: *const Slot) -> u64 {
            // A caller without slots of a class does not look at that group.
            let _ = (integers, floats, stack);
            type Function = unsafe extern "C-unwind" fn($(kind!(u64, $i),)* $(kind!(f64, $f),)* $(kind!(u64, $s),)*) -> $result;
            // SAFETY: `code` is a function's address (S4), and a function pointer has the size of an address. That its
            // real type passes through these registers is the plan's business.
            let function: Function = unsafe { std::mem::transmute(code) };
            // SAFETY: the plan counted at most this many slots in each class, and the frame behind the slots is longer
            // than the largest caller needs (checked by `execute`); calling C as the signature says is what the user
            // asked for (S5).
            let value = unsafe {
                function(
                    $(word(integers, $i),)*
                    $(f64::from_bits(word(floats, $f)),)*
                    $(word(stack, $s),)*
                )
            };
            Register::bits(value)
        }
        call as Caller
    }};
}

/// The callers of one integer count for each float count.
macro_rules! by_floats {
    ($result:ty; $floats:expr; $($i:tt)*) => {
        match $floats {
            0 => caller!($result; [$($i)*] [] []),
            1 => caller!($result; [$($i)*] [0] []),
            2 => caller!($result; [$($i)*] [0 1] []),
            3 | 4 => caller!($result; [$($i)*] [0 1 2 3] []),
            _ => caller!($result; [$($i)*] [0 1 2 3 4 5 6 7] []),
        }
    };
}

/// The callers of all register slots for each stack count.
macro_rules! by_stack {
    ($result:ty; $stack:expr; $($i:tt)*) => {
        match $stack {
            1..=4 => caller!($result; [$($i)*] [0 1 2 3 4 5 6 7] [0 1 2 3]),
            5..=8 => caller!($result; [$($i)*] [0 1 2 3 4 5 6 7] [0 1 2 3 4 5 6 7]),
            _ => caller!($result; [$($i)*] [0 1 2 3 4 5 6 7] [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]),
        }
    };
}

macro_rules! by_integers {
    ($result:ty; $registers:expr) => {
        match ($registers.stack, $registers.integers) {
            (0, 0) => by_floats!($result; $registers.floats; ),
            (0, 1) => by_floats!($result; $registers.floats; 0),
            (0, 2) => by_floats!($result; $registers.floats; 0 1),
            (0, 3) => by_floats!($result; $registers.floats; 0 1 2),
            (0, 4) => by_floats!($result; $registers.floats; 0 1 2 3),
            (0, 5 | 6) => by_floats!($result; $registers.floats; 0 1 2 3 4 5),
            #[cfg(target_arch = "aarch64")]
            (0, _) => by_floats!($result; $registers.floats; 0 1 2 3 4 5 6 7),
            #[cfg(target_arch = "aarch64")]
            (stack, _) => by_stack!($result; stack; 0 1 2 3 4 5 6 7),
            #[cfg(not(target_arch = "aarch64"))]
            (stack, _) => by_stack!($result; stack; 0 1 2 3 4 5),
        }
    };
}

/// The smallest caller that covers a plan's registers.
fn caller_for(registers: &Registers) -> Caller {
    if registers.float_result { by_integers!(f64; registers) } else { by_integers!(u64; registers) }
}

/// A call that is decided but for its frame: everything in one small copy.
#[derive(Debug, Clone, Copy)]
pub struct DirectCall {
    code: *const c_void,
    caller: Caller,
    integers: u32,
    floats: u32,
    /// Bytes of call stack that the frame needs: its own, and what the caller may read behind it.
    reach: u32,
}

impl DirectCall {
    pub(super) fn new(code: *const c_void, registers: &Registers, frame_size: u32) -> DirectCall {
        DirectCall {
            code,
            caller: caller_for(registers),
            integers: registers.integers,
            floats: registers.floats,
            reach: frame_size.max(Registers::OFFSET + REACH),
        }
    }

    /// Makes the call, and leaves in the frame what it returns. The library of the code stays loaded meanwhile, and the frame's references are addresses by now.
    ///
    /// # Errors
    /// `ERR_FFI_STACK_OVERFLOW` when the frame does not reach as far as the caller looks.
    #[inline]
    pub fn execute(&self, frame: Frame) -> Result<u64, Code> {
        if frame.capacity() < self.reach as usize {
            return Err(Code::StackOverflow);
        }
        let first = Registers::OFFSET as usize / size_of::<Slot>();
        let integers = frame.base().cast::<Slot>().as_ptr().wrapping_add(first).cast_const();
        let floats = integers.wrapping_add(self.integers as usize);
        let stack = floats.wrapping_add(self.floats as usize);
        // SAFETY: the caller was chosen for these registers, and the frame reaches as far as any caller reads (the check
        // above); code and signature are as S4 and S5 say.
        let result = unsafe { (self.caller)(self.code, integers, floats, stack) };
        frame.set_long(CallPlan::RESULT, result);
        Ok(result)
    }
}

/// How many bytes behind the first slot any caller may read: all classes full.
const REACH: u32 = (8 + 8 + 16) * 8;

/// A frame of this capacity reaches as far as any caller looks.
pub const LEAST_CAPACITY: usize = (Registers::OFFSET + REACH) as usize;
