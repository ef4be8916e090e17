//! Turns the copies of a call's arguments into blocks of their own between pages without access (`FFI_GUARD`).

use std::ops::Range;

use super::arguments::words;
use crate::error::Code;
use crate::frame::{Field, Frame, MovedFrame};
use crate::memory::{Image, Memory, View};
use crate::plan::CallPlan;

/// A piece of scratch that C gets the address of, and where it was copied to.
struct Moved {
    from: usize,
    end: usize,
    to: usize,
}

/// Moves each piece of scratch that the frame's prepared slots refer to, and all references to it.
///
/// A piece reaches to where the next begins, so padding before a stricter type counts to the piece before it.
pub(super) fn fence_arguments(
    memory: &mut Memory,
    plan: &CallPlan,
    mut frame: Frame,
    views: &[View],
) -> std::result::Result<(), Code> {
    let slots = frame;
    let image = &mut frame.scratch(plan.frame_size, views)?;
    let fields = references(image, slots)?;
    let offsets: Vec<u32> = plan.data.iter().map(|i| plan.parameters[*i as usize].offset).collect();
    let start = image.origin + image.start as usize;
    let end = image.origin + list_offset(slots) as usize;
    let targets = offsets.iter().map(|offset| slots.long(*offset)).chain(fields.iter().map(|at| field(image, *at)));
    let mut starts: Vec<usize> = targets.map(|word| word as usize).filter(|at| (start..=end).contains(at)).collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([end]);
    let moved: Vec<Moved> = starts
        .iter()
        .zip(ends)
        .filter_map(|(&from, end)| {
            let to = memory.reserve_argument(end - from, alignment(from | (end - from)))?;
            Some(Moved { from, end, to })
        })
        .collect();
    let new = |word: u64| moved.iter().find(|piece| piece.from == word as usize).map(|piece| piece.to as u64);
    for offset in offsets {
        if let Some(address) = new(slots.long(offset)) {
            slots.set_long(offset, address);
        }
    }
    for at in fields {
        if let Some(address) = new(field(image, at)) {
            image.set_field(at, address)?;
        }
    }
    moved.iter().try_for_each(|piece| {
        let bytes = image.bytes.get(piece.from - start..piece.end - start).ok_or(Code::Internal)?;
        memory.fill_argument(piece.to, bytes)
    })
}

/// Moves the copies of JavaScript's buffers that a call on another thread goes with. Returns where each lies now.
pub(super) fn fence_buffers(memory: &mut Memory, moved: &mut MovedFrame) -> std::result::Result<Vec<View>, Code> {
    let (mut views, block) = (moved.views().to_vec(), moved.addresses());
    for run in runs(moved.views()) {
        let bytes = moved.frame().copy_out((run.start - block.start) as u32, run.len() as u32);
        let Some(to) = memory.reserve_argument(run.len(), alignment(run.len())) else { continue };
        memory.fill_argument(to, &bytes)?;
        for view in views.iter_mut().filter(|view| view.length > 0 && run.contains(&view.address)) {
            view.address = to + (view.address - run.start);
        }
    }
    Ok(views)
}

/// The addresses of buffers, those that share bytes as one.
fn runs(views: &[View]) -> Vec<Range<usize>> {
    let mut places: Vec<_> = views.iter().map(|view| view.address..view.address + view.length).collect();
    places.retain(|place| !place.is_empty());
    places.sort_unstable_by_key(|place| place.start);
    places.dedup_by(|next, run| {
        let is_shared = next.start < run.end;
        if is_shared {
            run.end = run.end.max(next.end);
        }
        is_shared
    });
    places
}

/// Where scratch ends and the list of its references begins.
fn list_offset(slots: Frame) -> u32 {
    if slots.get(Field::FixupCount) == 0 { slots.get(Field::ScratchEnd) } else { slots.get(Field::FixupOffset) }
}

/// Offsets of the fields in scratch that refer to data.
fn references(image: &Image<'_>, slots: Frame) -> std::result::Result<Vec<u32>, Code> {
    let count = slots.get(Field::FixupCount);
    if count == 0 {
        return Ok(Vec::new());
    }
    let fixups = words(image, slots.get(Field::FixupOffset), count)?;
    Ok(fixups.into_iter().filter(|fixup| fixup & 1 == 0).map(|fixup| fixup >> 1).collect())
}

fn field(image: &Image<'_>, at: u32) -> u64 {
    let rest = at.checked_sub(image.start).and_then(|at| image.bytes.get(at as usize..));
    rest.and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The largest alignment that a piece with this start and length can need, and with which its end is still flush: what C
/// lays out is a multiple of its alignment long.
pub(super) fn alignment(start_and_length: usize) -> usize {
    const MOST: usize = 16;
    1 << start_and_length.trailing_zeros().min(MOST.trailing_zeros())
}
