//! Turns `invoke` into a function that optimised JavaScript calls without going through Node-API: V8's fast API calls.
//!
//! Node exports V8's C++ constructors for such functions. They are found by name at run time, and the TypeScript side asks for
//! the door only under versions of V8 on which it was tested. Everything that is passed has a fixed meaning there: one argument
//! (the receiver), no result, so nothing is converted and nothing depends on the layout of V8's classes. Where a name is
//! missing there is no door, and calls go through `invoke`.
//!
//! A fast call may not allocate in V8's heap, run JavaScript or throw. So only quick calls are made here, whose ends need no
//! values of V8's; and JavaScript knocks only while none of its functions can be called by C.

use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null;
use std::sync::OnceLock;

use holdfast_core::memory::View;
use holdfast_core::sys::dl::Dylib;
use napi_sys as sys;

use super::entries::{run_plain, run_quick, run_view};
use super::environment::Environment;

type Slow = unsafe extern "C" fn(*const c_void);
type GetCurrent = unsafe extern "C" fn() -> *const c_void;
type GetContext = unsafe extern "C" fn(isolate: *const c_void) -> *const c_void;
type NewInfo = unsafe extern "C" fn(this: *mut c_void, result: *const u8, count: u32, arguments: *const u8, int64: u8);
type NewFunction = unsafe extern "C" fn(this: *mut c_void, address: *const c_void, info: *const c_void);
type GetFunction = unsafe extern "C" fn(template: *const c_void, context: *const c_void) -> sys::napi_value;
type NewTemplate = unsafe extern "C" fn(
    isolate: *const c_void,
    slow: Slow,
    data: *const c_void,
    signature: *const c_void,
    length: c_int,
    constructor: c_int,
    side_effects: c_int,
    fast: *const c_void,
    instance: u16,
    receivers_from: u16,
    receivers_to: u16,
) -> *const c_void;

/// Room for an object of V8's that its own constructor fills; several times as large as any of them ever was.
#[repr(C, align(16))]
struct Room([u8; 128]);

/// `CTypeInfo`s as bytes: type, sequence (up to V8 13), flags. Their length does not matter where a list has a single one.
static NO_RESULT: [u8; 8] = [0; 8];
static RECEIVER: [u8; 8] = [10, 0, 0, 0, 0, 0, 0, 0];
/// A receiver and a `Uint8Array`, three bytes each: up to V8 12 only.
static RECEIVER_AND_BYTES: [u8; 8] = [10, 0, 0, 2, 2, 0, 0, 0];

/// What V8 up to 12 passes for a typed array: where its bytes are while the call lasts.
#[repr(C)]
struct Bytes {
    length: usize,
    data: *const u8,
}

/// V8's descriptions of the doors. Made once for the process and never released: optimised code refers to them.
static DESCRIPTION: OnceLock<Option<Description>> = OnceLock::new();

struct Description {
    functions: [*const c_void; 3],
    new_template: NewTemplate,
    get_function: GetFunction,
    get_isolate: GetCurrent,
    get_context: GetContext,
}

// SAFETY: the pointers are to code and to an object that is complete before it is shared and never changes after.
unsafe impl Send for Description {}
// SAFETY: as above.
unsafe impl Sync for Description {}

/// A function of V8's as its address; `None` where this Node has none of that name.
fn find(main: &Dylib, name: &str) -> Option<*const c_void> {
    main.symbol(name).ok().filter(|address| !address.is_null())
}

/// Gives a symbol its C type.
macro_rules! typed {
    ($main:expr, $type:ty, $name:literal) => {{
        let address = find($main, $name)?;
        // SAFETY: the mangled name spells out the parameters that the type repeats; V8's handles (`Local`) are one pointer.
        unsafe { std::mem::transmute::<*const c_void, $type>(address) }
    }};
}

fn describe() -> Option<Description> {
    let main = Dylib::open(None).ok()?;
    // Up to V8 11 the constructor has no last parameter, and does not look at the register that carries it.
    const INFO: &str = "_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_NS0_19Int64RepresentationE";
    const OLD_INFO: &str = "_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_";
    let new_info = find(&main, INFO).or_else(|| find(&main, OLD_INFO))?;
    // SAFETY: one of the two names above, which spell out these parameters.
    let new_info = unsafe { std::mem::transmute::<*const c_void, NewInfo>(new_info) };
    let new_function = typed!(&main, NewFunction, "_ZN2v89CFunctionC1EPKvPKNS_13CFunctionInfoE");
    let new_template = typed!(
        &main,
        NewTemplate,
        "_ZN2v816FunctionTemplate3NewEPNS_7IsolateEPFvRKNS_20FunctionCallbackInfoINS_5ValueEEEENS_5LocalIS4_EENSA_INS_9SignatureEEEiNS_19ConstructorBehaviorENS_14SideEffectTypeEPKNS_9CFunctionEttt"
    );
    let get_function = typed!(&main, GetFunction, "_ZN2v816FunctionTemplate11GetFunctionENS_5LocalINS_7ContextEEE");
    let get_isolate = typed!(&main, GetCurrent, "_ZN2v87Isolate10GetCurrentEv");
    let get_context = typed!(&main, GetContext, "_ZN2v87Isolate17GetCurrentContextEv");
    let functions = DOORS.each_ref().map(|door| {
        let room = || Box::into_raw(Box::new(Room([0; 128]))).cast::<c_void>();
        let (info, function) = (room(), room());
        // SAFETY: `info` has room for the object, and both lists live as long as the process.
        unsafe { new_info(info, NO_RESULT.as_ptr(), door.count, door.parameters.as_ptr(), 0) };
        // SAFETY: `function` has room for the object; `info` is complete and never released.
        unsafe { new_function(function, door.fast, info) };
        function.cast_const()
    });
    Some(Description { functions, new_template, get_function, get_isolate, get_context })
}

/// Makes a door's function; none where this Node does not let us, or for an environment that is not the first.
pub(super) fn function(env: sys::napi_env, kind: usize) -> Option<sys::napi_value> {
    if !Environment::is_first(env) {
        return None;
    }
    let door = DOORS.get(kind)?;
    let description = DESCRIPTION.get_or_init(describe).as_ref()?;
    // SAFETY: called on a thread that has an isolate: JavaScript of `env` is running on it.
    let isolate = unsafe { (description.get_isolate)() };
    // SAFETY: `isolate` is this thread's, and Node-API has opened a handle scope for the running entry.
    let context = unsafe { (description.get_context)(isolate) };
    let (function, slow) = (*description.functions.get(kind)?, door.slow);
    // SAFETY: as above; an empty handle is a null pointer, the numbers are V8's defaults (a constructor that throws, with side
    // effects, no instance type), and `function` lives as long as the process.
    let template = unsafe { (description.new_template)(isolate, slow, null(), null(), 0, 0, 0, function, 0, 0, 0) };
    // SAFETY: both are handles of the running entry's scope.
    let made = unsafe { (description.get_function)(template, context) };
    // A handle of V8's has the bits of a `napi_value`; an empty one is null.
    (!made.is_null()).then_some(made)
}

/// One door.
struct Door {
    /// What optimised code calls.
    fast: *const c_void,
    /// Its parameters.
    count: u32,
    parameters: &'static [u8; 8],
    /// What code calls that is not optimised yet, or whose argument is of another kind.
    slow: Slow,
}

// SAFETY: the pointer is to code.
unsafe impl Sync for Door {}

/// A door without arguments: both functions do the same, because V8 passes them different things that neither looks at.
macro_rules! bare {
    ($run:ident) => {{
        /// # Safety
        /// - Called by V8, on the thread of the first environment, from JavaScript of that environment.
        unsafe extern "C" fn door(_receiver_or_info: *const c_void) {
            enter($run);
        }
        Door { fast: door as *const c_void, count: 1, parameters: &RECEIVER, slow: door }
    }};
}

/// For plain calls, for quick ones, and for quick ones with a `Uint8Array`.
static DOORS: [Door; 3] = [
    bare!(run_plain),
    bare!(run_quick),
    Door { fast: fast_view as *const c_void, count: 2, parameters: &RECEIVER_AND_BYTES, slow: slow_view },
];

/// # Safety
/// - Called by V8, on the thread of the first environment, from JavaScript of that environment.
/// - `bytes` is the typed array's: attached, not shared, and not moved while this runs.
unsafe extern "C" fn fast_view(_receiver: *const c_void, bytes: *const Bytes) {
    // SAFETY: V8 passes a pointer to its own description of the argument.
    let Bytes { length, data } = unsafe { &*bytes };
    let view = View { address: *data as usize, length: *length };
    enter(|environment| run_view(environment, view));
}

/// Leaves the frame's status as it is, so that JavaScript calls `invokeViews`.
///
/// # Safety
/// - Called by V8.
unsafe extern "C" fn slow_view(_info: *const c_void) {}

#[inline]
fn enter(run: impl FnOnce(&Environment)) {
    // Without an environment, or after a panic, the frame's status says still that nothing was called.
    let _ = catch_unwind(AssertUnwindSafe(|| Environment::first().map(run)));
}
