//! Turns a frame's slots into registers through typed function pointers: the engine for scalars and pointers.
//!
//! On System V x86-64 and AAPCS64 each register class is filled on its own, so one function type with enough integer and
//! float parameters serves every mix of them, in any order: what the callee does not declare, it does not look at.
//! A slot is read as two 4-byte halves: JavaScript has just written it in halves, and a wider load would stall on them.

use std::ffi::c_void;

use crate::plan::Registers;

/// The slots of one frame, grouped by register class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots {
    integers: *const [u32; 2],
    floats: *const [u32; 2],
    stack: *const [u32; 2],
}

impl Slots {
    /// The groups behind `first`, as the plan lays them out.
    pub(super) fn new(first: *const u8, registers: &Registers) -> Slots {
        let integers = first.cast::<[u32; 2]>();
        let floats = integers.wrapping_add(registers.integers as usize);
        Slots { integers, floats, stack: floats.wrapping_add(registers.floats as usize) }
    }

    /// # Safety
    /// - Slot `i` of the group lies inside the call stack.
    #[inline(always)]
    unsafe fn word(group: *const [u32; 2], i: usize) -> u64 {
        // SAFETY: the caller promises that the slot is inside the call stack, whose bytes are always initialised.
        let [low, high] = unsafe { group.wrapping_add(i).read() };
        u64::from(low) | u64::from(high) << 32
    }
}

/// Calls the code with the slots, writes eight bytes of result.
pub(super) type Caller = unsafe fn(*const c_void, Slots, *mut u64);

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
        #[allow(unused_variables, reason = "the caller without arguments looks at no slot")]
        unsafe fn call(code: *const c_void, slots: Slots, result: *mut u64) {
            type Function = unsafe extern "C-unwind" fn($(kind!(u64, $i),)* $(kind!(f64, $f),)* $(kind!(u64, $s),)*) -> $result;
            // SAFETY: `code` is a function's address (S4), and a function pointer has the size of an address. That its
            // real type passes through these registers is the plan's business.
            let function: Function = unsafe { std::mem::transmute(code) };
            // SAFETY: the plan counted at most this many slots in each class, and the frame behind the slots is longer
            // than the largest caller needs (checked by `execute`); calling C as the signature says is what the user
            // asked for (S5).
            let value = unsafe {
                function(
                    $(Slots::word(slots.integers, $i),)*
                    $(f64::from_bits(Slots::word(slots.floats, $f)),)*
                    $(Slots::word(slots.stack, $s),)*
                )
            };
            // SAFETY: `result` is the frame's result slot, eight bytes inside the call stack.
            unsafe { result.write(Register::bits(value)) }
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
pub(super) fn caller_for(registers: &Registers) -> Caller {
    if registers.float_result { by_integers!(f64; registers) } else { by_integers!(u64; registers) }
}

/// How many bytes behind the first slot any caller may read: all classes full.
pub(super) const REACH: u32 = (8 + 8 + 16) * 8;
