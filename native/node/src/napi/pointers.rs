//! Turns pointer operations from JavaScript into the core's, their operands in the top frame.

use holdfast_core::call::Operation;
use napi_sys as sys;

use super::buffers::{backings, with_views};
use super::entries::{deliver, end_callbacks};
use super::environment::Environment;
use super::exposed::{detach_ended, end_covers};
use super::values::{Failure, arguments, boolean, get_u32};

/// `operate(number)`: an operation without views.
pub(super) fn operate(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([number], _) = arguments::<1>(env, info)?;
    let operation = Operation::ALL.get(get_u32(env, number)? as usize);
    let operation = *operation.ok_or(Failure::Message("no such pointer operation"))?;
    let mut runtime = environment.runtime().borrow_mut();
    let outcome = runtime.operate(operation);
    let [_, referenced] = runtime.callback_counts();
    drop(runtime);
    environment.callbacks.hold(env, referenced > 0);
    let ended = end_covers(environment);
    release_due(environment);
    ended?;
    deliver(env, environment, outcome)
}

/// Calls the release functions of memory whose record has ended. The runtime is not borrowed while they run: C may lead back
/// into this environment.
pub(super) fn release_due(environment: &Environment) {
    loop {
        let begun = environment.runtime().borrow_mut().begin_release();
        let Some(releasing) = begun else { return };
        releasing.execute();
        end_callbacks(environment);
        environment.runtime().borrow_mut().finish_release(&releasing);
    }
}

/// As many are released in one go.
const BATCH: usize = 1024;

/// `releaseCollected()`: what was collected and functions of libraries release. Whether there is more. A callback that fails
/// meanwhile is in the status of the frame on top.
pub(super) fn release_collected(
    env: sys::napi_env,
    _info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    for _ in 0..BATCH {
        // One by one, so that what a release function leads to finds nothing due but its own.
        if !environment.runtime().borrow_mut().end_collected() {
            return boolean(env, false);
        }
        detach_ended(environment);
        release_due(environment);
    }
    boolean(env, true)
}

/// `create(...views)`: an owned block out of scratch, keeping its buffers. When scratch moved to a heap block, that is
/// one of the views, and is not kept.
pub(super) fn create(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let outcome = with_views(env, info, |views, values| {
        let mut runtime = environment.runtime().borrow_mut();
        let kept = backings(env, views, values, runtime.heap_scratch())?;
        Ok::<_, Failure>(runtime.create(views, kept))
    })??;
    deliver(env, environment, outcome)
}

/// `write(...views)`: scratch over a record's memory.
pub(super) fn write(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let outcome = with_views(env, info, |views, _| environment.runtime().borrow_mut().write(views))?;
    deliver(env, environment, outcome)
}
