//! Turns JavaScript buffers into views for the core.

use std::ffi::c_void;

use holdfast_core::memory::{Backing, View};
use napi_sys as sys;

use super::values::{Failure, Reference, all_arguments, arguments, check};

/// Views up to this many need no allocation.
const INLINE: usize = 3;

/// Where an ArrayBufferView's bytes are now. Our TypeScript has checked that it is one.
#[inline]
pub(super) fn view_of(env: sys::napi_env, value: sys::napi_value) -> Result<View, Failure> {
    let (mut data, mut length) = (std::ptr::null_mut::<c_void>(), 0);
    // SAFETY: `value` is an ArrayBufferView (checked by `ArrayBuffer.isView` in src/marshal), which is all that
    // `napi_get_buffer_info` asks for; both places take one word.
    check(unsafe { sys::napi_get_buffer_info(env, value, &raw mut data, &raw mut length) })?;
    Ok(View { address: data as usize, length })
}

/// Calls `use_views` with the entry's arguments, all of them ArrayBufferViews.
#[inline]
pub(super) fn with_views<R>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    use_views: impl FnOnce(&[View], &[sys::napi_value]) -> R,
) -> Result<R, Failure> {
    let (values, count) = arguments::<INLINE>(env, info)?;
    let mut views = [View { address: 0, length: 0 }; INLINE];
    if let (Some(views), Some(values)) = (views.get_mut(..count), values.get(..count)) {
        for (view, value) in views.iter_mut().zip(values) {
            *view = view_of(env, *value)?;
        }
        return Ok(use_views(views, values));
    }
    let values = all_arguments(env, info, count)?;
    let views = values.iter().map(|value| view_of(env, *value)).collect::<Result<Vec<_>, _>>()?;
    Ok(use_views(&views, &values))
}

/// Keeps buffers for a block that points to them, all but the one at position `except`.
pub(super) fn backings(
    env: sys::napi_env,
    views: &[View],
    values: &[sys::napi_value],
    except: Option<usize>,
) -> Result<Vec<Backing>, Failure> {
    let backing = |(_, (view, value)): (usize, (&View, &sys::napi_value))| {
        let kept = Reference::strong(env, *value)?;
        let length = view.length;
        // A resizable buffer that has shrunk is as good as detached.
        let now = move || kept.value().and_then(|value| view_of(env, value).ok()).filter(|now| now.length >= length);
        let current = move || now().map(|view| view.address);
        Ok(Backing { address: view.address, length: view.length, current: Box::new(current) })
    };
    let kept = |(i, (view, _)): &(usize, (&View, &sys::napi_value))| Some(*i) != except && view.length > 0;
    views.iter().zip(values).enumerate().filter(kept).map(backing).collect()
}
