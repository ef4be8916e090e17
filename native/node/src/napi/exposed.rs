//! Turns records' memory into JavaScript buffers, and what becomes of these into when the memory may go.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use holdfast_core::memory::Cover;
use holdfast_core::registry::Handle;
use napi_sys as sys;

use super::environment::Environment;
use super::pointers::release_due;
use super::values::{Failure, Reference, arguments, check, get_f64, get_u32};

/// One buffer over a record's memory. Shared by the core, which ends it, and by Node, which finalizes it; both on the
/// environment's thread.
#[derive(Debug)]
struct Exposure {
    env: sys::napi_env,
    owner: Handle,
    /// Weak: the buffer belongs to JavaScript.
    buffer: RefCell<Option<Reference>>,
    /// No ArrayBuffer has the memory any more, whichever had it last.
    is_over: Cell<bool>,
}

/// What the core has of it.
#[derive(Debug)]
struct Shared(Rc<Exposure>);

impl Exposure {
    /// The buffer, as long as JavaScript has it.
    fn value(&self) -> Option<sys::napi_value> {
        self.buffer.borrow().as_ref().and_then(Reference::value)
    }

    fn is_detached(&self, value: sys::napi_value) -> bool {
        let mut detached = false;
        // SAFETY: `value` is the ArrayBuffer that `external_buffer` made, `detached` a place for the result.
        let status = unsafe { sys::napi_is_detached_arraybuffer(self.env, value, &raw mut detached) };
        status != sys::Status::napi_ok || detached
    }
}

impl Cover for Shared {
    fn is_astray(&self) -> bool {
        let Shared(exposure) = self;
        !exposure.is_over.get() && exposure.value().is_none_or(|value| exposure.is_detached(value))
    }

    fn is_over(&self) -> bool {
        self.0.is_over.get()
    }

    fn end(&self) -> bool {
        let Shared(exposure) = self;
        if exposure.is_over.get() {
            return true;
        }
        // One that is detached already was moved, by others.
        let Some(value) = exposure.value().filter(|value| !exposure.is_detached(*value)) else { return false };
        // SAFETY: `value` is the ArrayBuffer that `external_buffer` made, which is detachable.
        let status = unsafe { sys::napi_detach_arraybuffer(exposure.env, value) };
        status == sys::Status::napi_ok
    }
}

/// `externalBuffer(slot, generation, length)`: an ArrayBuffer over a record's memory, detached when the record ends.
/// Where the runtime forbids such buffers (Electron), undefined.
pub(super) fn external_buffer(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([slot, generation, length], _) = arguments::<3>(env, info)?;
    let handle = Handle { slot: get_u32(env, slot)?, generation: get_u32(env, generation)? };
    let length = get_f64(env, length)? as usize;
    let (owner, address) = environment.runtime().borrow_mut().memory().expose(handle, length)?;
    let exposure = Rc::new(Exposure { env, owner, buffer: RefCell::default(), is_over: Cell::new(false) });
    let hint = Rc::into_raw(Rc::clone(&exposure)).cast_mut().cast::<c_void>();
    let (mut buffer, data) = (std::ptr::null_mut(), address as *mut c_void);
    // SAFETY: the record's extent covers `length` bytes, or they were readable a moment ago (S6). When the record ends the
    // buffer is parted from the memory, which else stays until `finalize` was called (S10).
    let status =
        unsafe { sys::napi_create_external_arraybuffer(env, data, length, Some(finalize), hint, &raw mut buffer) };
    if status != sys::Status::napi_ok {
        // SAFETY: made by `into_raw` above, and Node has not taken it.
        drop(unsafe { Rc::from_raw(hint.cast::<Exposure>().cast_const()) });
        let is_forbidden = status == sys::Status::napi_no_external_buffers_allowed;
        return if is_forbidden { Ok(std::ptr::null_mut()) } else { Err(Failure::Status(status)) };
    }
    environment.runtime().borrow_mut().memory().cover(owner, Box::new(Shared(Rc::clone(&exposure))));
    // Until there is a reference, it counts as moved.
    exposure.buffer.replace(Some(Reference::weak(env, buffer)?));
    watch_end(env, environment)?;
    Ok(buffer)
}

/// Node says that no ArrayBuffer has the memory any more. At the end of the environment it says so of all of them, moved or
/// not, the newest first.
///
/// # Safety
/// - Called once by Node on the environment's thread, which still has its data, with what `external_buffer` passed as `hint`.
unsafe extern "C" fn finalize(env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: made by `into_raw` in `external_buffer`, and given back once.
    let exposure = unsafe { Rc::from_raw(hint.cast::<Exposure>().cast_const()) };
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let Some(environment) = Environment::of(env) else { return };
        if is_ending(env) && !environment.is_ending.get() {
            // Node has not kept the order: whether this one was moved cannot be known any more.
            environment.runtime().borrow_mut().forsake(exposure.owner);
        }
        exposure.is_over.set(true);
        environment.lifted.borrow_mut().push(exposure.owner);
        if !lift(environment) {
            environment.watches.ask();
        }
    }));
}

/// Lets go of what lay under buffers that are over, if the runtime is at rest (S26).
pub(super) fn lift(environment: &Environment) -> bool {
    if environment.lifted.borrow().is_empty() {
        return true;
    }
    if !environment.runtime().try_borrow().is_ok_and(|runtime| runtime.is_at_rest()) {
        return false;
    }
    for owner in environment.lifted.take() {
        let mut runtime = environment.runtime().borrow_mut();
        let lifted = runtime.memory().lift_covers(owner);
        runtime.memory().note_damage(lifted);
    }
    release_due(environment);
    true
}

/// Parts buffers from memory whose record has ended, before any JavaScript can run.
///
/// # Errors
/// `ERR_FFI_OVERRUN` for memory that goes with its buffers.
#[inline]
pub(super) fn end_covers(environment: &Environment) -> Result<(), Failure> {
    if !environment.runtime().borrow().has_ended_covers() {
        return Ok(());
    }
    Ok(environment.runtime().borrow_mut().memory().end_covers()?)
}

/// The same where nobody asked for the end of that memory, or will be told otherwise: the damage is told later.
#[inline]
pub(super) fn detach_ended(environment: &Environment) {
    if environment.runtime().borrow().has_ended_covers() {
        let mut runtime = environment.runtime().borrow_mut();
        let ended = runtime.memory().end_covers();
        runtime.memory().note_damage(ended);
    }
}

/// Makes a buffer that is nobody's and the newest of all, so that Node finalizes it first at the end of the environment: then
/// it can be seen still which of the others were moved.
fn watch_end(env: sys::napi_env, environment: &Environment) -> Result<(), Failure> {
    let mark = Box::into_raw(Box::new(0u64)).cast::<c_void>();
    let mut buffer = std::ptr::null_mut();
    // SAFETY: `mark` is a leaked box of 8 bytes that `end` takes back, when nothing has it any more.
    let made = check(unsafe {
        sys::napi_create_external_arraybuffer(env, mark, 8, Some(end), std::ptr::null_mut(), &raw mut buffer)
    });
    if let Err(failure) = made {
        // SAFETY: leaked above, and Node has not taken it.
        drop(unsafe { Box::from_raw(mark.cast::<u64>()) });
        return Err(failure);
    }
    environment.mark.replace(Some(Reference::strong(env, buffer)?));
    Ok(())
}

/// # Safety
/// - Called once by Node on the environment's thread, which still has its data, with what `watch_end` passed as `mark`.
unsafe extern "C" fn end(env: sys::napi_env, mark: *mut c_void, _hint: *mut c_void) {
    // SAFETY: leaked in `watch_end`, and given back once.
    drop(unsafe { Box::from_raw(mark.cast::<u64>()) });
    let _ = catch_unwind(AssertUnwindSafe(|| {
        if let Some(environment) = Environment::of(env).filter(|_| is_ending(env))
            && !environment.is_ending.replace(true)
        {
            environment.runtime().borrow_mut().forsake_astray();
        }
    }));
}

/// Whether Node lets no JavaScript run any more.
fn is_ending(env: sys::napi_env) -> bool {
    let (mut null, mut same) = (std::ptr::null_mut(), false);
    // SAFETY: `env` is the current finalizer's, for which Node has opened a scope.
    unsafe { sys::napi_get_null(env, &raw mut null) };
    // SAFETY: as above; the comparison is refused when JavaScript cannot run, even between values that are none's to see.
    unsafe { sys::napi_strict_equals(env, null, null, &raw mut same) != sys::Status::napi_ok }
}
