//! Turns what a frame refers to its arguments by (handles, offsets, views) into addresses.

use super::NO_POSITION;
use super::function::{Function, Inputs};
use crate::error::Code;
use crate::frame::{Field, Frame};
use crate::memory::{Image, Memory, View, data_address, halves, leads_to_scratch, relocate};
use crate::plan::CallPlan;
use crate::registry::Handle;

/// Why the arguments were refused, and which of them.
pub(super) type Refused = (Code, u32);

/// Makes what a frame refers to its arguments by addresses.
///
/// # Errors
/// What is wrong with the first bad one; C must not be called then.
#[inline]
pub(super) fn prepare(
    function: &Function,
    memory: &Memory,
    frame: Frame,
    views: &[View],
) -> std::result::Result<(), Refused> {
    let Inputs { frame_size, handles, data } = &function.inputs;
    if frame.capacity() < *frame_size as usize {
        return Err((Code::StackOverflow, NO_POSITION));
    }
    for (position, offset) in handles {
        let (slot, generation) = frame.pair(*offset);
        let address = memory.resolve(Handle { slot, generation }).map_err(|code| (code, *position))?;
        frame.set_long(*offset, address as u64);
    }
    if *data { prepare_data(function.engine.plan(), memory, frame, views) } else { Ok(()) }
}

#[inline(never)]
fn prepare_data(
    plan: &CallPlan,
    memory: &Memory,
    mut frame: Frame,
    views: &[View],
) -> std::result::Result<(), Refused> {
    let slots = frame;
    // Scratch is looked at only where something leads there: a lone buffer does not.
    let mut image = None;
    for i in &plan.data {
        let offset = plan.parameters[*i as usize].offset;
        let pair = slots.pair(offset);
        if image.is_none() && leads_to_scratch(pair) {
            image = Some(frame.scratch(plan.frame_size, views).map_err(|code| (code, NO_POSITION))?);
        }
        let address = data_address(image.as_ref(), pair, views).map_err(|code| (code, *i))?;
        slots.set_long(offset, address as u64);
    }
    match image {
        Some(mut image) => relocate_image(&mut image, slots, views, memory).map_err(|code| (code, NO_POSITION)),
        // What has references lies in scratch, and is led to.
        None => Ok(()),
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

/// The handles that a fixup list names, with their offsets in the image, read before they become addresses.
pub(super) fn handles_at(image: &Image<'_>, fixups: &[u32]) -> std::result::Result<Vec<(usize, Handle)>, Code> {
    let handle = |fixup: &u32| {
        let at = (fixup >> 1).checked_sub(image.start)? as usize;
        let (slot, generation) = halves(*image.bytes.get(at..)?.first_chunk()?);
        Some((at, Handle { slot, generation }))
    };
    fixups.iter().filter(|fixup| *fixup & 1 == 1).map(handle).collect::<Option<_>>().ok_or(Code::Internal)
}

/// A list of words that the front end left in scratch.
pub(super) fn words(image: &Image<'_>, offset: u32, count: u32) -> std::result::Result<Vec<u32>, Code> {
    let from = offset.checked_sub(image.start).ok_or(Code::Internal)? as usize;
    let bytes = image.bytes.get(from..from + count as usize * 4).ok_or(Code::Internal)?;
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    Ok(bytes.chunks_exact(4).map(word).collect())
}
