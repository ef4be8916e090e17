//! Turns Node-API's calls into the core's: every unsafe line of the addon is in this folder.

mod background;
mod buffers;
mod callbacks;
mod deliveries;
mod door;
mod entries;
mod environment;
mod exports;
mod exposed;
#[cfg(feature = "faults")]
mod faults;
mod pointers;
mod values;
mod watches;

use napi_sys as sys;

/// Node's entry into the addon, once for each environment that loads it.
///
/// # Safety
/// - Called by Node with a live environment and its exports object, on that environment's thread.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn napi_register_module_v1(
    env: sys::napi_env,
    exports: sys::napi_value,
) -> sys::napi_value {
    // A panic here leaves the exports object as far as it got; the TypeScript loader notices a missing entry.
    let _ = std::panic::catch_unwind(|| exports::define_all(env, exports));
    exports
}

/// Node-API version 8: the oldest with everything used here, in every supported Node.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    8
}
