//! Turns a prepared frame into the foreign call itself, by the engine that the plan was given.

mod direct;
mod libffi;
mod release;
#[cfg(test)]
mod tests;

pub use direct::{DirectCall, LEAST_CAPACITY};
pub use libffi::interface;
pub use release::call_release;

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
    Direct(Registers),
    Libffi(Cif),
}

impl Engine {
    /// Gives a plan its engine.
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE` when no engine can make the call.
    pub fn new(plan: CallPlan, choice: Choice) -> Result<Engine> {
        let run = match plan.registers {
            Some(registers) if choice == Choice::Fastest => Run::Direct(registers),
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
            Run::Direct(_) => "direct",
            Run::Libffi(_) => "libffi",
        }
    }

    /// The call of a symbol by the direct engine, if that is this plan's.
    #[must_use]
    pub fn direct(&self, symbol: Symbol) -> Option<DirectCall> {
        match &self.run {
            Run::Direct(registers) => Some(DirectCall::new(symbol.address(), registers, self.plan.frame_size)),
            Run::Libffi(_) => None,
        }
    }

    /// Makes the call. The symbol's library stays loaded meanwhile, and the frame's references are addresses by now.
    ///
    /// # Errors
    /// `ERR_FFI_STACK_OVERFLOW` when the frame does not reach as far as the engine looks.
    #[inline(always)]
    pub fn execute(&self, symbol: Symbol, frame: Frame) -> std::result::Result<(), Code> {
        if frame.capacity() < self.plan.frame_size as usize {
            return Err(Code::StackOverflow);
        }
        let keep_errno = self.plan.options.errno;
        if keep_errno {
            errno::clear();
        }
        match &self.run {
            Run::Direct(registers) => {
                DirectCall::new(symbol.address(), registers, self.plan.frame_size).execute(frame)?;
            }
            // SAFETY: the cif was prepared from this very plan, and the frame holds its slots (`capacity` above); symbol
            // and signature are as S4 and S5 say.
            Run::Libffi(cif) => unsafe { libffi::call(cif, &self.plan, symbol.address(), frame) },
        }
        if keep_errno {
            frame.set(Field::Errno, errno::get().cast_unsigned());
        }
        Ok(())
    }
}
