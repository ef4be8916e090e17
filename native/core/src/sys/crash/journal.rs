//! Turns what a thread's environment is doing into a few words that a signal handler can read at any instruction.
#![cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no handler to read them"))]

use super::{Crash, Place, REMEMBERED, Report, Witness};
use std::cell::Cell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32};
use std::sync::atomic::{Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

/// Stands for a function's number while JavaScript runs that a foreign function called back.
const CALLED_BACK: u32 = u32::MAX;

/// Stands for a function's number while our own code runs that a foreign function called.
const OWN: u32 = u32::MAX - 1;

/// No thread.
const NOBODY: i32 = 0;

/// The words of one journal. Lives until the process ends: a seat that is given up is taken by the next journal, so there
/// are as many as there ever were environments at once. Written by its thread, read by that thread's signal handlers.
#[derive(Debug)]
pub(super) struct Seat {
    /// The thread whose journal it is.
    thread: AtomicI32,
    /// The function running now, 0 for none, `CALLED_BACK` or `OWN`.
    current: AtomicU32,
    /// How many callbacks are running.
    callbacks: AtomicU32,
    /// The function that called JavaScript back last, while it does.
    caller: AtomicU32,
    /// How many calls were ever begun.
    begun: AtomicU32,
    recent: [AtomicU32; REMEMBERED],
    /// A `*const T` for some `T: Witness`, or null.
    witness: AtomicPtr<c_void>,
    /// The methods of that `T`. Set before `witness` is.
    voice: AtomicPtr<Voice>,
    /// The seat that was first in the list before this one; never changed once this can be found.
    next: AtomicPtr<Seat>,
}

/// The first seat of the list of all. Read from signal handlers on any thread.
static FIRST: AtomicPtr<Seat> = AtomicPtr::new(std::ptr::null_mut());

/// A witness's methods, of a type that is known no more.
struct Voice {
    is_busy: unsafe fn(*const c_void) -> bool,
    testify: unsafe fn(*const c_void, &Crash, &mut Report),
}

/// # Safety
/// - `witness` is a live `T` that only this thread uses.
unsafe fn is_busy<T: Witness>(witness: *const c_void) -> bool {
    // SAFETY: the caller's promise, word for word.
    unsafe { &*witness.cast::<T>() }.is_busy()
}

/// # Safety
/// - `witness` is a live `T` that only this thread uses.
unsafe fn testify<T: Witness>(witness: *const c_void, crash: &Crash, report: &mut Report) {
    // SAFETY: the caller's promise, word for word.
    unsafe { &*witness.cast::<T>() }.testify(crash, report);
}

struct VoiceOf<T>(std::marker::PhantomData<T>);

impl<T: Witness> VoiceOf<T> {
    const VOICE: &'static Voice = &Voice { is_busy: is_busy::<T>, testify: testify::<T> };
}

impl Seat {
    fn empty() -> Seat {
        Seat {
            thread: AtomicI32::new(NOBODY),
            current: AtomicU32::new(0),
            callbacks: AtomicU32::new(0),
            caller: AtomicU32::new(0),
            begun: AtomicU32::new(0),
            recent: std::array::from_fn(|_| AtomicU32::new(0)),
            witness: AtomicPtr::new(std::ptr::null_mut()),
            voice: AtomicPtr::new(std::ptr::null_mut()),
            next: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// All seats there are, taken or not. Async-signal-safe.
    fn all() -> impl Iterator<Item = &'static Seat> {
        let at = |place: &AtomicPtr<Seat>| {
            // SAFETY: null, or a seat that `take` has leaked: it lives until the process ends, and is only shared.
            unsafe { place.load(Acquire).as_ref() }
        };
        std::iter::successors(at(&FIRST), move |seat| at(&seat.next))
    }

    fn take(thread: i32) -> &'static Seat {
        let free = |seat: &&Seat| seat.thread.compare_exchange(NOBODY, thread, Acquire, Relaxed).is_ok();
        Seat::all().find(free).unwrap_or_else(|| {
            let seat = Box::leak(Box::new(Seat::empty()));
            seat.thread.store(thread, Relaxed);
            let mut first = FIRST.load(Relaxed);
            loop {
                seat.next.store(first, Relaxed);
                match FIRST.compare_exchange_weak(first, seat, Release, Relaxed) {
                    Ok(_) => return seat,
                    Err(now) => first = now,
                }
            }
        })
    }

    /// What was running here when a signal came, if it concerns us. Async-signal-safe; on the seat's thread.
    fn crash(&self) -> Option<Crash> {
        let current = self.current.load(Relaxed);
        let place = match current {
            _ if self.is_busy() => Place::Own,
            0 => return None,
            CALLED_BACK => Place::JavaScript,
            OWN => Place::Own,
            _ => Place::Foreign,
        };
        let function = if current == CALLED_BACK { self.caller.load(Relaxed) } else { current };
        let begun = self.begun.load(Relaxed);
        let recent = std::array::from_fn(|i| self.at(begun.wrapping_sub(i as u32 + 1)).load(Relaxed));
        Some(Crash { place, function, address: None, callbacks: self.callbacks.load(Relaxed), recent })
    }

    #[inline]
    fn foreign(&self) -> Option<u32> {
        let current = self.current.load(Relaxed);
        (current != 0 && current < OWN).then_some(current)
    }

    /// Our own code runs, called by the foreign function that is running on this thread. Returns that, for `leave_own`.
    pub(super) fn enter_own(&self) -> u32 {
        let function = self.current.load(Relaxed);
        self.current.store(OWN, Relaxed);
        function
    }

    /// It returns to the foreign function.
    pub(super) fn leave_own(&self, function: u32) {
        self.current.store(function, Relaxed);
    }

    #[inline]
    fn at(&self, call: u32) -> &AtomicU32 {
        &self.recent[call as usize % REMEMBERED]
    }

    fn voice(&self) -> Option<(&'static Voice, *const c_void)> {
        let witness = self.witness.load(Acquire).cast_const();
        if witness.is_null() {
            return None;
        }
        // SAFETY: set before `witness` was, to a constant that lives as long as the program.
        unsafe { self.voice.load(Relaxed).as_ref() }.map(|voice| (voice, witness))
    }

    fn is_busy(&self) -> bool {
        self.voice().is_some_and(|(voice, witness)| {
            // SAFETY: the voice is that of the witness's type, and by the promise of `attach` it lives and is this
            // thread's.
            unsafe { (voice.is_busy)(witness) }
        })
    }

    /// Lets the witness say what it knows. Async-signal-safe; on the seat's thread.
    pub(super) fn testify(&self, crash: &Crash, report: &mut Report) {
        if let Some((voice, witness)) = self.voice().filter(|_| crash.place != Place::Own) {
            // SAFETY: as in `is_busy`.
            unsafe { (voice.testify)(witness, crash, report) };
        }
    }
}

/// The seat of this thread with what was running there when a signal came, if it concerns us. Async-signal-safe.
pub(super) fn crash_here() -> Option<(&'static Seat, Crash)> {
    let thread = this_thread();
    let of_this_thread = |seat: &&Seat| seat.thread.load(Relaxed) == thread;
    Seat::all().filter(of_this_thread).find_map(|seat| Some((seat, seat.crash()?)))
}

/// What an environment is doing: which foreign function runs, which ran last, whether JavaScript was called back. Owns a
/// seat, given up on drop; used on one thread.
pub struct Journal {
    seat: &'static Seat,
    #[cfg(target_os = "linux")]
    stack: Cell<Option<super::stack::SignalStack>>,
    /// Not for other threads: the seat is found by the thread that took it.
    _thread: std::marker::PhantomData<Cell<()>>,
}

/// What a callback has interrupted.
#[derive(Debug, Clone, Copy)]
#[must_use = "the callback has to be left with it"]
pub struct Interrupted {
    current: u32,
    caller: u32,
}

/// What other threads may see of a journal. The seat is another journal's when this one is dropped.
#[derive(Clone, Copy)]
pub struct Watch(&'static Seat);

impl Watch {
    /// How many calls were ever begun, and the foreign function that is running, unless it has called JavaScript back.
    #[must_use]
    pub fn beat(&self) -> (u32, Option<u32>) {
        (self.0.begun.load(Relaxed), self.0.foreign())
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Watch{:?}", self.beat())
    }
}

impl Default for Journal {
    fn default() -> Self {
        Journal {
            seat: Seat::take(this_thread()),
            #[cfg(target_os = "linux")]
            stack: Cell::new(None),
            _thread: std::marker::PhantomData,
        }
    }
}

impl Journal {
    /// A foreign function is called. Returns what ran before, for `leave`.
    #[inline]
    #[must_use]
    pub fn enter(&self, function: u32) -> u32 {
        let outer = self.seat.current.load(Relaxed);
        self.seat.current.store(function, Relaxed);
        let call = self.seat.begun.load(Relaxed);
        self.seat.at(call).store(function, Relaxed);
        self.seat.begun.store(call.wrapping_add(1), Relaxed);
        outer
    }

    /// It has returned.
    #[inline]
    pub fn leave(&self, outer: u32) {
        self.seat.current.store(outer, Relaxed);
    }

    /// Whether a foreign function is running, directly or around a callback.
    #[inline]
    #[must_use]
    pub fn is_in_call(&self) -> bool {
        self.seat.current.load(Relaxed) != 0
    }

    /// The foreign function that is running, unless it has called JavaScript back.
    #[inline]
    #[must_use]
    pub fn foreign(&self) -> Option<u32> {
        self.seat.foreign()
    }

    /// How many callbacks are running, one within a call of the other.
    #[must_use]
    pub fn callbacks(&self) -> u32 {
        self.seat.callbacks.load(Relaxed)
    }

    /// What other threads may see of it.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch(self.seat)
    }

    /// JavaScript runs, called back by the foreign function that is running.
    pub fn enter_callback(&self) -> Interrupted {
        let Seat { current, caller, callbacks, .. } = self.seat;
        let interrupted = Interrupted { current: current.load(Relaxed), caller: caller.load(Relaxed) };
        caller.store(interrupted.current, Relaxed);
        callbacks.store(callbacks.load(Relaxed).wrapping_add(1), Relaxed);
        current.store(CALLED_BACK, Relaxed);
        interrupted
    }

    /// It has returned to the foreign function.
    pub fn leave_callback(&self, interrupted: Interrupted) {
        let Seat { current, caller, callbacks, .. } = self.seat;
        current.store(interrupted.current, Relaxed);
        callbacks.store(callbacks.load(Relaxed).wrapping_sub(1), Relaxed);
        caller.store(interrupted.caller, Relaxed);
    }

    /// Its words.
    pub(super) fn seat(&self) -> &'static Seat {
        self.seat
    }

    /// A function's number will be given to another: it is no more among those called last.
    pub fn forget(&self, function: u32) {
        for call in self.seat.recent.iter().filter(|call| call.load(Relaxed) == function) {
            call.store(0, Relaxed);
        }
    }

    /// Makes crashes on this thread ask `witness`, and gives the thread a stack for signal handlers if it has none, so that
    /// a stack overflow can be reported too.
    ///
    /// # Safety
    /// - `witness` lives, where it is, until this journal is dropped.
    /// - Only this thread uses it.
    pub unsafe fn attach<T: Witness>(&self, witness: *const T) {
        self.seat.voice.store(std::ptr::from_ref(VoiceOf::<T>::VOICE).cast_mut(), Relaxed);
        self.seat.witness.store(witness.cast_mut().cast(), Release);
        #[cfg(target_os = "linux")]
        if super::handler::is_installed() {
            self.stack.set(super::stack::SignalStack::of_this_thread());
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.seat.witness.store(std::ptr::null_mut(), Release);
        self.seat.current.store(0, Relaxed);
        self.seat.callbacks.store(0, Relaxed);
        for call in &self.seat.recent {
            call.store(0, Relaxed);
        }
        self.seat.thread.store(NOBODY, Release);
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Journal({})", self.seat.current.load(Relaxed))
    }
}

/// The kernel's number of this thread. Async-signal-safe.
#[cfg(target_os = "linux")]
fn this_thread() -> i32 {
    // SAFETY: asks the kernel for a number; it cannot fail.
    unsafe { libc::gettid() }
}

/// Any number: nobody looks for it.
#[cfg(not(target_os = "linux"))]
fn this_thread() -> i32 {
    1
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
