//! Turns JavaScript values into Rust ones and back, with Node-API's status codes made errors.

use std::ffi::{c_char, c_void};

use holdfast_core::error::Refusal;
use napi_sys as sys;

/// Why an entry failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The core refused; becomes an error with its code.
    Refused(Refusal),
    /// Node-API refused: a defect of our TypeScript, or an exception is pending.
    Status(sys::napi_status),
    /// A defect of our TypeScript.
    Message(&'static str),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Refused(refusal)
    }
}

/// Makes a status a result.
pub(super) fn check(status: sys::napi_status) -> Result<(), Failure> {
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Failure::Status(status)) }
}

/// The arguments of an entry: at most `N`, missing ones undefined. Returns how many were given.
#[inline]
pub(super) fn arguments<const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> Result<([sys::napi_value; N], usize), Failure> {
    let mut values = [std::ptr::null_mut(); N];
    let mut count = N;
    let (this, data) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: `env` and `info` are those of the current entry; `values` has room for the `count` it says.
    check(unsafe { sys::napi_get_cb_info(env, info, &raw mut count, values.as_mut_ptr(), this, data) })?;
    Ok((values, count))
}

/// All arguments of an entry, however many.
pub(super) fn all_arguments(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    count: usize,
) -> Result<Vec<sys::napi_value>, Failure> {
    let mut values = vec![std::ptr::null_mut(); count];
    let mut room = count;
    let (this, data) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: `env` and `info` are those of the current entry; `values` has room for the `room` it says.
    check(unsafe { sys::napi_get_cb_info(env, info, &raw mut room, values.as_mut_ptr(), this, data) })?;
    Ok(values)
}

/// A number that our TypeScript has checked.
pub(super) fn get_u32(env: sys::napi_env, value: sys::napi_value) -> Result<u32, Failure> {
    let mut number = 0;
    // SAFETY: `value` is a handle of the current entry, `number` a place for the result.
    check(unsafe { sys::napi_get_value_uint32(env, value, &raw mut number) })?;
    Ok(number)
}

/// A number of bytes that our TypeScript has checked.
pub(super) fn get_f64(env: sys::napi_env, value: sys::napi_value) -> Result<f64, Failure> {
    let mut number = 0.0;
    // SAFETY: `value` is a handle of the current entry, `number` a place for the result.
    check(unsafe { sys::napi_get_value_double(env, value, &raw mut number) })?;
    Ok(number)
}

/// A boolean that our TypeScript has checked.
pub(super) fn get_bool(env: sys::napi_env, value: sys::napi_value) -> Result<bool, Failure> {
    let mut flag = false;
    // SAFETY: `value` is a handle of the current entry, `flag` a place for the result.
    check(unsafe { sys::napi_get_value_bool(env, value, &raw mut flag) })?;
    Ok(flag)
}

/// A string that our TypeScript has checked.
pub(super) fn get_string(env: sys::napi_env, value: sys::napi_value) -> Result<String, Failure> {
    let mut length = 0;
    // SAFETY: `value` is a handle of the current entry; without a buffer Node-API only measures.
    check(unsafe { sys::napi_get_value_string_utf8(env, value, std::ptr::null_mut(), 0, &raw mut length) })?;
    let mut bytes = vec![0u8; length + 1];
    let buffer = bytes.as_mut_ptr().cast::<c_char>();
    // SAFETY: `buffer` has room for the `length + 1` bytes it says.
    check(unsafe { sys::napi_get_value_string_utf8(env, value, buffer, length + 1, &raw mut length) })?;
    bytes.truncate(length);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A JavaScript string.
pub(super) fn string(env: sys::napi_env, text: &[u8], ascii: bool) -> Result<sys::napi_value, Failure> {
    let mut value = std::ptr::null_mut();
    let start = text.as_ptr().cast::<c_char>();
    let length = isize::try_from(text.len()).map_err(|_| Failure::Message("a string is too long"))?;
    let status = if ascii {
        // SAFETY: `start` has `length` bytes, all below 0x80, which Latin-1 spells the same.
        unsafe { sys::napi_create_string_latin1(env, start, length, &raw mut value) }
    } else {
        // SAFETY: `start` has `length` bytes; malformed UTF-8 becomes U+FFFD.
        unsafe { sys::napi_create_string_utf8(env, start, length, &raw mut value) }
    };
    check(status)?;
    Ok(value)
}

/// A JavaScript array of numbers.
pub(super) fn numbers(env: sys::napi_env, items: &[u32]) -> Result<sys::napi_value, Failure> {
    let mut array = std::ptr::null_mut();
    // SAFETY: `env` is the current entry's, `array` a place for the handle.
    check(unsafe { sys::napi_create_array_with_length(env, items.len(), &raw mut array) })?;
    for (i, item) in (0u32..).zip(items) {
        let mut value = std::ptr::null_mut();
        // SAFETY: as above.
        check(unsafe { sys::napi_create_uint32(env, *item, &raw mut value) })?;
        // SAFETY: both handles are of the current entry.
        check(unsafe { sys::napi_set_element(env, array, i, value) })?;
    }
    Ok(array)
}

/// A JavaScript number.
pub(super) fn number(env: sys::napi_env, value: u32) -> Result<sys::napi_value, Failure> {
    let mut handle = std::ptr::null_mut();
    // SAFETY: `env` is the current entry's, `handle` a place for the result.
    check(unsafe { sys::napi_create_uint32(env, value, &raw mut handle) })?;
    Ok(handle)
}

/// An empty JavaScript object.
pub(super) fn object(env: sys::napi_env) -> Result<sys::napi_value, Failure> {
    let mut handle = std::ptr::null_mut();
    // SAFETY: `env` is the current entry's, `handle` a place for the result.
    check(unsafe { sys::napi_create_object(env, &raw mut handle) })?;
    Ok(handle)
}

/// A JavaScript array of numbers that count without end.
pub(super) fn totals<const N: usize>(env: sys::napi_env, items: [u64; N]) -> Result<sys::napi_value, Failure> {
    let mut array = std::ptr::null_mut();
    // SAFETY: `env` is the current entry's, `array` a place for the handle.
    check(unsafe { sys::napi_create_array_with_length(env, N, &raw mut array) })?;
    for (i, item) in (0u32..).zip(items) {
        let mut value = std::ptr::null_mut();
        // SAFETY: as above.
        check(unsafe { sys::napi_create_double(env, item as f64, &raw mut value) })?;
        // SAFETY: both handles are of the current entry.
        check(unsafe { sys::napi_set_element(env, array, i, value) })?;
    }
    Ok(array)
}

/// A JavaScript boolean.
pub(super) fn boolean(env: sys::napi_env, value: bool) -> Result<sys::napi_value, Failure> {
    let mut handle = std::ptr::null_mut();
    // SAFETY: `env` is the current entry's, `handle` a place for the result.
    check(unsafe { sys::napi_get_boolean(env, value, &raw mut handle) })?;
    Ok(handle)
}

/// Whether a value is null or undefined.
pub(super) fn is_nullish(env: sys::napi_env, value: sys::napi_value) -> Result<bool, Failure> {
    let mut kind = 0;
    // SAFETY: `value` is a handle of the current entry, `kind` a place for the result.
    check(unsafe { sys::napi_typeof(env, value, &raw mut kind) })?;
    Ok(kind == sys::ValueType::napi_null || kind == sys::ValueType::napi_undefined)
}

/// Where an ArrayBuffer's bytes are.
pub(super) fn arraybuffer_memory(env: sys::napi_env, value: sys::napi_value) -> Result<(*mut u8, usize), Failure> {
    let (mut data, mut size) = (std::ptr::null_mut::<c_void>(), 0);
    // SAFETY: `value` is a handle of the current entry; Node-API refuses what is no ArrayBuffer.
    check(unsafe { sys::napi_get_arraybuffer_info(env, value, &raw mut data, &raw mut size) })?;
    Ok((data.cast(), size))
}

/// A reference that is deleted on drop. Used on its environment's thread, not after the environment's end.
#[derive(Debug)]
pub(super) struct Reference {
    env: sys::napi_env,
    raw: sys::napi_ref,
}

impl Reference {
    /// Keeps the value from being collected.
    pub(super) fn strong(env: sys::napi_env, value: sys::napi_value) -> Result<Reference, Failure> {
        Reference::with_count(env, value, 1)
    }

    /// Finds the value as long as something else keeps it.
    pub(super) fn weak(env: sys::napi_env, value: sys::napi_value) -> Result<Reference, Failure> {
        Reference::with_count(env, value, 0)
    }

    fn with_count(env: sys::napi_env, value: sys::napi_value, count: u32) -> Result<Reference, Failure> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: `value` is an object of the current entry, `raw` a place for the reference.
        check(unsafe { sys::napi_create_reference(env, value, count, &raw mut raw) })?;
        Ok(Reference { env, raw })
    }

    /// The value; none once it is collected.
    pub(super) fn value(&self) -> Option<sys::napi_value> {
        let mut value = std::ptr::null_mut();
        // SAFETY: `raw` is live until drop, and its environment is the one whose entry is running.
        let status = unsafe { sys::napi_get_reference_value(self.env, self.raw, &raw mut value) };
        (status == sys::Status::napi_ok && !value.is_null()).then_some(value)
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: `raw` was created in `with_count` and is deleted once; environments drop their references in their
        // instance data's finalizer, when Node still accepts it.
        unsafe { sys::napi_delete_reference(self.env, self.raw) };
    }
}

/// Runs `act` in a handle scope of its own: the values that it meets are kept by nobody afterwards.
pub(super) fn in_scope<R>(env: sys::napi_env, act: impl FnOnce() -> R) -> Result<R, Failure> {
    let mut scope = std::ptr::null_mut();
    // SAFETY: `env` is the current entry's, `scope` a place for the scope, which is closed below.
    check(unsafe { sys::napi_open_handle_scope(env, &raw mut scope) })?;
    let made = act();
    // SAFETY: the scope of the line above, the innermost: `act` has no way to leave one open.
    check(unsafe { sys::napi_close_handle_scope(env, scope) })?;
    Ok(made)
}

/// A new ArrayBuffer with these bytes.
pub(super) fn arraybuffer_copy(env: sys::napi_env, bytes: &[u8]) -> Result<sys::napi_value, Failure> {
    let (mut data, mut value) = (std::ptr::null_mut::<c_void>(), std::ptr::null_mut());
    // SAFETY: `env` is the current entry's; both places take one word.
    check(unsafe { sys::napi_create_arraybuffer(env, bytes.len(), &raw mut data, &raw mut value) })?;
    if !bytes.is_empty() {
        // SAFETY: the new ArrayBuffer has `bytes.len()` bytes at `data`, and nobody else knows it yet.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast::<u8>(), bytes.len()) };
    }
    Ok(value)
}

/// The items of a Uint32Array that our TypeScript has made.
pub(super) fn u32_items(env: sys::napi_env, value: sys::napi_value) -> Result<Vec<u32>, Failure> {
    let (mut data, mut length) = (std::ptr::null_mut::<c_void>(), 0);
    // SAFETY: our TypeScript passes a Uint32Array, an ArrayBufferView; both places take one word.
    check(unsafe { sys::napi_get_buffer_info(env, value, &raw mut data, &raw mut length) })?;
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: `data` has `length` bytes that stay there during this entry: no JavaScript runs meanwhile.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) };
    let item = |chunk: &[u8]| chunk.iter().rev().fold(0, |item, byte| item << 8 | u32::from(*byte));
    Ok(bytes.chunks_exact(4).map(item).collect())
}
