//! Turns what C returned into what the front end decodes.

use super::{NO_POSITION, Runtime, refuse};
use crate::error::Result;
use crate::frame::{Field, Frame};
use crate::memory::{self, Gather};
use crate::plan::CallPlan;

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

    pub(super) fn finish_handle(&mut self, frame: Frame, address: u64) -> Result<Outcome> {
        let handle = self.memory.adopt(address as usize)?;
        frame.set_word(CallPlan::RESULT, handle.slot);
        frame.set_word(CallPlan::RESULT + 4, handle.generation);
        Ok(Outcome::InFrame)
    }

    /// Leaves a string as `CallPlan::RESULT` says: its length and its bytes, or where else it is.
    pub(super) fn finish_text(&mut self, frame: Frame, address: u64, free: bool) -> Result<Outcome> {
        let address = address as usize;
        if address == 0 {
            frame.set_word(CallPlan::RESULT, CallPlan::NO_TEXT);
            return Ok(Outcome::InFrame);
        }
        let text = memory::measure(address, self.memory.extent_at(address))?;
        // An argument that C gave back would be overwritten before it is copied.
        let elsewhere = !self.memory.is_transient(address) && frame.capacity() >= CallPlan::TEXT_END as usize;
        if text.ascii && text.length <= CallPlan::TEXT_SIZE && elsewhere {
            (CallPlan::TEXT..CallPlan::TEXT_END).step_by(8).for_each(|at| frame.set_long(at, 0));
            frame.fetch(CallPlan::TEXT, address, text.length)?;
            frame.set_word(CallPlan::RESULT, text.length as u32);
        } else {
            self.bytes.clear();
            memory::append(&mut self.bytes, address, text.length)?;
            self.ascii = text.ascii;
            frame.set_word(CallPlan::RESULT, CallPlan::KEPT_TEXT);
        }
        if free {
            self.memory.free_result(vec![address])?;
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
