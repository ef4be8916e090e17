//! Turns JavaScript buffers into views for the core, and records' memory into JavaScript buffers.

use std::ffi::c_void;

use holdfast_core::memory::{Backing, View};
use holdfast_core::registry::Handle;
use napi_sys as sys;

use super::environment::Environment;
use super::values::{Failure, Reference, all_arguments, arguments, check, get_f64, get_u32};

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
    let mut buffer = std::ptr::null_mut();
    // SAFETY: the record's extent covers `length` bytes, or they were readable a moment ago (S6); the buffer is
    // detached by `detach_ended` when the record ends, so it never outlives what the record knows.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            address as *mut c_void,
            length,
            Some(keep_memory),
            std::ptr::null_mut(),
            &raw mut buffer,
        )
    };
    if status == sys::Status::napi_no_external_buffers_allowed {
        return Ok(std::ptr::null_mut());
    }
    check(status)?;
    let weak = Reference::weak(env, buffer)?;
    let mut exposed = environment.exposed.borrow_mut();
    let references = exposed.entry(owner).or_default();
    references.retain(|reference| reference.value().is_some());
    references.push(weak);
    Ok(buffer)
}

/// The memory under an external buffer belongs to its record, not to the buffer.
unsafe extern "C" fn keep_memory(_env: sys::napi_env, _data: *mut c_void, _hint: *mut c_void) {}

/// Detaches the buffers over records that have ended, before any JavaScript can run.
#[inline]
pub(super) fn detach_ended(env: sys::napi_env, environment: &Environment) {
    if environment.exposed.borrow().is_empty() {
        return;
    }
    let ended = environment.runtime().borrow_mut().memory().take_ended();
    for handle in ended {
        for buffer in environment.exposed.borrow_mut().remove(&handle).into_iter().flatten() {
            if let Some(value) = buffer.value() {
                // SAFETY: `value` is the ArrayBuffer that `external_buffer` made, which is detachable; a second detach
                // is refused by status and changes nothing.
                unsafe { sys::napi_detach_arraybuffer(env, value) };
            }
        }
    }
}
