//! Turns an entry from JavaScript into a call of the core: raw callbacks, because a generated wrapper costs as much again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use holdfast_core::call::Outcome;
use holdfast_core::memory::View;
use napi_sys as sys;

use super::buffers::with_views;
use super::environment::Environment;
use super::exposed::detach_ended;
use super::values::{Failure, string};

/// What a raw callback returns for `undefined`.
pub(super) const UNDEFINED: sys::napi_value = std::ptr::null_mut();

/// `invoke()`: carries out the call in the top frame. Takes nothing, returns nothing.
pub(super) unsafe extern "C" fn invoke(env: sys::napi_env, _info: sys::napi_callback_info) -> sys::napi_value {
    guarded(env, run_in_frame)
}

/// `invokeFor()`: the same; returns a string, an ArrayBuffer too large for the frame, or undefined.
pub(super) unsafe extern "C" fn invoke_for(env: sys::napi_env, _info: sys::napi_callback_info) -> sys::napi_value {
    guarded(env, |environment| {
        let outcome = run(environment, &[]);
        deliver(env, environment, outcome)
    })
}

/// `invokeViews(...views)`: the same with buffers whose memory C gets in place.
pub(super) unsafe extern "C" fn invoke_views(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guarded(env, |environment| {
        let outcome = with_views(env, info, |views, _| run(environment, views))?;
        deliver(env, environment, outcome)
    })
}

/// The door for numbers: as `invoke`, for plain calls. For any other the frame's status stays as JavaScript set it.
#[inline]
pub(super) fn run_plain(environment: &Environment) {
    let Ok(mut runtime) = environment.runtime().try_borrow_mut() else { return };
    if let Some(plain) = runtime.begin_plain() {
        drop(runtime);
        let made = plain.execute();
        environment.runtime().borrow_mut().finish_plain(made);
    }
}

/// The door for all else that needs nothing of V8's: as `invoke`, for quick calls.
#[inline]
pub(super) fn run_quick(environment: &Environment) {
    run_with(environment, &[]);
}

/// The same with one buffer. An empty one is left to `invokeViews`: it may be detached.
#[inline]
pub(super) fn run_view(environment: &Environment, view: View) {
    if view.length != 0 {
        run_with(environment, &[view]);
    }
}

#[inline]
fn run_with(environment: &Environment, views: &[View]) {
    let Ok(mut runtime) = environment.runtime().try_borrow_mut() else { return };
    if let Ok(Some(quick)) = runtime.begin_door(views) {
        drop(runtime);
        let made = quick.execute();
        environment.runtime().borrow_mut().finish_quick(made);
    }
}

#[inline]
fn run_in_frame(environment: &Environment) -> Result<sys::napi_value, Failure> {
    match run(environment, &[]) {
        Outcome::InFrame => Ok(UNDEFINED),
        _ => Err(Failure::Message("the plan's result does not fit the frame")),
    }
}

#[inline]
fn run(environment: &Environment, views: &[View]) -> Outcome {
    let begun = environment.runtime().borrow_mut().begin_quick(views);
    match begun {
        Ok(Some(quick)) => {
            // Nothing is borrowed here: C may lead back into this environment.
            let made = quick.execute();
            let outcome = environment.runtime().borrow_mut().finish_quick(made);
            end_callbacks(environment);
            detach_ended(environment);
            outcome
        }
        Ok(None) => Outcome::InFrame,
        Err(_) => run_full(environment, views),
    }
}

#[inline(never)]
fn run_full(environment: &Environment, views: &[View]) -> Outcome {
    let begun = environment.runtime().borrow_mut().begin(views);
    let Ok(active) = begun else { return Outcome::InFrame };
    // C may take over and free what it is given; its callbacks must not see that through a Buffer.
    detach_ended(environment);
    let made = active.execute();
    end_callbacks(environment);
    if made.is_err() {
        environment.runtime().borrow_mut().abandon(&active);
        return Outcome::InFrame;
    }
    let outcome = environment.runtime().borrow_mut().finish(active);
    detach_ended(environment);
    outcome
}

/// Closes the scope that callbacks of the call shared; its frame is on top.
#[inline]
pub(super) fn end_callbacks(environment: &Environment) {
    if environment.callbacks.has_scope() {
        let level = environment.runtime().borrow().level();
        environment.callbacks.close_scope(level);
    }
}

/// Hands over what does not lie in the frame.
pub(super) fn deliver(
    env: sys::napi_env,
    environment: &Environment,
    outcome: Outcome,
) -> Result<sys::napi_value, Failure> {
    match outcome {
        Outcome::InFrame => Ok(UNDEFINED),
        Outcome::Bytes => {
            let mut runtime = environment.runtime().borrow_mut();
            let value = super::values::arraybuffer_copy(env, runtime.bytes());
            runtime.trim();
            value
        }
    }
}

/// `takeText()`: the string that the call before has kept because it does not fit the frame.
pub(super) fn take_text(
    env: sys::napi_env,
    _info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let mut runtime = environment.runtime().borrow_mut();
    let (bytes, ascii) = runtime.text();
    let value = string(env, bytes, ascii);
    runtime.trim();
    value
}

/// Runs an entry's body behind the failure boundary: no panic and no error leaves it but as a JavaScript exception.
#[inline]
pub(super) fn guarded(
    env: sys::napi_env,
    body: impl FnOnce(&Environment) -> Result<sys::napi_value, Failure>,
) -> sys::napi_value {
    let caught = catch_unwind(AssertUnwindSafe(|| match Environment::of(env) {
        Some(environment) => body(environment),
        None => Err(Failure::Message("the environment is not set up")),
    }));
    match caught {
        Ok(Ok(value)) => value,
        Ok(Err(failure)) => super::exports::throw(env, &failure),
        Err(_) => super::exports::throw(env, &Failure::Message("a panic in the core")),
    }
}
