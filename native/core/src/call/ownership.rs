//! Turns what signatures say of ownership into checks before a call, records after it, and calls of release functions.

use std::rc::Rc;
use std::sync::Arc;

use super::function::Function;
use super::{Outcome, Runtime};
use crate::error::{Code, Result};
use crate::frame::Frame;
use crate::invoke::{LEAST_CAPACITY, call_release};
use crate::library::{Library, Symbol};
use crate::memory::{Due, FRONT, Memory};
use crate::plan::Options;
use crate::registry::Handle;

/// A function of a library that releases memory. Keeps the library loaded; belongs to one environment's thread.
#[derive(Debug)]
pub(super) struct Release {
    symbol: Symbol,
    /// Its number for the journal of calls.
    function: u32,
    /// The front end, and each record that it is to release.
    uses: u32,
    /// After the symbol, which is code of it.
    _library: Arc<Library>,
}

/// A call of a release function, between `begin_release` and `finish_release`. Nothing of the runtime is borrowed.
#[derive(Debug)]
pub struct Releasing {
    due: Due,
    symbol: Symbol,
    outer: u32,
}

impl Releasing {
    /// Calls the function.
    pub fn execute(&self) {
        call_release(self.symbol, self.due.address);
    }
}

/// The handles that a function takes over, read before addresses take their place.
///
/// # Errors
/// As [`Memory::check_consume`] and with `ERR_FFI_MOVED` for one given twice; `words` say what else there is to say.
pub(super) fn consumed(
    function: &Function,
    memory: &Memory,
    frame: Frame,
    words: &mut String,
) -> std::result::Result<Vec<Handle>, (Code, u32)> {
    let plan = function.engine.plan();
    if frame.capacity() < (plan.frame_size as usize).max(LEAST_CAPACITY) {
        return Err((Code::StackOverflow, super::NO_POSITION));
    }
    let mut taken: Vec<Handle> = Vec::with_capacity(plan.consumed.len());
    for position in &plan.consumed {
        let (slot, generation) = frame.pair(plan.parameters[*position as usize].offset);
        let handle = Handle { slot, generation };
        if taken.contains(&handle) {
            "the same call takes it over as another argument".clone_into(words);
            return Err((Code::Moved, *position));
        }
        memory.check_consume(handle).map_err(|refusal| {
            *words = refusal.message;
            (refusal.code, *position)
        })?;
        if !handle.is_null() {
            taken.push(handle);
        }
    }
    Ok(taken)
}

impl Runtime {
    /// Binds a function of a library that releases memory. Returns its release number.
    ///
    /// # Errors
    /// As [`Runtime::bind`].
    pub fn bind_release(&mut self, library: u32, name: &str) -> Result<u32> {
        let keep = Arc::clone(self.libraries.get(library).ok_or(Code::LibraryClosed)?);
        let (engine, _) = self.compile("void(ptr)", Options::default())?;
        let bound = self.bind(library, name, engine);
        // The function keeps it.
        self.forget_engine(engine);
        let function = bound?;
        let symbol = self.functions.get(function).ok_or(Code::Internal)?.symbol;
        self.releases.insert(Release { symbol, function, uses: 1, _library: keep })
    }

    /// The front end, or a record that it was to release, does not need a release function any more.
    pub fn forget_release(&mut self, number: u32) {
        let Some(release) = self.releases.get_mut(number) else { return };
        release.uses -= 1;
        if release.uses == 0 {
            let function = release.function;
            self.releases.remove(number);
            self.forget_function(function);
        }
    }

    /// Makes the memory of a handle owned; see [`Memory::own`].
    pub(super) fn own(&mut self, handle: Handle, release: u32) -> Result<Handle> {
        let is_native = release != 0 && release & FRONT == 0;
        if is_native && self.releases.get(release).is_none() {
            return Err(Code::Internal.into());
        }
        let made = self.memory.own(handle, release)?;
        if let Some(release) = self.releases.get_mut(release).filter(|_| is_native && !made.is_null()) {
            release.uses += 1;
        }
        Ok(made)
    }

    /// Begins the next call of a release function that is due; none when there is none.
    pub fn begin_release(&mut self) -> Option<Releasing> {
        while let Some(due) = self.memory.take_due(false) {
            let Some(release) = self.releases.get(due.release) else { continue };
            if due.is_taken {
                self.forget_release(due.release);
                continue;
            }
            let (symbol, function) = (release.symbol, release.function);
            return Some(Releasing { due, symbol, outer: self.journal.enter(function) });
        }
        None
    }

    /// Ends the next record that was collected and whose memory a function of a library releases: that is what
    /// `begin_release` begins with. Whether there was one. Not while a call runs: C may use the memory.
    pub fn end_collected(&mut self) -> bool {
        self.is_at_rest() && self.memory.end_collected(false)
    }

    /// The release function has returned.
    pub fn finish_release(&mut self, releasing: &Releasing) {
        self.journal.leave(releasing.outer);
        if let Some(frame) = self.stack.top().filter(|_| self.pulse.attention()) {
            self.settle(frame);
        }
        self.forget_release(releasing.due.release);
    }

    /// At the end of the environment: releases what is owned, but for what functions of JavaScript's would release.
    pub(super) fn end_owed(&mut self, leaves_pinned: bool) {
        self.memory.end_owed(leaves_pinned);
        while let Some(releasing) = self.begin_release() {
            releasing.execute();
            self.finish_release(&releasing);
        }
    }

    /// What a handle's own address leads to, taken for a pointer of the type: as a result of that type.
    pub(super) fn follow(&mut self, frame: Frame, handle: Handle) -> Result<Outcome> {
        let layout = self.operand_layout(frame)?;
        let address = self.memory.resolve(handle)? as u64;
        self.bytes.clear();
        self.bytes.extend_from_slice(&address.to_le_bytes());
        self.gather_root(frame, &layout)
    }

    /// Hands the next memory that is due to a function of JavaScript's: its number, and a handle unless it was taken over.
    /// `collected`: or the next that nobody names any more.
    pub(super) fn hand_over_due(&mut self, collected: bool) -> Result<Option<(u32, Option<Handle>)>> {
        if collected && self.is_at_rest() {
            self.memory.end_collected(true);
        }
        let Some(Due { address, release, is_taken }) = self.memory.take_due(true) else { return Ok(None) };
        let handle = if is_taken { None } else { Some(self.memory.last_handle(address)?) };
        Ok(Some((release & !FRONT, handle)))
    }
}

/// The name under which a function takes memory over.
pub(super) fn name_of(function: &Function) -> Rc<str> {
    Rc::from(function.site.name.as_str())
}
