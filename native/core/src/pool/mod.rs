//! Turns tasks into work on a few threads of our own, started in the order in which they were given.
//!
//! One pool serves the whole process: how many threads are useful is a matter of the machine, not of how many workers a
//! program has, and libuv's threads stay free for files and DNS. Threads start when there is work and end when there has
//! been none for a while; they are detached, so the end of the process waits for none of them.
#![forbid(unsafe_code)]

mod mailbox;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Builder;
use std::time::Duration;

pub use mailbox::Mailbox;

use crate::error::{Code, Refusal, Result};

/// What a thread of the pool runs. It tells of its own end.
pub trait Task: Send {
    /// Does the work. A panic in it ends the task, not the thread.
    fn run(self: Box<Self>);
}

/// The threads and the tasks that wait for one. Owned by its users and its threads together; any thread may use it.
pub struct Pool {
    state: Mutex<State>,
    wake: Condvar,
    /// The most threads at one time.
    limit: usize,
    /// A thread without work ends after this.
    patience: Duration,
}

#[derive(Default)]
struct State {
    /// In the order of their numbers, which is the order in which they start.
    waiting: BTreeMap<u64, Box<dyn Task>>,
    last: u64,
    threads: usize,
    idle: usize,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        write!(f, "Pool({} threads of {}, {} waiting)", state.threads, self.limit, state.waiting.len())
    }
}

/// What a program's first thread has by default, as C code expects.
const STACK: usize = 8 << 20;

const PATIENCE: Duration = Duration::from_secs(5);

static PROCESS: OnceLock<Arc<Pool>> = OnceLock::new();

impl Pool {
    /// The pool of this process. The first to ask says how many threads it may have; 0 is as many as run at one time here.
    #[must_use]
    pub fn of_process(limit: usize) -> Arc<Pool> {
        let made = || {
            let limit = if limit == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { limit };
            Pool::new(limit, PATIENCE)
        };
        Arc::clone(PROCESS.get_or_init(made))
    }

    fn new(limit: usize, patience: Duration) -> Arc<Pool> {
        Arc::new(Pool { state: Mutex::default(), wake: Condvar::new(), limit, patience })
    }

    /// Queues a task behind those that wait. Returns its number.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_MEMORY` when there is no thread and the system starts none.
    pub fn submit(self: &Arc<Self>, task: Box<dyn Task>) -> Result<u64> {
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        state.waiting.insert(number, task);
        if state.idle < state.waiting.len() && state.threads < self.limit {
            let started = self.start_thread();
            state.threads += usize::from(started.is_ok());
            if let (Err(words), 0) = (started, state.threads) {
                let task = state.waiting.remove(&number);
                drop(state);
                drop(task);
                return Err(Refusal::new(Code::OutOfMemory, format!("the system starts no thread: {words}")));
            }
        }
        drop(state);
        self.wake.notify_one();
        Ok(number)
    }

    /// Takes back a task that has not started.
    #[must_use]
    pub fn cancel(&self, number: u64) -> Option<Box<dyn Task>> {
        self.lock().waiting.remove(&number)
    }

    fn start_thread(self: &Arc<Self>) -> std::io::Result<()> {
        let pool = Arc::clone(self);
        Builder::new().name("holdfast".to_owned()).stack_size(STACK).spawn(move || pool.work()).map(drop)
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some((_, task)) = state.waiting.pop_first() {
                drop(state);
                // A task that has panicked has told so itself (see `Task`), and its words are on stderr.
                let _ = catch_unwind(AssertUnwindSafe(|| task.run()));
                state = self.lock();
                continue;
            }
            state.idle += 1;
            let (woken, wait) = self.wake.wait_timeout(state, self.patience).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if wait.timed_out() && state.waiting.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    /// No code of others runs while the lock is held, so a poisoned state is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
