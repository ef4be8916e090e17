//! Turns the operands of a pointer operation, written into the top frame, into its result in the same frame.
//!
//! Operands: handle at 32, a number (layout, allocator) at 40, a count at 44, an offset at 48 and a length at 56 as
//! doubles. Results: a handle at 32, or what the operation says. Scratch begins at 64.

use std::rc::Rc;

use super::arguments::{handles_at, relocate_image, words};
use super::{Outcome, Runtime};
use crate::error::{Code, Result};
use crate::frame::{Field, Frame, POINTER_OPERATION_SIZE};
use crate::memory::{self, Backing, Gather, Image, Segment, View};
use crate::plan::Layout;
use crate::registry::{Allocator, Handle, UNKNOWN};

const HANDLE: u32 = 32;
const NUMBER: u32 = 40;
const COUNT: u32 = 44;
const OFFSET: u32 = 48;
const LENGTH: u32 = 56;

/// A pointer operation without views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Operation {
    /// Decodes a value of layout `NUMBER` at `OFFSET` bytes into the handle's memory.
    Restore = 0,
    /// A handle at `OFFSET`, `LENGTH` bytes long (NaN: to the end).
    Interior = 1,
    /// The handle of the address found in the handle's memory.
    Unwrap = 2,
    /// Frees; `NUMBER` is 0 for the record's own allocator, 1 for rust, 2 for c.
    Free = 3,
    /// Frees with libc what the typed pointers of layout `NUMBER` in the handle's memory lead to.
    FreeFollowed = 4,
    /// Address at 40, size as a double at 48 (infinite when unknown), allocator's number at 56.
    Describe = 5,
    /// As `Free`, but only says whether it would be refused.
    CheckFree = 6,
    /// Arms a callback of plan `NUMBER`: the handle of its code, its number at 40.
    Arm = 7,
    /// Releases callback `NUMBER`.
    Disarm = 8,
    /// Callback `NUMBER` ends with the handle's block.
    Give = 9,
    /// The callbacks of the handle keep the process alive if `NUMBER` is 1, and do not if it is 0.
    Refer = 10,
    /// C gave the handle's memory away: release number `NUMBER` releases it, 0 is libc's `free`. The record's handle.
    Own = 11,
    /// The handle's memory lives as long as that of the handle at `NUMBER`. The record's handle.
    Lend = 12,
    /// Decodes what the handle's own address leads to, as a pointer of layout `NUMBER`.
    Follow = 13,
    /// What JavaScript is to release: `COUNT` is 0 for nothing, 1 for the handle, 2 for nothing any more; by function `NUMBER`.
    /// If `NUMBER` is 1 before, what was collected too.
    TakeDue = 14,
    /// Ends a handle's record without releasing its memory.
    End = 15,
    /// Lets the memory live until it is freed, whatever becomes of the pointer objects.
    Leak = 16,
    /// Frees what is neither leaked nor freed nor somebody else's; leaves all else alone.
    Dispose = 17,
}

impl Operation {
    /// Every operation, at the index of its number.
    pub const ALL: [Operation; 18] = [
        Operation::Restore,
        Operation::Interior,
        Operation::Unwrap,
        Operation::Free,
        Operation::FreeFollowed,
        Operation::Describe,
        Operation::CheckFree,
        Operation::Arm,
        Operation::Disarm,
        Operation::Give,
        Operation::Refer,
        Operation::Own,
        Operation::Lend,
        Operation::Follow,
        Operation::TakeDue,
        Operation::End,
        Operation::Leak,
        Operation::Dispose,
    ];
}

impl Runtime {
    /// Carries out an operation on the top frame. Its status says whether that went well.
    pub fn operate(&mut self, operation: Operation) -> Outcome {
        self.on_frame(|runtime, frame| match operation {
            Operation::Restore => runtime.restore(frame),
            Operation::Interior => runtime.interior(frame),
            Operation::Unwrap => runtime.unwrap(frame),
            Operation::FreeFollowed => runtime.free_followed(frame),
            Operation::Describe => runtime.describe(frame),
            Operation::Dispose if !runtime.memory.ends(handle(frame)) => {
                frame.set_word(COUNT, 0);
                Ok(Outcome::InFrame)
            }
            Operation::Free | Operation::Dispose => runtime.free(frame),
            Operation::Leak => runtime.memory.leak(handle(frame)).map(|()| Outcome::InFrame),
            Operation::CheckFree => match runtime.memory.check_free(handle(frame), requested(frame)?) {
                Err(refusal) if refusal.code != Code::NullPointer => Err(refusal),
                _ => Ok(Outcome::InFrame),
            },
            Operation::Arm => runtime.arm(frame),
            Operation::Disarm => {
                runtime.release_callback(frame.word(NUMBER));
                Ok(Outcome::InFrame)
            }
            Operation::Give => {
                runtime.closures.give_to(frame.word(NUMBER), handle(frame), &mut runtime.memory);
                Ok(Outcome::InFrame)
            }
            Operation::Refer => {
                runtime.closures.set_referenced(handle(frame), frame.word(NUMBER) == 1)?;
                Ok(Outcome::InFrame)
            }
            Operation::Own => runtime.own(handle(frame), frame.word(NUMBER)).map(|made| answer(frame, made)),
            Operation::Lend => runtime.memory.lend(handle(frame), owner(frame)).map(|made| answer(frame, made)),
            Operation::Follow => runtime.follow(frame, handle(frame)),
            Operation::TakeDue => runtime.take_due(frame),
            Operation::End => {
                runtime.memory.end(handle(frame));
                Ok(Outcome::InFrame)
            }
        })
    }

    /// Makes an owned block out of the scratch of the top frame: layout `NUMBER`, then `COUNT` segments behind the
    /// fixups. Buffers among `views` are kept through `backings`.
    pub fn create(&mut self, views: &[View], backings: Vec<Backing>) -> Outcome {
        self.on_frame(|runtime, mut frame| {
            let root = Rc::clone(runtime.layouts.get(frame.word(NUMBER)).ok_or(Code::Internal)?);
            let fields = frame;
            let image = frame.scratch(POINTER_OPERATION_SIZE, views)?;
            let segments = segments(&image, fields)?;
            // What the block keeps ends with its last value: padding before the fixups is none of it.
            let kept = segments.iter().map(Segment::end).max().unwrap_or(0);
            let fixups = words(&image, fields.get(Field::FixupOffset), fields.get(Field::FixupCount))?;
            let source = image.bytes.get(..kept).ok_or(Code::Internal)?;
            let references = handles_at(&image, &fixups)?;
            let made = runtime.memory.create(kept, root, segments, backings, |memory, bytes, address| {
                bytes[..kept].copy_from_slice(source);
                let origin = address.wrapping_sub(POINTER_OPERATION_SIZE as usize);
                let mut block = Image { bytes, start: POINTER_OPERATION_SIZE, origin };
                memory::relocate(&mut block, fixups, views, memory)
            })?;
            runtime.memory.refer(made, references);
            set_handle(frame, made);
            Ok(Outcome::InFrame)
        })
    }

    /// Writes the scratch of the top frame, a value of layout `NUMBER`, into the handle's memory at `OFFSET`.
    pub fn write(&mut self, views: &[View]) -> Outcome {
        self.on_frame(|runtime, mut frame| {
            let layout = runtime.operand_layout(frame)?;
            let fields = frame;
            let mut image = frame.scratch(POINTER_OPERATION_SIZE, views)?;
            let fixups = words(&image, fields.get(Field::FixupOffset), fields.get(Field::FixupCount))?;
            let references = handles_at(&image, &fixups)?;
            relocate_image(&mut image, fields, views, &runtime.memory)?;
            let (handle, offset, size) = (handle(fields), count(fields, OFFSET)?, layout.size as usize);
            let bytes = image.bytes.get(..size).ok_or(Code::Internal)?;
            runtime.memory.write(handle, offset, &layout, bytes)?;
            runtime.memory.overwrite(handle, offset, size, references);
            Ok(Outcome::InFrame)
        })
    }

    /// Which view is the heap block that the top frame's scratch moved to, if it did.
    #[must_use]
    pub fn heap_scratch(&self) -> Option<usize> {
        (self.stack.top()?.get(Field::HeapScratch) as usize).checked_sub(1)
    }

    fn on_frame(&mut self, operate: impl FnOnce(&mut Runtime, Frame) -> Result<Outcome>) -> Outcome {
        let Some(frame) = self.stack.top().filter(|frame| frame.capacity() >= POINTER_OPERATION_SIZE as usize) else {
            return Outcome::InFrame;
        };
        match operate(self, frame) {
            Ok(outcome) => {
                frame.set(Field::Status, 0);
                outcome
            }
            Err(refusal) => {
                super::refuse(frame, refusal.code, super::NO_POSITION);
                self.explanation = refusal.message;
                Outcome::InFrame
            }
        }
    }

    pub(super) fn operand_layout(&self, frame: Frame) -> Result<Rc<Layout>> {
        Ok(Rc::clone(self.layouts.get(frame.word(NUMBER)).ok_or(Code::Internal)?))
    }

    fn restore(&mut self, frame: Frame) -> Result<Outcome> {
        self.copy_root(frame)?;
        let layout = self.operand_layout(frame)?;
        self.gather_root(frame, &layout)
    }

    /// Follows the value of a type that `bytes` are, and leaves it for the front end.
    pub(super) fn gather_root(&mut self, frame: Frame, layout: &Layout) -> Result<Outcome> {
        Gather::follow(&mut self.memory, layout, &mut self.bytes)?;
        Ok(self.deliver(frame, POINTER_OPERATION_SIZE))
    }

    fn take_due(&mut self, frame: Frame) -> Result<Outcome> {
        let (count, number, handle) = match self.hand_over_due(frame.word(NUMBER) == 1)? {
            None => (0, 0, Handle::NULL),
            Some((number, Some(handle))) => (1, number, handle),
            Some((number, None)) => (2, number, Handle::NULL),
        };
        frame.set_word(NUMBER, number);
        frame.set_word(COUNT, count);
        Ok(answer(frame, handle))
    }

    fn copy_root(&mut self, frame: Frame) -> Result<()> {
        let layout = self.operand_layout(frame)?;
        self.bytes.clear();
        self.memory.read(handle(frame), count(frame, OFFSET)?, &layout, &mut self.bytes)
    }

    fn free_followed(&mut self, frame: Frame) -> Result<Outcome> {
        self.copy_root(frame)?;
        let layout = self.operand_layout(frame)?;
        let followed = Gather::follow(&mut self.memory, &layout, &mut self.bytes)?;
        for address in &followed {
            if let Some(owner) = self.memory.peek(*address) {
                self.hold(owner)?;
            }
        }
        self.memory.free_result(followed)?;
        Ok(Outcome::InFrame)
    }

    /// Keeps what is about to be freed for the running calls around this callback that may use it.
    pub(super) fn hold(&mut self, owner: Handle) -> Result<()> {
        let callbacks = self.callbacks_around();
        if callbacks == 0 { Ok(()) } else { self.memory.hold(owner, callbacks) }
    }

    /// How many callbacks are running. If any are, the end of each call around them is looked at.
    pub(super) fn callbacks_around(&self) -> usize {
        let callbacks = self.journal.callbacks() as usize;
        if callbacks > 0 {
            self.pulse.set_attention(true);
        }
        callbacks
    }

    /// Frees, with the callbacks that end with the memory: their numbers follow at 64, their count at `COUNT`.
    fn free(&mut self, frame: Frame) -> Result<Outcome> {
        let (handle, requested) = (handle(frame), requested(frame)?);
        let owner = self.memory.check_free(handle, requested);
        if let Ok(owner) = owner {
            self.hold(owner)?;
        }
        self.memory.free(handle, requested)?;
        let released = owner.map(|owner| self.release_callbacks_of(owner)).unwrap_or_default();
        frame.set_word(COUNT, released.len() as u32);
        if released.is_empty() {
            return Ok(Outcome::InFrame);
        }
        self.bytes.clear();
        self.bytes.extend(released.iter().flat_map(|number| number.to_le_bytes()));
        Ok(self.deliver(frame, POINTER_OPERATION_SIZE))
    }

    fn arm(&mut self, frame: Frame) -> Result<Outcome> {
        let (number, code) = self.arm_callback(frame.word(NUMBER))?;
        frame.set_word(NUMBER, number);
        set_handle(frame, code);
        Ok(Outcome::InFrame)
    }

    fn interior(&mut self, frame: Frame) -> Result<Outcome> {
        let length = f64::from_bits(frame.long(LENGTH));
        let length = if length.is_nan() { None } else { Some(count(frame, LENGTH)?) };
        let made = self.memory.interior(handle(frame), count(frame, OFFSET)?, length)?;
        set_handle(frame, made);
        Ok(Outcome::InFrame)
    }

    fn unwrap(&mut self, frame: Frame) -> Result<Outcome> {
        self.bytes.clear();
        let word = self.pointer_layout()?;
        self.memory.read(handle(frame), 0, &word, &mut self.bytes)?;
        let address = self.bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let found = self.memory.adopt(address as usize)?;
        set_handle(frame, found);
        Ok(Outcome::InFrame)
    }

    fn pointer_layout(&self) -> Result<Layout> {
        Layout::of(&crate::signature::read_type("ptr")?)
    }

    fn describe(&mut self, frame: Frame) -> Result<Outcome> {
        let handle = handle(frame);
        let record = self.memory.record(handle)?;
        let (address, size) = (record.address, record.size);
        let size = if size == UNKNOWN { f64::INFINITY } else { size as f64 };
        frame.set_long(NUMBER, address as u64);
        frame.set_long(OFFSET, size.to_bits());
        frame.set_word(LENGTH, self.memory.allocator(handle)? as u32);
        Ok(Outcome::InFrame)
    }
}

fn handle(frame: Frame) -> Handle {
    let (slot, generation) = frame.pair(HANDLE);
    Handle { slot, generation }
}

/// The second handle of an operation, where the others have numbers.
fn owner(frame: Frame) -> Handle {
    let (slot, generation) = frame.pair(NUMBER);
    Handle { slot, generation }
}

fn answer(frame: Frame, made: Handle) -> Outcome {
    set_handle(frame, made);
    Outcome::InFrame
}

fn set_handle(frame: Frame, handle: Handle) {
    frame.set_word(HANDLE, handle.slot);
    frame.set_word(HANDLE + 4, handle.generation);
}

/// A count of bytes that JavaScript wrote as a double.
fn count(frame: Frame, offset: u32) -> Result<usize> {
    let value = f64::from_bits(frame.long(offset));
    if (0.0..=9_007_199_254_740_991.0).contains(&value) { Ok(value as usize) } else { Err(Code::OutOfBounds.into()) }
}

fn requested(frame: Frame) -> Result<Option<Allocator>> {
    match frame.word(NUMBER) {
        0 => Ok(None),
        1 => Ok(Some(Allocator::Rust)),
        2 => Ok(Some(Allocator::C)),
        _ => Err(Code::Internal.into()),
    }
}

/// The segments that follow the fixups, as (start, length) pairs, made relative to the block's start.
fn segments(image: &Image<'_>, frame: Frame) -> Result<Vec<Segment>> {
    let offset = frame.get(Field::FixupOffset) + 4 * frame.get(Field::FixupCount);
    let pairs = words(image, offset, 2 * frame.word(COUNT))?;
    let segment = |pair: &[u32]| Some(Segment { start: pair[0].checked_sub(image.start)?, length: pair[1] });
    Ok(pairs.chunks_exact(2).map(segment).collect::<Option<Vec<_>>>().ok_or(Code::Internal)?)
}
