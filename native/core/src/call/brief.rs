//! The brief form of a callback: scalars in, a scalar or nothing out, within a call that JavaScript made.

use super::Runtime;
use crate::closure::CallbackPlan;
use crate::closure::trampoline::{Arguments, Place};
use crate::error::Code;
use crate::frame::{Field, Frame};
use crate::sys::crash::Interrupted;

/// Such a callback between `enter_brief` and `exit_brief`: one small copy holds all of it.
#[derive(Debug, Clone, Copy)]
pub struct Brief {
    number: u32,
    frame: Frame,
    offset: u32,
    /// The top of the call stack before.
    outer: u32,
    /// What runs again afterwards.
    before: Interrupted,
}

impl Brief {
    /// Where the frame of the running call is: which call this callback is within.
    #[inline]
    #[must_use]
    pub fn level(&self) -> u32 {
        self.outer
    }

    /// Where the running call's frame ends, with all its scratch.
    #[inline]
    #[must_use]
    pub fn ground(&self) -> u32 {
        self.offset
    }
}

impl Runtime {
    /// As `enter`, for a callback that has a brief form; none for any other, and nothing has happened then. `ground` is
    /// where the running call's frame ends, if an earlier callback of the same call has found that out.
    #[inline]
    pub fn enter_brief(&mut self, number: u32, arguments: &Arguments<'_>, ground: Option<u32>) -> Option<Brief> {
        let plan = self.closures.armed(number, None).filter(|plan| plan.brief)?;
        let function = self.journal.foreign()?;
        let outer = self.stack.offset();
        let offset = ground.unwrap_or_else(|| self.end_of_running(outer, function));
        let frame = self.stack.frame_at(offset, plan.frame_size)?;
        self.begin_frame(frame, number);
        for (i, (at, layout)) in plan.members().iter().enumerate() {
            frame.put(CallbackPlan::START + at, arguments.bytes(i, layout.size as usize));
        }
        let top = offset + plan.frame_size;
        self.show(offset, top);
        self.closures.begin(number);
        Some(Brief { number, frame, offset, outer, before: self.journal.enter_callback() })
    }

    /// The callback is over; if its function ran, C gets what that has left in the frame.
    #[inline]
    pub fn exit_brief(&mut self, brief: &Brief, ran: bool, place: &mut Place<'_>) {
        let Brief { number, frame, outer, before, .. } = *brief;
        self.stack.set_offset(outer);
        self.journal.leave_callback(before);
        let status = frame.get(Field::Status);
        if status != 0 {
            // Its function was let go of while it ran: that is a warning, not a failure.
            if ran && status != Code::CallbackReleased as u32 {
                self.fail();
            }
        } else if ran && let Some(widths) = self.closures.running(number).and_then(|plan| plan.returns.widths()) {
            widths.give(frame.long(CallbackPlan::RESULT), &mut |bytes| place.write(bytes));
        }
        self.closures.end(number);
    }
}
