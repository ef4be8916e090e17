//! Turns what a call on another thread has returned, and nobody will take, into freed memory, as its signature says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::job::Job;
use crate::error::Result;
use crate::frame::Frame;
use crate::memory::{Gather, Memory, Remains};
use crate::plan::{CallPlan, ResultForm};

/// Where an ending environment leaves what its running calls need: it goes with the last of them. Any thread may use it.
#[derive(Debug, Default)]
pub(super) struct Keep(Mutex<Left>);

#[derive(Debug, Default)]
struct Left {
    /// The memory that the calls use.
    remains: Vec<Remains>,
    /// The environment has left all that it will.
    is_settled: bool,
    /// Calls that came back before that, when nobody took them any more.
    early: Vec<Job>,
}

impl Keep {
    pub(super) fn leave(&self, remains: Remains) {
        self.lock().remains.push(remains);
    }

    /// The environment has left all that it will: from here on each call's own thread frees what it has returned. Returns the
    /// calls that were too early for that.
    #[must_use]
    pub(super) fn settle(&self) -> Vec<Job> {
        let mut left = self.lock();
        left.is_settled = true;
        std::mem::take(&mut left.early)
    }

    fn holds(&self, address: usize) -> bool {
        self.lock().remains.iter().any(|remains| remains.holds(address))
    }

    fn lock(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call has come back that nobody takes any more. What it uses may not be told from what it has returned until its
/// environment has left it.
pub(super) fn bury(job: Job) {
    let keep = Arc::clone(&job.keep);
    let mut left = keep.lock();
    if left.is_settled {
        drop(left);
        discard_alone(job);
    } else {
        left.early.push(job);
    }
}

/// Frees what a call has returned, of an environment that has ended: nothing of it is known but what its calls use.
fn discard_alone(job: Job) {
    let mut memory = Memory::new(job.frame.addresses());
    discard(job, &mut memory);
}

/// Frees what a call has returned that nobody will take: it is the caller's. What must not be freed is left; there is nobody
/// to be told why.
pub(super) fn discard(mut job: Job, memory: &mut Memory) {
    if job.engine.plan().options.free_result && matches!(job.made, Some(Ok(()))) {
        let followed = followed(memory, job.engine.plan(), job.frame.frame());
        let _ = followed.and_then(|followed| match followed.iter().any(|address| job.keep.holds(*address)) {
            true => Ok(()),
            false => memory.free_result(followed),
        });
    }
}

/// The addresses that a result leads to.
fn followed(memory: &mut Memory, plan: &CallPlan, frame: Frame) -> Result<Vec<usize>> {
    match plan.form {
        ResultForm::Plain | ResultForm::Handle => Ok(Vec::new()),
        ResultForm::Text => {
            Ok([frame.long(CallPlan::RESULT) as usize].into_iter().filter(|address| *address != 0).collect())
        }
        ResultForm::Gather => {
            Gather::follow(memory, &plan.result, &mut frame.copy_out(CallPlan::RESULT, plan.result.size))
        }
    }
}
