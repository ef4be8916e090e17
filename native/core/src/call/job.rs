//! Turns a prepared call into a task for another thread, which owns all that C may touch until C has returned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::deposition::Deposition;
use super::unclaimed::{Keep, bury};
use crate::error::Code;
use crate::frame::MovedFrame;
use crate::invoke::Engine;
use crate::library::{Library, Symbol};
use crate::pool::{Mailbox, Task};

/// A call for another thread, and then what it left. Owns its frame; keeps engine, library and, when the environment has ended
/// meanwhile, the pinned memory. Sent to the thread that calls and back; dropped there when there is no way back.
#[derive(Debug)]
pub(super) struct Job {
    /// The call's number in its environment.
    pub(super) ticket: u32,
    pub(super) frame: MovedFrame,
    /// Whether C was called; none before.
    pub(super) made: Option<Result<(), Code>>,
    pub(super) engine: Arc<Engine>,
    pub(super) symbol: Symbol,
    pub(super) mailbox: Arc<Mailbox<Job>>,
    /// None when crashes are not reported.
    pub(super) deposition: Option<Arc<Deposition>>,
    /// After the frame and before the memory that its destructors may still look at.
    pub(super) _library: Arc<Library>,
    pub(super) keep: Arc<Keep>,
}

impl Task for Job {
    fn run(mut self: Box<Self>) {
        let frame = self.frame.frame();
        let engine = &self.engine;
        let call = || catch_unwind(AssertUnwindSafe(|| engine.execute(self.symbol, frame)));
        let made = match &self.deposition {
            Some(deposition) => deposition.attend(frame, call),
            None => call(),
        };
        self.made = Some(made.unwrap_or(Err(Code::Internal)));
        let mailbox = Arc::clone(&self.mailbox);
        if let Some(unclaimed) = mailbox.post(*self) {
            bury(unclaimed);
        }
    }
}
