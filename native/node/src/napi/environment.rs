//! Turns a `napi_env` into the data of that environment, without asking Node again on every call.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use holdfast_core::call::Runtime;
use holdfast_core::frame::CallStack;
use holdfast_core::invoke::Choice;
use holdfast_core::registry::Handle;
use napi_sys as sys;

use super::background::Bell;
use super::callbacks::Callbacks;
use super::values::{Failure, Reference, arraybuffer_memory};
use super::watches::Watches;

/// One environment's data. Owned by Node as instance data, dropped when the environment ends: everything the toolkit
/// owns in it is released then. Used on the environment's thread only.
#[derive(Debug)]
pub(super) struct Environment {
    runtime: RefCell<Runtime>,
    /// How JavaScript's callbacks are called.
    pub callbacks: Callbacks,
    /// Records whose memory a buffer is over, of which the core is not told yet.
    pub lifted: RefCell<Vec<Handle>>,
    /// A buffer that is newer than all those, whose end is the beginning of the environment's.
    pub mark: RefCell<Option<Reference>>,
    /// Whether that has begun.
    pub is_ending: Cell<bool>,
    /// What is told when pointer objects are collected.
    pub watches: Watches,
    /// What calls on other threads ring when they are over; none before the first.
    pub bell: Cell<Option<Bell>>,
    /// Keeps the call stack's ArrayBuffer alive; nobody but our own JavaScript has it, so nobody detaches it.
    _stack: Reference,
}

thread_local! {
    /// The environment that entered last on this thread, with its data. A thread can have several (the addon loaded
    /// twice), so the `env` of each entry is compared.
    static LAST: Cell<(sys::napi_env, *const Environment)> = const { Cell::new((std::ptr::null_mut(), std::ptr::null())) };
}

/// The first environment that was set up and still lives, with its data: mostly the main thread's, found without asking for
/// the thread. Claimed by one environment until it ends, and only its own thread looks at `FIRST_DATA`.
static FIRST: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static FIRST_DATA: AtomicPtr<Environment> = AtomicPtr::new(std::ptr::null_mut());

impl Environment {
    /// The runtime. Not borrowed while C or JavaScript runs.
    pub(super) fn runtime(&self) -> &RefCell<Runtime> {
        &self.runtime
    }

    /// The data of an environment; none before `setup`.
    #[inline]
    pub(super) fn of<'e>(env: sys::napi_env) -> Option<&'e Environment> {
        let data = if FIRST.load(Relaxed) == env.cast() {
            FIRST_DATA.load(Relaxed).cast_const()
        } else {
            Environment::of_thread(env)
        };
        // SAFETY: `data` is the instance data of `env` or null: it lives until `drop_environment`, which also empties
        // `LAST` and `FIRST`, and an entry of `env` does not outlive `env`.
        unsafe { data.as_ref() }
    }

    /// Whether this environment is the one that `first` finds.
    pub(super) fn is_first(env: sys::napi_env) -> bool {
        FIRST.load(Relaxed) == env.cast()
    }

    /// The first environment's data, for an entry that is called on its thread only.
    #[inline]
    pub(super) fn first<'e>() -> Option<&'e Environment> {
        // SAFETY: as for `of`: the caller is an entry of that environment.
        unsafe { FIRST_DATA.load(Relaxed).cast_const().as_ref() }
    }

    fn of_thread(env: sys::napi_env) -> *const Environment {
        let (last, data) = LAST.get();
        if last == env { data } else { Environment::look_up(env) }
    }

    #[cold]
    fn look_up(env: sys::napi_env) -> *const Environment {
        let mut data = std::ptr::null_mut::<c_void>();
        // SAFETY: `env` is the live environment of the current entry, `data` a place for one pointer.
        unsafe { sys::napi_get_instance_data(env, &raw mut data) };
        let data = data.cast::<Environment>().cast_const();
        LAST.set((env, data));
        data
    }

    /// Makes the data of an environment over the call stack that JavaScript has allocated.
    ///
    /// # Errors
    /// When it exists, or the value is no ArrayBuffer of a usable size.
    pub(super) fn create(env: sys::napi_env, stack: sys::napi_value, choice: Choice) -> Result<(), Failure> {
        if Environment::of(env).is_some() {
            return Err(Failure::Message("the environment is set up already"));
        }
        let (base, size) = arraybuffer_memory(env, stack)?;
        let base = NonNull::new(base).ok_or(Failure::Message("the call stack has no memory"))?;
        if size < 1 << 12 || !(base.as_ptr() as usize).is_multiple_of(16) {
            return Err(Failure::Message("the call stack is too small or misaligned"));
        }
        let keep = Reference::strong(env, stack)?;
        // SAFETY: `base` and `size` are the ArrayBuffer's memory, which `keep` keeps alive as long as the call stack
        // exists; it is not resizable, and our JavaScript neither detaches nor shares it.
        let stack = unsafe { CallStack::new(base, size) };
        let runtime = RefCell::new(Runtime::new(stack, choice));
        let data = Box::new(Environment {
            runtime,
            callbacks: Callbacks::default(),
            lifted: RefCell::default(),
            mark: RefCell::default(),
            is_ending: Cell::new(false),
            watches: Watches::default(),
            bell: Cell::default(),
            _stack: keep,
        });
        let owned = Box::into_raw(data);
        let data = owned.cast::<c_void>();
        // SAFETY: `data` is a leaked box that `drop_environment` takes back, once, when Node ends the environment.
        let status = unsafe { sys::napi_set_instance_data(env, data, Some(drop_environment), std::ptr::null_mut()) };
        LAST.set((std::ptr::null_mut(), std::ptr::null()));
        if status != sys::Status::napi_ok {
            return Err(Failure::Status(status));
        }
        // SAFETY: the box just leaked, alive until `drop_environment`; nobody else refers to it now.
        let runtime = unsafe { &raw const (*owned).runtime };
        // SAFETY: as above.
        let runtime = unsafe { &*runtime };
        // SAFETY: the runtime stays in its box until it is dropped there, and its journal first; only this environment's
        // thread uses it.
        unsafe { runtime.borrow().journal().attach(runtime) };
        if FIRST.compare_exchange(std::ptr::null_mut(), env.cast(), Relaxed, Relaxed).is_ok() {
            FIRST_DATA.store(owned, Relaxed);
        }
        Ok(())
    }
}

/// # Safety
/// - Called once by Node, with the pointer that `create` registered, at the end of the environment.
unsafe extern "C" fn drop_environment(env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    if FIRST.load(Relaxed) == env.cast() {
        FIRST_DATA.store(std::ptr::null_mut(), Relaxed);
        FIRST.store(std::ptr::null_mut(), Relaxed);
    }
    LAST.set((std::ptr::null_mut(), std::ptr::null()));
    let data = data.cast::<Environment>();
    // SAFETY: `data` is the box that `create` leaked, and this is the one time it is taken back.
    let data = unsafe { Box::from_raw(data) };
    // A panic while releasing must not unwind into Node.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(data)));
}
