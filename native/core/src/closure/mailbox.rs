//! Turns calls on other threads into requests for the JavaScript thread, and its answers into results.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::packet::Packet;
use super::pulse::Pulse;
use super::trampoline::{Arguments, Place, Post};

/// Calls that nobody waits for are queued up to this many; then the caller waits for room.
const MAX_QUEUED: usize = 1024;

/// Calls of released callbacks are remembered up to this many between two looks.
const MAX_RELEASED: usize = 16;

/// How long a thread waits for a JavaScript thread that sits in one foreign call.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a waiting thread looks whether waiting still makes sense.
const LOOK: Duration = Duration::from_millis(50);

/// Wakes the JavaScript thread; false once that cannot be done any more.
pub type Wake = Box<dyn Fn() -> bool + Send>;

/// A call on another thread.
#[derive(Debug)]
pub struct Request {
    /// The callback's number.
    pub number: u32,
    /// Which of the callbacks that had the number.
    pub generation: u32,
    /// Its arguments, or why there are none.
    packet: crate::error::Result<Packet>,
    waiter: Option<Arc<Waiter>>,
}

/// What the JavaScript thread finds in its mailbox.
#[derive(Debug)]
pub enum Delivery {
    /// A call.
    Request(Request),
    /// The callback of this number was called although it was released.
    Released(u32),
}

/// A thread gave up waiting for the answer of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck {
    /// The callback's number.
    pub number: u32,
    /// The function that did not return meanwhile.
    pub function: u32,
}

#[derive(Debug, Default)]
struct Waiter {
    answer: Mutex<Option<Vec<u8>>>,
    ready: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Request>,
    released: VecDeque<u32>,
    stuck: Vec<Stuck>,
    /// The JavaScript thread was woken and has not looked yet.
    signalled: bool,
}

/// The one place where other threads meet an environment. Shared by the environment and its closures; it outlives the
/// environment while a thread holds it, closed.
pub struct Mailbox {
    state: Mutex<State>,
    room: Condvar,
    closed: AtomicBool,
    /// Another thread has called.
    used: AtomicBool,
    wake: Mutex<Option<Wake>>,
    pulse: Arc<Pulse>,
    /// Milliseconds.
    timeout: AtomicU64,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("state", &self.state).field("closed", &self.closed).finish_non_exhaustive()
    }
}

/// A lock is only ever held over moves and pushes, so what a panic left behind is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mailbox {
    /// An open mailbox that nobody is woken by yet.
    #[must_use]
    pub fn new(pulse: Arc<Pulse>) -> Mailbox {
        Mailbox {
            state: Mutex::default(),
            room: Condvar::new(),
            closed: AtomicBool::new(false),
            used: AtomicBool::new(false),
            wake: Mutex::new(None),
            pulse,
            timeout: AtomicU64::new(DEFAULT_TIMEOUT.as_millis() as u64),
        }
    }

    /// Sets how the JavaScript thread is woken; none when it no longer can be.
    pub fn set_wake(&self, wake: Option<Wake>) {
        *lock(&self.wake) = wake;
    }

    /// Whether other threads can wake the JavaScript thread.
    #[must_use]
    pub fn can_wake(&self) -> bool {
        lock(&self.wake).is_some()
    }

    /// Sets how long a thread waits for a JavaScript thread that sits in one foreign call.
    pub fn set_timeout(&self, milliseconds: u64) {
        self.timeout.store(milliseconds, Relaxed);
    }

    /// The environment ends: who waits gets zero, and so does who comes later.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
        let queue = std::mem::take(&mut lock(&self.state).queue);
        for request in queue {
            request.answer(Vec::new());
        }
        self.room.notify_all();
    }

    /// Takes the oldest thing out.
    pub fn take(&self) -> Option<Delivery> {
        let mut state = lock(&self.state);
        state.signalled = false;
        if let Some(number) = state.released.pop_front() {
            return Some(Delivery::Released(number));
        }
        let request = state.queue.pop_front()?;
        drop(state);
        self.room.notify_one();
        Some(Delivery::Request(request))
    }

    /// Takes what threads had to say that gave up.
    pub fn take_stuck(&self) -> Vec<Stuck> {
        std::mem::take(&mut lock(&self.state).stuck)
    }

    /// Wakes the JavaScript thread, once until it looks.
    pub fn signal(&self) {
        if std::mem::replace(&mut lock(&self.state).signalled, true) {
            return;
        }
        let mut wake = lock(&self.wake);
        if !wake.as_ref().is_some_and(|wake| wake()) {
            *wake = None;
            drop(wake);
            self.close();
        }
    }

    /// Whether another thread has ever called a callback: code that started it may still run.
    #[must_use]
    pub fn was_used(&self) -> bool {
        self.used.load(Relaxed)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// A released callback was called where no JavaScript may run.
    pub fn note_released(&self, number: u32) {
        let mut state = lock(&self.state);
        if self.is_closed() || state.released.len() >= MAX_RELEASED {
            return;
        }
        state.released.push_back(number);
        drop(state);
        self.signal();
    }

    /// Queues a request; false when the environment has ended, or does not look any more.
    fn post(&self, request: Request) -> bool {
        let number = request.number;
        let mut patience = Patience::new(self);
        let mut state = lock(&self.state);
        while request.waiter.is_none() && state.queue.len() >= MAX_QUEUED && !self.is_closed() {
            state = self.room.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            if let Some(function) = patience.exhausted() {
                drop(state);
                self.give_up(Stuck { number, function });
                return false;
            }
        }
        // Looked at under the lock: `close` empties the queue after setting it.
        if self.is_closed() {
            return false;
        }
        state.queue.push_back(request);
        drop(state);
        self.signal();
        true
    }

    /// Waits for the answer of a request that was posted.
    fn wait(&self, number: u32, waiter: &Arc<Waiter>) -> Option<Vec<u8>> {
        let mut patience = Patience::new(self);
        let mut answer = lock(&waiter.answer);
        loop {
            if answer.is_some() || self.is_closed() {
                return answer.take();
            }
            answer = waiter.ready.wait_timeout(answer, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            if answer.is_none()
                && let Some(function) = patience.exhausted()
            {
                drop(answer);
                let mut state = lock(&self.state);
                state.queue.retain(|request| !request.waiter.as_ref().is_some_and(|its| Arc::ptr_eq(its, waiter)));
                drop(state);
                self.give_up(Stuck { number, function });
                return lock(&waiter.answer).take();
            }
        }
    }

    fn give_up(&self, stuck: Stuck) {
        let mut state = lock(&self.state);
        // One says it all; more from the same call only say it again.
        if state.stuck.len() < MAX_RELEASED {
            state.stuck.push(stuck);
        }
        drop(state);
        self.pulse.set_attention(true);
    }
}

/// How long one and the same foreign call has kept the JavaScript thread.
struct Patience<'m> {
    mailbox: &'m Mailbox,
    seen: (u32, Option<u32>),
    since: Instant,
}

impl Patience<'_> {
    fn new(mailbox: &Mailbox) -> Patience<'_> {
        Patience { mailbox, seen: mailbox.pulse.beat(), since: Instant::now() }
    }

    /// The function that has kept it for too long.
    fn exhausted(&mut self) -> Option<u32> {
        let beat = self.mailbox.pulse.beat();
        let Some(function) = beat.1.filter(|_| beat == self.seen) else {
            self.seen = beat;
            self.since = Instant::now();
            return None;
        };
        let timeout = Duration::from_millis(self.mailbox.timeout.load(Relaxed));
        (self.since.elapsed() >= timeout).then_some(function)
    }
}

impl Request {
    /// The arguments, once.
    pub fn take_packet(&mut self) -> crate::error::Result<Packet> {
        std::mem::replace(&mut self.packet, Err(crate::error::Code::Internal.into()))
    }

    /// Lets the waiting thread go on with these bytes as its result; with none, with zero.
    pub fn answer(self, bytes: Vec<u8>) {
        if let Some(waiter) = self.waiter {
            *lock(&waiter.answer) = Some(bytes);
            waiter.ready.notify_one();
        }
    }
}

impl Post {
    /// Calls the callback from a thread that is not its environment's. The result stays zero when there is none.
    pub(super) fn call(&self, arguments: &Arguments<'_>, place: &mut Place<'_>) {
        let Post { mailbox, plan, number, generation, armed } = self;
        mailbox.used.store(true, Relaxed);
        if !armed {
            return mailbox.note_released(*number);
        }
        let waits = !plan.options.nonblocking;
        let packet = Packet::of(plan, arguments, !waits);
        let waiter = waits.then(Arc::<Waiter>::default);
        let request = Request { number: *number, generation: *generation, packet, waiter: waiter.clone() };
        if mailbox.post(request)
            && let Some(answer) = waiter.and_then(|waiter| mailbox.wait(*number, &waiter))
        {
            place.write(&answer);
        }
    }
}
