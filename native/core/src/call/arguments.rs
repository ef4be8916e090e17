//! Turns what a frame refers to its arguments by (handles, offsets, views) into addresses.

use super::{NO_POSITION, Runtime};
use crate::error::Code;
use crate::frame::{Field, Frame};
use crate::memory::{Image, Memory, View, data_address, relocate};
use crate::plan::CallPlan;
use crate::registry::Handle;

impl Runtime {
    #[inline]
    pub(super) fn prepare_arguments(
        &self,
        plan: &CallPlan,
        mut frame: Frame,
        views: &[View],
        position: &mut u32,
    ) -> std::result::Result<(), Code> {
        if frame.capacity() < plan.frame_size as usize {
            return Err(Code::StackOverflow);
        }
        for i in &plan.handles {
            *position = *i;
            let offset = plan.parameters[*i as usize].offset;
            let (slot, generation) = frame.pair(offset);
            frame.set_long(offset, self.memory.resolve(Handle { slot, generation })? as u64);
        }
        if !plan.data.is_empty() {
            self.prepare_data(plan, &mut frame, views, position)?;
        }
        *position = NO_POSITION;
        Ok(())
    }

    fn prepare_data(
        &self,
        plan: &CallPlan,
        frame: &mut Frame,
        views: &[View],
        position: &mut u32,
    ) -> std::result::Result<(), Code> {
        let slots = *frame;
        let mut image = frame.scratch(plan.frame_size, views)?;
        for i in &plan.data {
            *position = *i;
            let offset = plan.parameters[*i as usize].offset;
            slots.set_long(offset, data_address(&image, slots.pair(offset), views)? as u64);
        }
        *position = NO_POSITION;
        if slots.get(Field::FixupCount) == 0 { Ok(()) } else { relocate_image(&mut image, slots, views, &self.memory) }
    }
}

/// Makes the references absolute that the frame's fixup list names.
pub(super) fn relocate_image(
    image: &mut Image<'_>,
    frame: Frame,
    views: &[View],
    memory: &Memory,
) -> std::result::Result<(), Code> {
    let count = frame.get(Field::FixupCount);
    if count == 0 {
        return Ok(());
    }
    relocate(image, words(image, frame.get(Field::FixupOffset), count)?, views, memory)
}

/// A list of words that the front end left in scratch.
pub(super) fn words(image: &Image<'_>, offset: u32, count: u32) -> std::result::Result<Vec<u32>, Code> {
    let from = offset.checked_sub(image.start).ok_or(Code::Internal)? as usize;
    let bytes = image.bytes.get(from..from + count as usize * 4).ok_or(Code::Internal)?;
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    Ok(bytes.chunks_exact(4).map(word).collect())
}
