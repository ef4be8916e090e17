//! Turns the call in the top frame into one on another thread, and what that left into a result in the top frame.
//!
//! Begun and finished on the environment's thread, like every call; between the two nothing of the runtime is used.

use std::ops::Range;
use std::sync::Arc;

use super::arguments::{handles_at, prepare, words};
use super::deposition::Deposition;
use super::guarded::{fence_arguments, fence_buffers};
use super::job::Job;
use super::table::Table;
use super::unclaimed::{Keep, discard};
use super::{NO_POSITION, Outcome, Runtime, refuse};
use crate::error::{Code, Refusal, Result};
use crate::frame::{Field, Frame, MovedFrame};
use crate::invoke::LEAST_CAPACITY;
use crate::memory::{Memory, View};
use crate::plan::CallPlan;
use crate::pool::{Mailbox, Pool};
use crate::registry::Handle;
use crate::sys::crash;

/// As many calls of an environment may be pending: begun, and their results not yet taken.
const MAX_PENDING: usize = 1 << 16;

/// As many bytes may their frames have together; a single call may have more.
const MAX_BYTES: usize = 1 << 28;

/// The pending asynchronous calls of one environment.
#[derive(Debug, Default)]
pub(super) struct Background {
    pool: Option<Arc<Pool>>,
    mailbox: Arc<Mailbox<Job>>,
    keep: Arc<Keep>,
    pending: Table<Pending>,
    /// Of their frames.
    bytes: usize,
}

#[derive(Debug)]
struct Pending {
    /// The task's number in the pool.
    task: u64,
    /// What goes back to the memory when the call is over.
    held: Held,
    /// The call when it is back.
    done: Option<Job>,
}

/// What a pending call holds of its environment's memory.
#[derive(Debug)]
struct Held {
    pins: Vec<Handle>,
    frame: Range<usize>,
    /// Where guarded copies of its arguments lie.
    copies: Vec<Range<usize>>,
}

impl Held {
    /// What the prepared frame of a call uses.
    fn begin(memory: &mut Memory, pins: Vec<Handle>, moved: &MovedFrame) -> Held {
        let held = Held { pins, frame: moved.addresses(), copies: moved.copies().addresses().collect() };
        held.places().for_each(|place| memory.begin_frame(place.clone()));
        held
    }

    fn places(&self) -> impl Iterator<Item = &Range<usize>> {
        self.copies.iter().chain([&self.frame])
    }

    fn release(self, memory: &mut Memory) -> Result<()> {
        self.places().for_each(|place| memory.end_frame(place));
        unpin_all(memory, self.pins)
    }
}

impl Runtime {
    /// Says how this environment's thread is told that `completed` has something, and how many threads the process may
    /// use for calls if it has not been said before (0: as many as run at one time). To be called before `submit`.
    pub fn listen(&mut self, ring: Box<dyn Fn() + Send>, threads: usize) {
        self.background.mailbox.listen(ring);
        self.background.pool = Some(Pool::of_process(threads));
    }

    /// What stops the ringing: after it has run, `ring` of [`Runtime::listen`] is gone.
    #[must_use]
    pub fn silencer(&self) -> Box<dyn FnOnce() + Send> {
        let mailbox = Arc::clone(&self.background.mailbox);
        Box::new(move || mailbox.hush())
    }

    /// How many calls are pending.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.background.pending.len()
    }

    /// Begins the call that the call stack describes on another thread. Returns its number; 0 with the reason in the
    /// frame's status.
    pub fn submit(&mut self, views: &[View]) -> u32 {
        let Some(frame) = self.stack.top() else { return 0 };
        let mut position = NO_POSITION;
        match self.begin_job(frame, views, &mut position) {
            Ok(ticket) => {
                frame.set(Field::Status, 0);
                ticket
            }
            Err(refusal) => {
                refuse(frame, refusal.code, position);
                self.explanation = refusal.message;
                0
            }
        }
    }

    fn begin_job(&mut self, frame: Frame, views: &[View], position: &mut u32) -> Result<u32> {
        let function = self.functions.get(self.stack.function()).ok_or(Code::Unbound)?;
        let library = Arc::clone(function.library.as_ref().ok_or(Code::LibraryClosed)?);
        let (engine, symbol) = (Arc::clone(&function.engine), function.symbol);
        let plan = engine.plan();
        if !plan.consumed.is_empty() {
            let words = "a call on another thread cannot take memory over: it may be taken back before it starts";
            return Err(Refusal::new(Code::Signature, words));
        }
        if symbol.ending.is_some() {
            let why = "what ends memory is done at once: freePointer, or the call without `async`";
            return Err(Refusal::new(Code::NotPinnable, why));
        }
        let site = Arc::clone(&function.site);
        let pool = Arc::clone(self.background.pool.as_ref().ok_or(Code::Internal)?);
        let mut moved = MovedFrame::new(frame, plan.frame_size, views, LEAST_CAPACITY)?;
        self.background.check_room(moved.addresses().len())?;
        let mark = self.memory.arguments_mark();
        let pins = self.make_ready(&mut moved, position).inspect_err(|_| self.memory.bury_arguments(mark))?;
        let held = Held::begin(&mut self.memory, pins, &moved);
        let deposition = crash::is_installed().then(|| {
            let memory = self.memory.snapshot(&held.pins, moved.addresses(), moved.copies());
            Arc::new(Deposition { site, engine: Arc::clone(&engine), memory })
        });
        let (mailbox, keep) = (Arc::clone(&self.background.mailbox), Arc::clone(&self.background.keep));
        let ticket = self.background.pending.insert(Pending { task: 0, held, done: None })?;
        self.background.bytes += moved.addresses().len();
        let (frame, made) = (moved, None);
        let job = Job { ticket, frame, made, engine, symbol, mailbox, deposition, _library: library, keep };
        match pool.submit(Box::new(job)) {
            Ok(task) => {
                if let Some(pending) = self.background.pending.get_mut(ticket) {
                    pending.task = task;
                }
                Ok(ticket)
            }
            Err(refusal) => {
                self.end_job(ticket)?;
                Err(refusal)
            }
        }
    }

    /// Makes the references of a moved frame addresses, with guarded copies where there are guards, and pins what they lead
    /// to. On refusal the copies are still the memory's.
    fn make_ready(&mut self, moved: &mut MovedFrame, position: &mut u32) -> Result<Vec<Handle>> {
        let function = self.functions.get(self.stack.function()).ok_or(Code::Unbound)?;
        let (plan, memory) = (function.engine.plan(), &mut self.memory);
        let handles = handles_in(plan, moved)?;
        let mark = memory.arguments_mark();
        let views = if memory.guards_arguments() { fence_buffers(memory, moved)? } else { moved.views().to_vec() };
        prepare(function, memory, moved.frame(), &views).map_err(|(code, at)| {
            *position = at;
            code
        })?;
        if memory.guards_arguments() && !plan.data.is_empty() {
            fence_arguments(memory, plan, moved.frame(), &[])?;
        }
        let pins = pin_all(memory, handles, position)?;
        moved.keep(memory.take_arguments(mark), views)?;
        Ok(pins)
    }

    /// Takes a call back that has not started. Returns whether that was so.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN` when that lets go of guarded memory that C wrote outside of; the call is taken back all the same.
    pub fn cancel(&mut self, ticket: u32) -> Result<bool> {
        let Background { pool, pending, .. } = &self.background;
        let task = pending.get(ticket).zip(pool.as_ref()).and_then(|(call, pool)| pool.cancel(call.task));
        let is_cancelled = task.is_some();
        drop(task);
        if is_cancelled {
            self.end_job(ticket)?;
        }
        Ok(is_cancelled)
    }

    /// The calls that have come back since the last time.
    pub fn completed(&mut self) -> Vec<u32> {
        let take = |job: Job| {
            let ticket = job.ticket;
            self.background.pending.get_mut(ticket)?.done = Some(job);
            Some(ticket)
        };
        self.background.mailbox.take().into_iter().filter_map(take).collect()
    }

    /// Ends the call that the call stack names: its result goes to the top frame, what C left in its buffers to `views`.
    /// The frame's status says whether that went well.
    pub fn collect(&mut self, views: &[View]) -> Outcome {
        let Some(frame) = self.stack.top() else { return Outcome::InFrame };
        let ticket = self.stack.function();
        let outcome = match self.background.pending.get_mut(ticket).and_then(|call| call.done.take()) {
            Some(mut job) => {
                let outcome = self.take_result(&mut job, frame, views);
                // Not before: the result may point into them.
                self.memory.bury_copies(job.frame.take_copies());
                outcome
            }
            None => Err(Code::Internal.into()),
        };
        let ended = self.end_job(ticket);
        self.conclude(frame, outcome.and_then(|outcome| ended.map(|()| outcome)))
    }

    /// The job, and with it the library, is dropped after this: the result may lie in the library's data.
    fn take_result(&mut self, job: &mut Job, frame: Frame, views: &[View]) -> Result<Outcome> {
        job.made.unwrap_or(Err(Code::Internal))?;
        let plan = job.engine.plan();
        if frame.capacity() < plan.frame_size as usize {
            return Err(Code::StackOverflow.into());
        }
        job.frame.copy_back(views)?;
        job.frame.check_copies()?;
        let left = job.frame.frame();
        frame.set(Field::Errno, left.get(Field::Errno));
        frame.copy_in(CallPlan::RESULT, &left.copy_out(CallPlan::RESULT, plan.result.size.max(8)));
        self.decode(frame, plan)
    }

    fn end_job(&mut self, ticket: u32) -> Result<()> {
        let Some(call) = self.background.pending.remove(ticket) else { return Ok(()) };
        self.background.bytes -= call.held.frame.len();
        if !self.orphans.is_empty() {
            self.end_orphans();
        }
        call.held.release(&mut self.memory)
    }
}

impl Background {
    fn check_room(&self, size: usize) -> Result<()> {
        let pending = self.pending.len();
        if pending >= MAX_PENDING || (pending > 0 && self.bytes + size > MAX_BYTES) {
            let words = format!("{pending} calls with {} bytes of arguments are pending", self.bytes);
            return Err(Refusal::new(Code::QueueFull, words));
        }
        Ok(())
    }
}

/// Every handle among the arguments with its position, read before addresses take their place.
fn handles_in(plan: &CallPlan, moved: &mut MovedFrame) -> Result<Vec<(Handle, u32)>> {
    let mut frame = moved.frame();
    let handle = |(slot, generation)| Handle { slot, generation };
    let mut found: Vec<_> =
        plan.handles.iter().map(|i| (handle(frame.pair(plan.parameters[*i as usize].offset)), *i)).collect();
    if plan.data.is_empty() || frame.get(Field::FixupCount) == 0 {
        return Ok(found);
    }
    let (count, list) = (frame.get(Field::FixupCount), frame.get(Field::FixupOffset));
    let image = frame.scratch(plan.frame_size, &[])?;
    let nested = handles_at(&image, &words(&image, list, count)?)?;
    found.extend(nested.into_iter().map(|(_, handle)| (handle, NO_POSITION)));
    Ok(found)
}

/// Pins all or none.
fn pin_all(memory: &mut Memory, handles: Vec<(Handle, u32)>, position: &mut u32) -> Result<Vec<Handle>> {
    let mut pins = Vec::with_capacity(handles.len());
    for (handle, at) in handles {
        if let Err(code) = memory.pin(handle, &mut pins) {
            *position = at;
            unpin_all(memory, pins)?;
            return Err(code.into());
        }
    }
    Ok(pins)
}

/// Gives all back, and tells of the first overrun.
fn unpin_all(memory: &mut Memory, pins: Vec<Handle>) -> Result<()> {
    pins.into_iter().map(|pin| memory.unpin(pin)).fold(Ok(()), std::result::Result::and)
}

/// The end of the environment: what has not started never does; what runs keeps what it uses; what comes back is freed.
impl Drop for Runtime {
    fn drop(&mut self) {
        self.keep_libraries();
        for job in self.background.mailbox.close() {
            discard(job, &mut self.memory);
        }
        let taken: Vec<Job> = self.background.pending.values_mut().filter_map(|call| call.done.take()).collect();
        taken.into_iter().for_each(|job| discard(job, &mut self.memory));
        let Background { pool, pending, .. } = &self.background;
        let cancel = |pool: &Arc<Pool>| pending.values().map(|call| pool.cancel(call.task)).collect();
        let tasks: Vec<_> = pool.as_ref().map(cancel).unwrap_or_default();
        let are_running = tasks.iter().any(Option::is_none);
        if are_running {
            self.background.keep.leave(self.memory.take_pinned());
        }
        for job in self.background.keep.settle() {
            discard(job, &mut self.memory);
        }
        self.end_owed(are_running);
    }
}
