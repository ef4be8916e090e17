//! Turns `plantFault(name)` into a mistake of the core that a memory tool must report. With the feature `faults` only.

use holdfast_core::sys::faults;
use napi_sys as sys;

use super::entries::UNDEFINED;
use super::exports::throw;
use super::values::{Failure, arguments, get_string};

/// `plantFault(name)`: needs no environment, so that nothing else stands between the tool and the mistake.
pub(super) unsafe extern "C" fn plant_fault(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let name = arguments::<1>(env, info).and_then(|([name], _)| get_string(env, name));
    match name {
        Ok(name) if faults::plant(&name) => UNDEFINED,
        Ok(_) => throw(env, &Failure::Message("no such fault")),
        Err(failure) => throw(env, &failure),
    }
}
