//! What a closure's code carries with it: the environment it belongs to now, for its own thread and for others.

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Arguments, Desk, Incoming, Place, enter};
use crate::closure::mailbox::Mailbox;
use crate::closure::plan::CallbackPlan;
use crate::error::{Code, Refusal, Result};
use crate::sys::closure::Closure;
use crate::sys::crash::OwnCode;
use crate::sys::errno::Kept;

/// What a thread that is not the environment's needs to call. Owned by the slot; cloned by the caller.
#[derive(Debug, Clone)]
pub(in crate::closure) struct Post {
    pub mailbox: Arc<Mailbox>,
    pub plan: Arc<CallbackPlan>,
    pub number: u32,
    pub generation: u32,
    /// False once the callback was released.
    pub armed: bool,
}

/// The data behind one closure's code. Owned through `Arc` by the environment's closures, later by the graveyard; its code
/// may be called on any thread at any time until it is dropped (S19).
#[derive(Debug)]
pub(in crate::closure) struct Slot {
    /// The thread whose environment it belongs to, 0 when that has ended.
    owner: AtomicUsize,
    /// For that thread only.
    desk: AtomicPtr<Desk>,
    number: AtomicU32,
    post: Mutex<Option<Post>>,
    closure: Closure,
}

impl Slot {
    pub(in crate::closure) fn new() -> Option<Arc<Slot>> {
        Some(Arc::new(Slot {
            owner: AtomicUsize::new(0),
            desk: AtomicPtr::default(),
            number: AtomicU32::new(0),
            post: Mutex::new(None),
            closure: Closure::new()?,
        }))
    }

    /// Where C calls it.
    pub(in crate::closure) fn code(&self) -> *const c_void {
        self.closure.code()
    }

    /// Makes the code call a callback of the calling thread's environment. The slot is new, or was released so long ago that
    /// its quarantine is over; the desk lives until `retire`.
    pub(in crate::closure) fn arm(
        self: &Arc<Slot>,
        desk: *const Desk,
        mailbox: &Arc<Mailbox>,
        plan: &Arc<CallbackPlan>,
        (number, generation): (u32, u32),
    ) -> Result<()> {
        let mut place = self.post();
        // Most callbacks follow one of the same type: its code is prepared already.
        match place.as_mut().filter(|post| Arc::ptr_eq(&post.plan, plan)) {
            Some(post) => (post.generation, post.armed) = (generation, true),
            None => {
                self.prepare(plan)?;
                let (mailbox, plan) = (Arc::clone(mailbox), Arc::clone(plan));
                *place = Some(Post { mailbox, plan, number, generation, armed: true });
                self.number.store(number, Relaxed);
                self.desk.store(desk.cast_mut(), Relaxed);
                self.owner.store(Kept::new().thread(), Relaxed);
            }
        }
        Ok(())
    }

    fn prepare(self: &Arc<Slot>, plan: &CallbackPlan) -> Result<()> {
        let data = Arc::as_ptr(self).cast();
        // SAFETY: the plan with its interface is kept in `post` until the closure is prepared anew, the slot outlives its
        // closure, which it owns. No call is under way: `running` is 0, other threads stand in line at `post` after
        // reading nothing of the closure, and its quarantine is over (S19).
        unsafe { self.closure.prepare(plan.interface(), enter, data) }
            .map_err(|words| Refusal::new(Code::Signature, words))
    }

    /// The callback was released: other threads get zero from now on. The code can still be called.
    pub(in crate::closure) fn disarm(&self) {
        if let Some(post) = self.post().as_mut() {
            post.armed = false;
        }
    }

    /// The environment ends: no thread may look at its desk any more.
    pub(in crate::closure) fn retire(&self) {
        self.owner.store(0, Relaxed);
        self.desk.store(std::ptr::null_mut(), Relaxed);
        self.disarm();
    }

    fn post(&self) -> MutexGuard<'_, Option<Post>> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call of the code on `thread`.
    pub(super) fn call(&self, thread: usize, arguments: Arguments<'_>, mut place: Place<'_>) {
        if self.owner.load(Relaxed) == thread {
            let desk = self.desk.load(Relaxed);
            // SAFETY: only the owner's thread sets, clears and drops the desk, and this is that thread.
            if let Some(desk) = unsafe { desk.as_ref() } {
                desk.deliver(Incoming { number: self.number.load(Relaxed), arguments, place });
            }
            return;
        }
        self.call_elsewhere(&arguments, &mut place);
    }

    /// A call on a thread that is not the owner's.
    #[cold]
    fn call_elsewhere(&self, arguments: &Arguments<'_>, place: &mut Place<'_>) {
        let _own = OwnCode::begin();
        let post = self.post().clone();
        if let Some(post) = post {
            post.call(arguments, place);
        }
    }
}
