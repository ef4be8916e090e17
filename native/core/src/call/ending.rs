//! Turns a call of the C library's `free` or `realloc` into the end of the record of its argument, or into a refusal.
//!
//! The checks are those of `freePointer` with `CPointer`: glibc answers each of these mistakes by aborting the process.

use super::arguments::Refused;
use super::{NO_POSITION, Runtime};
use crate::error::{Code, Refusal, Result};
use crate::frame::Frame;
use crate::library::Ending;
use crate::plan::CallPlan;
use crate::registry::{Allocator, Handle};

/// The argument that such a function ends.
const FIRST: u32 = 0;

impl Runtime {
    /// Ends the memory of the frame's first argument, still a handle. `free` then gets NULL, which it ignores: the memory goes
    /// when nothing uses it any more. Returns the record that ends when the call is made.
    pub(super) fn end_argument(
        &mut self,
        ending: Ending,
        plan: &CallPlan,
        frame: Frame,
    ) -> std::result::Result<Option<Handle>, Refused> {
        if frame.capacity() < plan.frame_size as usize {
            return Err((Code::StackOverflow, NO_POSITION));
        }
        if !plan.handles.contains(&FIRST) {
            return Ok(None);
        }
        let offset = plan.parameters[FIRST as usize].offset;
        let (slot, generation) = frame.pair(offset);
        let ended = match ending {
            // Its record ends as the signature says; glibc's demands are the same. In a callback C may use it, whatever that says.
            _ if plan.consumed.contains(&FIRST) && self.callbacks_around() == 0 => {
                self.check_end(Handle { slot, generation }).map(|_| None)
            }
            Ending::Frees => self.free_argument(Handle { slot, generation }, frame, offset),
            Ending::Moves => self.movable(Handle { slot, generation }),
        };
        ended.map_err(|refusal| {
            self.explanation = refusal.message;
            (refusal.code, FIRST)
        })
    }

    fn free_argument(&mut self, handle: Handle, frame: Frame, offset: u32) -> Result<Option<Handle>> {
        if let Some(owner) = self.check_end(handle)? {
            self.hold(owner)?;
            self.memory.free(handle, Some(Allocator::C))?;
        }
        frame.set_long(offset, 0);
        Ok(None)
    }

    /// Memory that moves at once cannot be kept for calls that use it.
    fn movable(&mut self, handle: Handle) -> Result<Option<Handle>> {
        let owner = self.check_end(handle)?;
        let callbacks = self.callbacks_around();
        if owner.is_some_and(|owner| self.memory.is_in_use(owner, callbacks)) {
            return Err(Refusal::new(Code::NotOwner, "a call in progress uses it"));
        }
        owner.map_or(Ok(()), |owner| self.memory.check_reach(owner))?;
        Ok(owner)
    }

    fn check_end(&self, handle: Handle) -> Result<Option<Handle>> {
        match self.memory.check_free(handle, Some(Allocator::C)) {
            Ok(owner) => Ok(Some(owner)),
            Err(refusal) if refusal.code == Code::NullPointer => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}
