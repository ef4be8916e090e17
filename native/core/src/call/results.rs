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
    /// The result is this string; `bytes()` of the runtime has it. NULL is none.
    Text(Option<memory::Text>),
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

    pub(super) fn finish_handle(&mut self, frame: Frame) -> Result<Outcome> {
        let handle = self.memory.adopt(frame.long(CallPlan::RESULT) as usize)?;
        frame.set_word(CallPlan::RESULT, handle.slot);
        frame.set_word(CallPlan::RESULT + 4, handle.generation);
        Ok(Outcome::InFrame)
    }

    pub(super) fn finish_text(&mut self, frame: Frame, free: bool) -> Result<Outcome> {
        let address = frame.long(CallPlan::RESULT) as usize;
        if address == 0 {
            return Ok(Outcome::Text(None));
        }
        let text = memory::measure(address, self.memory.extent_at(address))?;
        self.bytes.clear();
        memory::append(&mut self.bytes, address, text.length)?;
        if free {
            self.memory.free_result(vec![address])?;
        }
        Ok(Outcome::Text(Some(text)))
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
