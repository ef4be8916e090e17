//! The quick form of a call: one small copy holds all of it, so nothing is counted and nothing is looked up again.

use super::arguments::prepare;
use super::function::After;
use super::{NO_POSITION, Outcome, Runtime, refuse};
use crate::frame::{Field, Frame};
use crate::invoke::DirectCall;
use crate::memory::View;

/// A call between `begin_quick` and `finish_quick`. Its library is kept loaded by `Runtime::journal`.
#[derive(Debug, Clone, Copy)]
pub struct Quick {
    call: DirectCall,
    after: After,
    frame: Frame,
    outer: u32,
    /// What C returned.
    result: u64,
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
            Ok(result) => {
                self.result = result;
                self.frame.set(Field::Status, 0);
            }
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
        let outer = self.journal.enter(number);
        Some(Quick { call, after, frame, outer, result: 0 })
    }

    /// As `finish_quick`, for such a call.
    #[inline]
    pub fn finish_plain(&mut self, quick: Quick) {
        self.journal.leave(quick.outer);
        if self.pulse.attention() {
            self.settle(quick.frame);
        }
    }

    /// As `begin`, for a function with a quick call; `Err` for any other. `Ok(None)` is a refusal.
    ///
    /// # Errors
    /// Says nothing but that `begin` must be asked; the frame is as it was.
    #[inline]
    pub fn begin_quick(&mut self, views: &[View]) -> std::result::Result<Option<Quick>, NotQuick> {
        self.begin_if(views, |_| true)
    }

    /// As `begin_quick`, for the door: a call whose end cannot end a record, so that no JavaScript buffer has to be detached,
    /// while no block points to JavaScript buffers: asking where these are makes values of V8's (S13).
    ///
    /// # Errors
    /// As `begin_quick`.
    #[inline]
    pub fn begin_door(&mut self, views: &[View]) -> std::result::Result<Option<Quick>, NotQuick> {
        if self.memory.has_backings() {
            return Err(NotQuick);
        }
        self.begin_if(views, |after| !matches!(after, After::ReadText { free: true }))
    }

    #[inline]
    fn begin_if(
        &mut self,
        views: &[View],
        may: impl FnOnce(After) -> bool,
    ) -> std::result::Result<Option<Quick>, NotQuick> {
        let number = self.stack.function();
        let function = self.functions.get(number).ok_or(NotQuick)?;
        let (call, after) = function.quick.filter(|(_, after)| may(*after)).ok_or(NotQuick)?;
        let frame = self.stack.top().ok_or(NotQuick)?;
        if let Err((code, position)) = prepare(function, &self.memory, frame, views) {
            refuse(frame, code, position);
            return Ok(None);
        }
        let outer = self.journal.enter(number);
        Ok(Some(Quick { call, after, frame, outer, result: 0 }))
    }

    /// As `finish`, for such a call.
    #[inline]
    pub fn finish_quick(&mut self, quick: Quick) -> Outcome {
        self.journal.leave(quick.outer);
        if self.pulse.attention() {
            return self.finish_attended(quick);
        }
        let outcome = self.take(quick);
        self.report(quick.frame, outcome)
    }

    /// After a call that called back, or had to wait: its result may reach nobody, who would have to let go of it.
    #[cold]
    fn finish_attended(&mut self, quick: Quick) -> Outcome {
        let outcome = match quick.after {
            After::AdoptHandle if self.is_failed() => Ok(Outcome::InFrame),
            _ => self.take(quick),
        };
        self.conclude(quick.frame, outcome)
    }

    #[inline(always)]
    fn take(&mut self, quick: Quick) -> crate::error::Result<Outcome> {
        match quick.after {
            After::Nothing => Ok(Outcome::InFrame),
            After::AdoptHandle => self.finish_handle(quick.frame, quick.result),
            After::ReadText { free: false } if self.finish_short_text(quick.frame, quick.result) => {
                Ok(Outcome::InFrame)
            }
            After::ReadText { free } => self.finish_text(quick.frame, quick.result, free),
        }
    }
}
