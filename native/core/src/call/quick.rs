//! The quick form of a call: one small copy holds all of it, so nothing is counted and nothing is looked up again.

use super::function::After;
use super::{NO_POSITION, Outcome, Runtime, refuse};
use crate::frame::{Field, Frame};
use crate::invoke::DirectCall;
use crate::memory::View;

/// A call between `begin_quick` and `finish_quick`. Its library is kept loaded by `Runtime::current`.
#[derive(Debug, Clone, Copy)]
pub struct Quick {
    call: DirectCall,
    after: After,
    frame: Frame,
    outer: u32,
}

/// The call on top of the call stack has no quick form.
#[derive(Debug, Clone, Copy)]
pub struct NotQuick;

impl Quick {
    /// Makes the call and sets the frame's status. The runtime is not borrowed meanwhile.
    #[inline]
    #[must_use]
    pub fn execute(mut self) -> Quick {
        match self.call.execute(self.frame) {
            Ok(()) => self.frame.set(Field::Status, 0),
            Err(code) => {
                refuse(self.frame, code, NO_POSITION);
                self.after = After::Nothing;
            }
        }
        self
    }
}

impl Runtime {
    /// As `begin_quick`, for a function whose frame needs neither preparation nor decoding; none for any other.
    #[inline]
    pub fn begin_plain(&mut self) -> Option<Quick> {
        let number = self.stack.function();
        let function = self.functions.get(number).filter(|function| function.plain)?;
        let (call, after) = function.quick?;
        let frame = self.stack.top()?;
        let outer = std::mem::replace(&mut self.current, number);
        Some(Quick { call, after, frame, outer })
    }

    /// As `finish`, for such a call.
    #[inline]
    pub fn finish_plain(&mut self, quick: Quick) {
        self.leave(quick.outer);
    }

    /// As `begin`, for a function with a quick call; `Err` for any other. `Ok(None)` is a refusal.
    ///
    /// # Errors
    /// Says nothing but that `begin` must be asked.
    #[inline]
    pub fn begin_quick(&mut self, views: &[View]) -> std::result::Result<Option<Quick>, NotQuick> {
        let number = self.stack.function();
        let function = self.functions.get(number).ok_or(NotQuick)?;
        let (call, after) = function.quick.ok_or(NotQuick)?;
        let frame = self.stack.top().ok_or(NotQuick)?;
        if function.prepares {
            let mut position = NO_POSITION;
            if let Err(code) = self.prepare_arguments(function.engine.plan(), frame, views, &mut position) {
                refuse(frame, code, position);
                return Ok(None);
            }
        }
        let outer = std::mem::replace(&mut self.current, number);
        Ok(Some(Quick { call, after, frame, outer }))
    }

    /// As `finish`, for such a call.
    #[inline]
    pub fn finish_quick(&mut self, quick: Quick) -> Outcome {
        self.leave(quick.outer);
        let outcome = match quick.after {
            After::Nothing => return Outcome::InFrame,
            After::AdoptHandle => self.finish_handle(quick.frame),
            After::ReadText { free } => self.finish_text(quick.frame, free),
        };
        self.conclude(quick.frame, outcome)
    }
}
