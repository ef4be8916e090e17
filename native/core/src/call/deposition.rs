//! Turns an asynchronous call into what a crash report says of it: written down when it begins, read on its own thread.
//!
//! The records are the environment's thread's, which changes them meanwhile; the thread that calls must not look there.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::{Result as Written, Write};
use std::sync::Arc;

use super::function::Site;
use super::witness::{write_argument, write_recent, write_site};
use crate::frame::Frame;
use crate::invoke::Engine;
use crate::memory::Snapshot;
use crate::sys::crash::{Crash, REMEMBERED, Report, ThreadJournal, Witness};

thread_local! {
    static THREAD: ThreadJournal<RefCell<Calls>> = ThreadJournal::new(RefCell::default());
}

/// What is known of one call. Owned by the call and by the thread that makes it; never changed.
#[derive(Debug)]
pub(super) struct Deposition {
    pub(super) site: Arc<Site>,
    pub(super) engine: Arc<Engine>,
    /// The memory that its arguments lead to.
    pub(super) memory: Snapshot,
}

impl Deposition {
    /// Makes the call, which does not unwind: a crash in it is reported.
    pub(super) fn attend<R>(self: &Arc<Self>, frame: Frame, call: impl FnOnce() -> R) -> R {
        THREAD.with(|thread| {
            thread.witness().borrow_mut().begin(Arc::clone(self), frame);
            let made = thread.call(call);
            thread.witness().borrow_mut().running = None;
            made
        })
    }
}

/// The calls of one thread of the pool.
#[derive(Debug, Default)]
struct Calls {
    running: Option<(Arc<Deposition>, Frame)>,
    /// Newest first.
    recent: VecDeque<Arc<Site>>,
}

impl Witness for RefCell<Calls> {
    fn is_busy(&self) -> bool {
        self.try_borrow().is_err()
    }

    fn testify(&self, crash: &Crash, report: &mut Report) {
        if let Ok(calls) = self.try_borrow() {
            // Writing into a report never fails.
            let _ = calls.testify(crash, report);
        }
    }
}

impl Calls {
    fn begin(&mut self, call: Arc<Deposition>, frame: Frame) {
        self.recent.truncate(REMEMBERED - 1);
        self.recent.push_front(Arc::clone(&call.site));
        self.running = Some((call, frame));
    }

    fn testify(&self, crash: &Crash, out: &mut impl Write) -> Written {
        if let Some((call, frame)) = &self.running {
            writeln!(
                out,
                "holdfast: an asynchronous call, on a thread of the pool; memory as it was when the call began"
            )?;
            call.testify(*frame, crash, out)?;
        }
        // What C calls back runs on another thread, and C waits for it.
        writeln!(out, "holdfast: not inside a callback")?;
        write_recent(self.recent.iter().map(|site| &**site), out)
    }
}

impl Deposition {
    fn testify(&self, frame: Frame, crash: &Crash, out: &mut impl Write) -> Written {
        let plan = self.engine.plan();
        write_site(&self.site, plan, out)?;
        if frame.capacity() >= plan.frame_size as usize {
            for (i, parameter) in plan.parameters.iter().enumerate() {
                let word = frame.long(parameter.offset);
                write_argument(i, parameter, word, out, |at, out| self.memory.write_place(at, out))?;
            }
        }
        match crash.address {
            Some(address) => {
                out.write_str("holdfast: the fault is ")?;
                self.memory.write_neighbour(address, out)?;
                out.write_char('\n')
            }
            None => Ok(()),
        }
    }
}
