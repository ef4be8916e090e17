//! Turns what C returned into what the front end decodes.

use super::{NO_POSITION, Runtime, refuse};
use crate::error::Result;
use crate::frame::{Field, Frame};
use crate::memory::{self, Gather, Text};
use crate::plan::{CallPlan, ResultForm};

/// What the front end gets besides what lies in the frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: the frame holds it all.
    InFrame,
    /// The result is in `bytes()` of the runtime, too large for the frame.
    Bytes,
}

impl Runtime {
    #[inline]
    pub(super) fn conclude(&mut self, frame: Frame, outcome: Result<Outcome>) -> Outcome {
        let outcome = self.report(frame, outcome);
        if self.pulse.attention() {
            self.settle(frame);
        }
        outcome
    }

    /// Says in the frame's status how it went.
    #[inline]
    pub(super) fn report(&mut self, frame: Frame, outcome: Result<Outcome>) -> Outcome {
        match outcome {
            Ok(outcome) => {
                frame.set(Field::Status, 0);
                outcome
            }
            Err(refusal) => {
                refuse(frame, refusal.code, NO_POSITION);
                self.explanation = refusal.message;
                Outcome::InFrame
            }
        }
    }

    /// What a call left in its frame, by the form of its result.
    #[inline(always)]
    pub(super) fn decode(&mut self, frame: Frame, plan: &CallPlan) -> Result<Outcome> {
        let left = || frame.long(CallPlan::RESULT);
        match plan.form {
            ResultForm::Plain => Ok(Outcome::InFrame),
            // What a call that throws has returned reaches nobody, who would have to let go of it.
            ResultForm::Handle if self.pulse.attention() && self.is_failed() => Ok(Outcome::InFrame),
            ResultForm::Handle => self.finish_handle(frame, left()),
            ResultForm::Text => self.finish_text(frame, left(), plan.options.free_result),
            ResultForm::Gather => self.finish_gather(frame, plan),
        }
    }

    pub(super) fn finish_handle(&mut self, frame: Frame, address: u64) -> Result<Outcome> {
        let handle = self.memory.adopt(address as usize)?;
        frame.set_word(CallPlan::RESULT, handle.slot);
        frame.set_word(CallPlan::RESULT + 4, handle.generation);
        Ok(Outcome::InFrame)
    }

    /// As `finish_text`, for a short ASCII string outside the call stack. Whether it was one; nothing is done otherwise.
    #[inline]
    pub(super) fn finish_short_text(&self, frame: Frame, address: u64) -> bool {
        let address = address as usize;
        // An argument that C gave back would be overwritten before it is copied.
        if self.memory.is_transient(address) || frame.capacity() < CallPlan::TEXT_END as usize {
            return false;
        }
        let limit = self.memory.extent_at(address).min(CallPlan::TEXT_SIZE + 1);
        let Ok(Text { length, ascii: true }) = memory::measure(address, limit) else { return false };
        (CallPlan::TEXT..CallPlan::TEXT_END).step_by(8).for_each(|at| frame.set_long(at, 0));
        if frame.fetch(CallPlan::TEXT, address, length).is_err() {
            return false;
        }
        frame.set_word(CallPlan::RESULT, length as u32);
        true
    }

    /// Leaves a string as `CallPlan::RESULT` says: its length and its bytes, or where else it is.
    pub(super) fn finish_text(&mut self, frame: Frame, address: u64, free: bool) -> Result<Outcome> {
        if address == 0 {
            frame.set_word(CallPlan::RESULT, CallPlan::NO_TEXT);
            return Ok(Outcome::InFrame);
        }
        if !self.finish_short_text(frame, address) {
            let address = address as usize;
            let text = memory::measure(address, self.memory.extent_at(address))?;
            self.bytes.clear();
            memory::append(&mut self.bytes, address, text.length)?;
            self.ascii = text.ascii;
            frame.set_word(CallPlan::RESULT, CallPlan::KEPT_TEXT);
        }
        if free {
            self.memory.free_result(vec![address as usize])?;
        }
        Ok(Outcome::InFrame)
    }

    pub(super) fn finish_gather(&mut self, frame: Frame, plan: &CallPlan) -> Result<Outcome> {
        self.bytes.clear();
        self.bytes.extend_from_slice(&frame.copy_out(CallPlan::RESULT, plan.result.size));
        let followed = Gather::follow(&mut self.memory, &plan.result, &mut self.bytes)?;
        if plan.options.free_result {
            self.memory.free_result(followed)?;
        }
        Ok(self.deliver(frame, plan.frame_size))
    }

    /// Puts gathered bytes behind the frame's slots if they fit there.
    pub(super) fn deliver(&mut self, frame: Frame, start: u32) -> Outcome {
        if start as usize + self.bytes.len() > frame.capacity() {
            return Outcome::Bytes;
        }
        frame.copy_in(start, &self.bytes);
        frame.set(Field::ScratchEnd, start + self.bytes.len() as u32);
        Outcome::InFrame
    }
}
