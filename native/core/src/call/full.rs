//! The full form of a call: every engine, every option.

use std::rc::Rc;

use super::arguments::{Refused, prepare};
use super::function::Shared;
use super::guarded::fence_arguments;
use super::ownership::{consumed, name_of};
use super::{NO_POSITION, Outcome, Runtime, refuse};
use crate::error::Code;
use crate::frame::Frame;
use crate::library::Symbol;
use crate::memory::View;

/// A call between `begin` and `finish`. Nothing of the runtime is borrowed, so the foreign function may lead back into it.
#[derive(Debug)]
pub struct Active {
    engine: Shared,
    symbol: Symbol,
    frame: Frame,
    /// The function that was running when this call began.
    outer: u32,
    /// Guarded copies of arguments that were there before this call's.
    mark: usize,
}

impl Active {
    /// Makes the call. The runtime is not borrowed meanwhile.
    ///
    /// # Errors
    /// The code that is in the frame's status; C was not called.
    #[inline]
    pub fn execute(&self) -> std::result::Result<(), Code> {
        let made = self.engine.execute(self.symbol, self.frame);
        if let Err(code) = made {
            refuse(self.frame, code, NO_POSITION);
        }
        made
    }
}

impl Runtime {
    /// Prepares the call that the call stack describes. On refusal the frame's status says why, and C was not
    /// called.
    ///
    /// # Errors
    /// The code that is in the frame's status.
    #[inline]
    pub fn begin(&mut self, views: &[View]) -> std::result::Result<Active, Code> {
        let frame = self.stack.top().ok_or(Code::StackOverflow)?;
        let number = self.stack.function();
        let mark = self.memory.arguments_mark();
        match self.prepare(number, frame, views) {
            Ok((engine, symbol)) => {
                let outer = self.journal.enter(number);
                Ok(Active { engine, symbol, frame, outer, mark })
            }
            Err((code, position)) => {
                self.memory.bury_arguments(mark);
                refuse(frame, code, position);
                Err(code)
            }
        }
    }

    fn prepare(&mut self, number: u32, frame: Frame, views: &[View]) -> std::result::Result<(Shared, Symbol), Refused> {
        let function = self.functions.get(number).ok_or((Code::Unbound, NO_POSITION))?;
        if function.library.is_none() {
            return Err((Code::LibraryClosed, NO_POSITION));
        }
        let consumed = match function.engine.plan().consumed.is_empty() {
            true => None,
            false => Some(consumed(function, &self.memory, frame, &mut self.explanation)?),
        };
        let (engine, symbol) = (Rc::clone(&function.engine), function.symbol);
        let moved = match symbol.ending {
            Some(ending) => self.end_argument(ending, engine.plan(), frame)?,
            None => None,
        };
        let function = self.functions.get(number).ok_or((Code::Unbound, NO_POSITION))?;
        prepare(function, &self.memory, frame, views)?;
        if let Some(owner) = moved {
            self.memory.disown(owner);
        }
        let taken = consumed.map(|handles| (handles, name_of(function)));
        if self.memory.guards_arguments() && !engine.plan().data.is_empty() {
            fence_arguments(&mut self.memory, engine.plan(), frame, views).map_err(|code| (code, NO_POSITION))?;
        }
        // Nothing refuses the call from here on. What C frees while it runs must not be used by its callbacks either.
        if let Some((handles, by)) = taken {
            handles.into_iter().for_each(|handle| self.memory.consume(handle, &by));
        }
        Ok((engine, symbol))
    }

    /// Decodes what the call left. The frame's status says whether that went well.
    pub fn finish(&mut self, active: Active) -> Outcome {
        let Active { engine, frame, outer, mark, .. } = active;
        self.journal.leave(outer);
        let outcome = match self.memory.check_arguments(mark) {
            Ok(()) => self.decode(frame, engine.plan()),
            Err(refusal) => Err(refusal),
        };
        // Not before: the result may point into them.
        self.memory.bury_arguments(mark);
        self.conclude(frame, outcome)
    }

    /// A call that was begun but not made is over.
    pub fn abandon(&mut self, active: &Active) {
        self.journal.leave(active.outer);
        self.memory.bury_arguments(active.mark);
        if self.pulse.attention() {
            self.settle(active.frame);
        }
    }
}
