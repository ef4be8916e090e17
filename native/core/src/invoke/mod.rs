//! Turns a prepared frame into the foreign call itself, by the engine that the plan was given.

mod direct;
mod libffi;
#[cfg(test)]
mod tests;

use crate::error::{Code, Result};
use crate::frame::{Field, Frame};
use crate::library::Symbol;
use crate::plan::{CallPlan, Registers};
use crate::sys::errno;
use crate::sys::libffi::Cif;

/// Which engine a plan may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// `direct` where it can, `libffi` elsewhere.
    Fastest,
    /// Always `libffi` (`FFI_ENGINE=libffi`).
    Libffi,
}

/// A plan with the engine that runs it. Immutable; owns what libffi needs; belongs to one environment's thread.
#[derive(Debug)]
pub struct Engine {
    plan: CallPlan,
    run: Run,
}

#[derive(Debug)]
enum Run {
    Direct(direct::Caller, Registers),
    Libffi(Cif),
}

impl Engine {
    /// Gives a plan its engine.
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE` when no engine can make the call.
    pub fn new(plan: CallPlan, choice: Choice) -> Result<Engine> {
        let run = match plan.registers {
            Some(registers) if choice == Choice::Fastest => Run::Direct(direct::caller_for(&registers), registers),
            _ => Run::Libffi(libffi::prepare(&plan)?),
        };
        Ok(Engine { plan, run })
    }

    /// The plan.
    #[inline]
    #[must_use]
    pub fn plan(&self) -> &CallPlan {
        &self.plan
    }

    /// `direct` or `libffi`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.run {
            Run::Direct(..) => "direct",
            Run::Libffi(_) => "libffi",
        }
    }

    /// How many bytes of call stack a frame of this plan needs: its own, and what the engine may read behind it.
    #[must_use]
    pub fn reach(&self) -> u32 {
        match self.run {
            Run::Direct(..) => self.plan.frame_size.max(Registers::OFFSET + direct::REACH),
            Run::Libffi(_) => self.plan.frame_size,
        }
    }

    /// Makes the call. The symbol belongs to a library that the caller has acquired, and the frame's references are
    /// addresses by now.
    ///
    /// # Errors
    /// `ERR_FFI_STACK_OVERFLOW` when the frame does not reach as far as the engine looks.
    #[inline]
    pub fn execute(&self, symbol: Symbol, frame: Frame) -> std::result::Result<(), Code> {
        if frame.capacity() < self.reach() as usize {
            return Err(Code::StackOverflow);
        }
        if self.plan.options.errno {
            errno::clear();
        }
        match &self.run {
            Run::Direct(caller, registers) => {
                let base = frame.base().as_ptr();
                let slots = direct::Slots::new(base.wrapping_add(Registers::OFFSET as usize), registers);
                let result = base.wrapping_add(CallPlan::RESULT as usize).cast();
                // SAFETY: the caller was chosen for these registers; the frame reaches as far as any caller reads (the
                // check above); symbol and signature are as S4 and S5 say.
                unsafe { caller(symbol.address(), slots, result) }
            }
            // SAFETY: the cif was prepared from this very plan, and the frame holds its slots (`capacity` above).
            Run::Libffi(cif) => unsafe { libffi::call(cif, &self.plan, symbol.address(), frame) },
        }
        if self.plan.options.errno {
            frame.set(Field::Errno, errno::get().cast_unsigned());
        }
        Ok(())
    }
}
