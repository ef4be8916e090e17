//! Turns what JavaScript left in a callback's frame into the bytes that C gets.

use std::sync::Arc;

use super::arguments::relocate_image;
use super::callback::Entered;
use super::guarded::alignment;
use super::{NO_POSITION, Runtime, refuse};
use crate::closure::{CallbackPlan, Returns};
use crate::error::{Code, Refusal, Result};
use crate::frame::Field;
use crate::memory::{Image, View, data_address};
use crate::plan::Layout;
use crate::registry::Handle;

/// C gets zero; the frame's status says why, for JavaScript to report.
#[derive(Debug, Clone, Copy)]
pub struct Refused;

impl Runtime {
    /// What C gets: JavaScript has run the function. On refusal JavaScript has to run the frame once more, to report it.
    ///
    /// # Errors
    /// [`Refused`], with the frame's status.
    #[inline]
    pub fn answer(
        &mut self,
        entered: &Entered,
        views: &[View],
        give: &mut dyn FnMut(&[u8]),
    ) -> std::result::Result<(), Refused> {
        let frame = entered.frame;
        let Some(plan) =
            self.closures.running(entered.number).filter(|_| entered.live && frame.get(Field::Status) == 0)
        else {
            if frame.get(Field::Errno) == 0 && frame.get(Field::Status) != Code::CallbackReleased as u32 {
                self.fail();
            }
            return Ok(());
        };
        let converted = match plan.returns {
            Returns::Nothing => return Ok(()),
            Returns::Scalar(widths) => {
                widths.give(frame.long(CallbackPlan::RESULT), give);
                return Ok(());
            }
            Returns::Handle => {
                let (slot, generation) = frame.pair(CallbackPlan::RESULT);
                let address = self.memory.resolve(Handle { slot, generation });
                address.map(|address| give(&address.to_ne_bytes())).map_err(Refusal::from)
            }
            Returns::Data | Returns::Value => {
                let plan = Arc::clone(plan);
                self.convert_data(entered, &plan, views, give)
            }
        };
        converted.map_err(|refusal| {
            self.explanation = refusal.message;
            refuse(frame, refusal.code, NO_POSITION);
            self.announce(entered);
            Refused
        })
    }

    /// Copies what the result refers to into a block that the callback keeps.
    fn convert_data(
        &mut self,
        entered: &Entered,
        plan: &CallbackPlan,
        views: &[View],
        give: &mut dyn FnMut(&[u8]),
    ) -> Result<()> {
        let mut frame = entered.frame;
        let (fields, reference) = (frame, frame.pair(CallbackPlan::RESULT));
        if reference == (0, 0) {
            return Ok(());
        }
        let source = frame.scratch(plan.frame_size, views)?;
        self.memory.end_result(self.closures.take_kept(entered.number))?;
        // One value ends where its type allows; several are followed by the list of what refers to them.
        let is_single = fields.get(Field::FixupCount) == 0;
        let align = if is_single { alignment(source.bytes.len()) } else { size_of::<usize>() };
        let mut block = self.memory.result_block(source.bytes.len(), align).ok_or(Code::OutOfMemory)?;
        let origin = block.address().wrapping_sub(plan.frame_size as usize);
        block.bytes_mut()[..source.bytes.len()].copy_from_slice(source.bytes);
        let mut image = Image { bytes: block.bytes_mut(), start: plan.frame_size, origin };
        relocate_image(&mut image, fields, views, &self.memory)?;
        let address = data_address(Some(&image), reference, &[])?;
        if plan.returns == Returns::Data {
            give(&address.to_ne_bytes());
        } else {
            give(value_at(&image, reference.0, &plan.result)?);
        }
        self.closures.keep(entered.number, block);
        Ok(())
    }
}

fn value_at<'i>(image: &'i Image<'_>, offset: u32, layout: &Layout) -> Result<&'i [u8]> {
    let from = offset.checked_sub(image.start).ok_or(Code::Internal)? as usize;
    Ok(image.bytes.get(from..from + layout.size as usize).ok_or(Code::Internal)?)
}
