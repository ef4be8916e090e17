//! Turns calls on other threads into numbers for JavaScript, and their ends into one call of JavaScript for many of them.

use std::ffi::c_void;

use napi_sys as sys;

use super::buffers::with_views;
use super::entries::{UNDEFINED, deliver};
use super::environment::Environment;
use super::exposed::detach_ended;
use super::values::{Failure, arguments, boolean, check, get_u32, number, numbers, string};

type Entry = Result<sys::napi_value, Failure>;

/// How the pool's threads ring for an environment's thread. Owned by Node, which ends it with the environment; rung for by
/// any thread, under the mailbox's lock, until the mailbox is closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bell(sys::napi_threadsafe_function);

// SAFETY: Node-API lets any thread call a thread-safe function; `silence` closes the mailbox, after which none does, before
// Node ends the function.
unsafe impl Send for Bell {}

impl Bell {
    fn ring(self) {
        // It cannot be full (there is no limit), and when it is closing nobody is there to be told.
        // SAFETY: the function is live until `silence` has run, which waits for whoever is ringing (see `Bell`).
        unsafe {
            sys::napi_call_threadsafe_function(
                self.0,
                std::ptr::null_mut(),
                sys::ThreadsafeFunctionCallMode::nonblocking,
            )
        };
    }

    /// Gives the function up; nobody rings any more.
    fn release(self) {
        // SAFETY: the one thread that it was made for gives it up once, in `silence`, and Node ends it after that.
        unsafe { sys::napi_release_threadsafe_function(self.0, sys::ThreadsafeFunctionReleaseMode::abort) };
    }

    /// Whether the environment's event loop waits for it.
    fn keep_alive(self, env: sys::napi_env, keep: bool) -> Result<(), Failure> {
        if keep {
            // SAFETY: the function belongs to `env`, whose entry this is.
            check(unsafe { sys::napi_ref_threadsafe_function(env, self.0) })
        } else {
            // SAFETY: as above.
            check(unsafe { sys::napi_unref_threadsafe_function(env, self.0) })
        }
    }
}

/// `listen(callback, threads)`: `callback` is called when `completed` has something. Once, before `submit`.
pub(super) fn listen(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([callback, threads], _) = arguments::<2>(env, info)?;
    let threads = get_u32(env, threads)? as usize;
    if environment.bell.get().is_some() {
        return Err(Failure::Message("somebody listens already"));
    }
    let bell = create(env, callback)?;
    bell.keep_alive(env, false)?;
    let mut runtime = environment.runtime().borrow_mut();
    let close = runtime.silencer();
    let silencer: Silencer = Box::new(Box::new(move || {
        close();
        bell.release();
    }));
    let silencer = Box::into_raw(silencer).cast::<c_void>();
    // Hooks run in the reverse order of their making, so this one before Node's own for the function.
    // SAFETY: `silencer` is a leaked box that `silence` takes back, once, at the end of the environment.
    check(unsafe { sys::napi_add_env_cleanup_hook(env, Some(silence), silencer) })?;
    runtime.listen(Box::new(move || bell.ring()), threads);
    environment.bell.set(Some(bell));
    Ok(UNDEFINED)
}

type Silencer = Box<Box<dyn FnOnce() + Send>>;

/// # Safety
/// - Called once by Node, with the pointer that `listen` registered.
unsafe extern "C" fn silence(silencer: *mut c_void) {
    // SAFETY: `silencer` is the box that `listen` leaked, and this is the one time it is taken back.
    let silencer = unsafe { Box::from_raw(silencer.cast::<Box<dyn FnOnce() + Send>>()) };
    // A panic must not unwind into Node.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(silencer));
}

fn create(env: sys::napi_env, callback: sys::napi_value) -> Result<Bell, Failure> {
    let name = string(env, b"holdfast", true)?;
    let (mut function, none) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: `callback` and `name` are values of the current entry; the function is called with no data of ours.
    check(unsafe {
        sys::napi_create_threadsafe_function(
            env,
            callback,
            std::ptr::null_mut(),
            name,
            0,
            1,
            none,
            None,
            none,
            None,
            &raw mut function,
        )
    })?;
    Ok(Bell(function))
}

/// `submit(...views)`: begins the call in the top frame on another thread; its number, or undefined with the frame's status.
pub(super) fn submit(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let bell = environment.bell.get().ok_or(Failure::Message("nobody listens"))?;
    let (ticket, pending) = with_views(env, info, |views, _| {
        let mut runtime = environment.runtime().borrow_mut();
        (runtime.submit(views), runtime.pending())
    })?;
    if ticket == 0 {
        return Ok(UNDEFINED);
    }
    if pending == 1 {
        bell.keep_alive(env, true)?;
    }
    number(env, ticket)
}

/// `cancel(ticket)`: whether the call had not started, and never will.
pub(super) fn cancel(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([ticket], _) = arguments::<1>(env, info)?;
    let ticket = get_u32(env, ticket)?;
    let is_cancelled = environment.runtime().borrow_mut().cancel(ticket);
    // Its library may have gone with it.
    detach_ended(environment);
    rest(env, environment)?;
    boolean(env, is_cancelled?)
}

/// `completed()`: the numbers of the calls that have come back.
pub(super) fn completed(env: sys::napi_env, _info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let tickets = environment.runtime().borrow_mut().completed();
    numbers(env, &tickets)
}

/// `collect(...views)`: ends the call whose number is where a call's function is; as `invokeViews` otherwise.
pub(super) fn collect(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let outcome = with_views(env, info, |views, _| environment.runtime().borrow_mut().collect(views))?;
    detach_ended(environment);
    rest(env, environment)?;
    deliver(env, environment, outcome)
}

/// Lets the event loop end when nothing is pending.
fn rest(env: sys::napi_env, environment: &Environment) -> Result<(), Failure> {
    match environment.bell.get() {
        Some(bell) if environment.runtime().borrow().pending() == 0 => bell.keep_alive(env, false),
        _ => Ok(()),
    }
}
