//! Turns the addon's entries into properties of its exports object.

use std::ffi::CString;

use holdfast_core::error::Code;
use holdfast_core::frame::POINTER_OPERATION_SIZE;
use holdfast_core::invoke::Choice;
use holdfast_core::plan::{HEADER_SIZE, Options};
use holdfast_core::sys::{crash, errno, fault};
use napi_sys as sys;

use super::entries::{UNDEFINED, guarded, invoke, invoke_for, invoke_views, take_text};
use super::environment::Environment;
use super::values::{
    Failure, arguments, get_bool, get_string, get_u32, is_nullish, number, numbers, string, totals, u32_items,
};
use super::{background, callbacks, door, exposed, pointers, watches};

/// Wraps a body with the failure boundary as a raw callback.
macro_rules! entry {
    ($body:expr) => {{
        unsafe extern "C" fn entry(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
            guarded(env, |environment| $body(env, info, environment))
        }
        entry
    }};
}

type RawCallback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// Defines every entry. One that is missing is noticed by the TypeScript loader.
pub(super) fn define_all(env: sys::napi_env, exports: sys::napi_value) {
    crash::install();
    fault::install();
    let entries: [(&str, RawCallback); 41] = [
        ("setup", setup),
        ("invoke", invoke),
        ("invokeFor", invoke_for),
        ("invokeViews", invoke_views),
        ("door", entry!(open_door)),
        ("takeText", entry!(take_text)),
        ("listen", entry!(background::listen)),
        ("submit", entry!(background::submit)),
        ("cancel", entry!(background::cancel)),
        ("completed", entry!(background::completed)),
        ("collect", entry!(background::collect)),
        ("operate", entry!(pointers::operate)),
        ("create", entry!(pointers::create)),
        ("write", entry!(pointers::write)),
        ("watch", entry!(watches::watch)),
        ("watchMany", entry!(watches::watch_many)),
        ("sweep", entry!(watches::sweep)),
        ("releaseCollected", entry!(pointers::release_collected)),
        ("externalBuffer", entry!(exposed::external_buffer)),
        ("startCallbacks", entry!(callbacks::start)),
        ("compileCallback", entry!(callbacks::compile)),
        ("arm", entry!(callbacks::arm)),
        ("disarm", entry!(callbacks::disarm)),
        ("forgetCallback", entry!(callbacks::forget)),
        ("closeCallbacks", entry!(callbacks::close)),
        ("setCallbackTimeout", entry!(callbacks::set_timeout)),
        ("open", entry!(open)),
        ("close", entry!(close)),
        ("compile", entry!(compile)),
        ("print", entry!(print)),
        ("layout", entry!(layout)),
        ("bind", entry!(bind)),
        ("bindRelease", entry!(bind_release)),
        ("forgetRelease", entry!(forget_release)),
        ("forgetFunction", entry!(forget_function)),
        ("forgetPlan", entry!(forget_plan)),
        ("forgetLayout", entry!(forget_layout)),
        ("explain", entry!(explain)),
        ("errnoMessage", entry!(errno_message)),
        ("counters", entry!(counters)),
        ("frees", entry!(frees)),
    ];
    for (name, callback) in entries {
        define_entry(env, exports, name, callback);
    }
    define_constants(env, exports);
}

/// Defines what TypeScript compares or counts with, and the marks of builds that are no release.
fn define_constants(env: sys::napi_env, exports: sys::napi_value) {
    #[cfg(feature = "bench-unchecked")]
    if let Ok(value) = number(env, 1) {
        define(env, exports, "uncheckedPointers", value);
    }
    #[cfg(feature = "faults")]
    define_entry(env, exports, "plantFault", super::faults::plant_fault);
    for (name, value) in [("headerSize", HEADER_SIZE), ("operationSize", POINTER_OPERATION_SIZE)] {
        if let Ok(value) = number(env, value) {
            define(env, exports, name, value);
        }
    }
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    if let Ok(codes) = string(env, codes.join(",").as_bytes(), true) {
        define(env, exports, "codes", codes);
    }
}

fn define_entry(env: sys::napi_env, exports: sys::napi_value, name: &str, callback: RawCallback) {
    let mut function = std::ptr::null_mut();
    let start = name.as_ptr().cast();
    let (length, data) = (name.len().cast_signed(), std::ptr::null_mut());
    // SAFETY: `start` has `length` bytes; the callback is a static function.
    unsafe { sys::napi_create_function(env, start, length, Some(callback), data, &raw mut function) };
    define(env, exports, name, function);
}

fn define(env: sys::napi_env, exports: sys::napi_value, name: &str, value: sys::napi_value) {
    if let Ok(name) = CString::new(name) {
        // SAFETY: both values are handles of the current entry, the name is NUL-terminated.
        unsafe { sys::napi_set_named_property(env, exports, name.as_ptr(), value) };
    }
}

/// Makes a failure the pending JavaScript exception.
#[cold]
pub(super) fn throw(env: sys::napi_env, failure: &Failure) -> sys::napi_value {
    let (code, message) = match failure {
        Failure::Refused(refusal) => (refusal.code.name(), refusal.message.clone()),
        Failure::Status(status) => (Code::Internal.name(), format!("Node-API refused with status {status}")),
        Failure::Message(message) => (Code::Internal.name(), (*message).to_owned()),
    };
    let message = CString::new(message.replace('\0', "\\0")).unwrap_or_default();
    let code = CString::new(code).unwrap_or_default();
    // SAFETY: both strings are NUL-terminated; when an exception is pending already, Node-API keeps that one.
    unsafe { sys::napi_throw_error(env, code.as_ptr(), message.as_ptr()) };
    UNDEFINED
}

/// `setup(arrayBuffer, forceLibffi)`: once, before anything else.
unsafe extern "C" fn setup(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let made = std::panic::catch_unwind(|| {
        let ([stack, libffi], _) = arguments::<2>(env, info)?;
        let choice = if get_bool(env, libffi)? { Choice::Libffi } else { Choice::Fastest };
        Environment::create(env, stack, choice)
    });
    match made {
        Ok(Ok(())) => UNDEFINED,
        Ok(Err(failure)) => throw(env, &failure),
        Err(_) => throw(env, &Failure::Message("a panic in the core")),
    }
}

type Entry = Result<sys::napi_value, Failure>;

/// `door(kind)`: a function as `invoke` that optimised code calls directly, or undefined.
fn open_door(env: sys::napi_env, info: sys::napi_callback_info, _environment: &Environment) -> Entry {
    let ([kind], _) = arguments::<1>(env, info)?;
    Ok(door::function(env, get_u32(env, kind)? as usize).unwrap_or(UNDEFINED))
}

/// `open(path | null)`: the library's number.
fn open(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([path], _) = arguments::<1>(env, info)?;
    let path = if is_nullish(env, path)? { None } else { Some(get_string(env, path)?) };
    let opened = environment.runtime().borrow_mut().open(path.as_deref())?;
    number(env, opened)
}

/// `close(library)`.
fn close(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([library], _) = arguments::<1>(env, info)?;
    let library = get_u32(env, library)?;
    environment.runtime().borrow_mut().close(library);
    // A Buffer may lie over the library's variables.
    exposed::detach_ended(environment);
    Ok(UNDEFINED)
}

/// `compile(signature, errno, freeResult, consumed)`: the plan's number, then its description.
fn compile(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([text, errno, free_result, consumed], _) = arguments::<4>(env, info)?;
    let options = Options { errno: get_bool(env, errno)?, free_result: get_bool(env, free_result)? };
    let text = get_string(env, text)?;
    let consumed = u32_items(env, consumed)?;
    let (number, description) = environment.runtime().borrow_mut().compile_consuming(&text, options, &consumed)?;
    numbers(env, &[&[number], description.as_slice()].concat())
}

/// `print(plan)`: the plan in words.
fn print(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([plan], _) = arguments::<1>(env, info)?;
    let printed = environment.runtime().borrow().print(get_u32(env, plan)?);
    string(env, printed.ok_or(Failure::Message("no such plan"))?.as_bytes(), false)
}

/// `layout(type)`: the layout's number, then its description.
fn layout(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([text], _) = arguments::<1>(env, info)?;
    let text = get_string(env, text)?;
    let (number, description) = environment.runtime().borrow_mut().layout(&text)?;
    numbers(env, &[&[number], description.as_slice()].concat())
}

/// `bind(library, symbol, plan)`: the function's number.
fn bind(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([library, name, plan], _) = arguments::<3>(env, info)?;
    let (library, name, plan) = (get_u32(env, library)?, get_string(env, name)?, get_u32(env, plan)?);
    let bound = environment.runtime().borrow_mut().bind(library, &name, plan)?;
    number(env, bound)
}

/// `bindRelease(library, symbol)`: the number of a function that releases memory.
fn bind_release(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([library, name], _) = arguments::<2>(env, info)?;
    let (library, name) = (get_u32(env, library)?, get_string(env, name)?);
    let bound = environment.runtime().borrow_mut().bind_release(library, &name)?;
    number(env, bound)
}

fn forget_release(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([release], _) = arguments::<1>(env, info)?;
    let release = get_u32(env, release)?;
    environment.runtime().borrow_mut().forget_release(release);
    Ok(UNDEFINED)
}

fn forget_function(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([function], _) = arguments::<1>(env, info)?;
    let function = get_u32(env, function)?;
    environment.runtime().borrow_mut().forget_function(function);
    Ok(UNDEFINED)
}

fn forget_plan(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([plan], _) = arguments::<1>(env, info)?;
    let plan = get_u32(env, plan)?;
    environment.runtime().borrow_mut().forget_engine(plan);
    Ok(UNDEFINED)
}

fn forget_layout(env: sys::napi_env, info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let ([layout], _) = arguments::<1>(env, info)?;
    let layout = get_u32(env, layout)?;
    environment.runtime().borrow_mut().forget_layout(layout);
    Ok(UNDEFINED)
}

/// `explain()`: what the last refusal had to say beyond its code; taken once.
fn explain(env: sys::napi_env, _info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let explanation = environment.runtime().borrow_mut().explain();
    string(env, explanation.as_bytes(), false)
}

/// `errnoMessage(code)`: the system's words.
fn errno_message(env: sys::napi_env, info: sys::napi_callback_info, _environment: &Environment) -> Entry {
    let ([code], _) = arguments::<1>(env, info)?;
    let code = get_u32(env, code)?;
    string(env, errno::message(code.cast_signed()).as_bytes(), false)
}

/// `counters()`: records, blocks, block bytes, libraries, functions, plans, layouts, asynchronous calls, pins, callbacks.
fn counters(env: sys::napi_env, _info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let mut runtime = environment.runtime().borrow_mut();
    let held = runtime.memory().counters();
    let memory = [held.records, held.blocks as u32, u32::try_from(held.bytes).unwrap_or(u32::MAX)];
    let tables = runtime.table_sizes().map(|size| size as u32);
    let [callbacks, _] = runtime.callback_counts();
    let calls = [runtime.pending() as u32, held.pins, callbacks];
    numbers(env, &[memory.as_slice(), tables.as_slice(), calls.as_slice()].concat())
}

/// `frees()`: how often memory was freed on request, and with its last pointer object.
fn frees(env: sys::napi_env, _info: sys::napi_callback_info, environment: &Environment) -> Entry {
    let frees = environment.runtime().borrow_mut().memory().frees();
    totals(env, [frees.explicit, frees.automatic])
}
