//! Turns JavaScript's one dispatcher of callbacks into something the addon can call, on its thread, and other threads can wake.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use holdfast_core::call::{Entered, Operation};
use holdfast_core::closure::trampoline::{Desk, Host};
use holdfast_core::closure::{CallbackOptions, Mailbox};
use napi_sys as sys;

use super::entries::UNDEFINED;
use super::environment::Environment;
use super::values::{Failure, Reference, arguments, check, get_bool, get_string, get_u32, numbers, string};

/// What an environment needs to call JavaScript. Used on its thread only; dropped with it.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    pub dispatcher: OnceCell<Dispatcher>,
    /// Whether the threadsafe function keeps the process alive now.
    held: Cell<bool>,
    /// The scope that callbacks of the innermost call use that has any; those of outer calls are in `outer`.
    scope: Cell<Option<Scope>>,
    outer: RefCell<Vec<Scope>>,
}

/// A handle scope that the callbacks of one foreign call share: opening one for each would cost a fifth of a callback.
#[derive(Debug, Clone, Copy)]
struct Scope {
    /// Null where it is the scope of the entry from JavaScript that made the call.
    raw: sys::napi_handle_scope,
    /// The dispatcher, as a handle of the scope.
    function: sys::napi_value,
    /// Which call it is for: where its frame is.
    level: u32,
    /// Where that frame ends, with all its scratch.
    end: u32,
    /// How many callbacks it still serves: each leaves a handle behind.
    left: u32,
}

/// Handles that a scope may gather: 8 bytes each.
const MAX_USES: u32 = 4096;

/// What callbacks of one foreign call have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground {
    /// Where the call's frame is.
    pub level: u32,
    /// Where that ends, with all its scratch.
    pub end: u32,
    /// They are within one entry from JavaScript.
    pub shared: bool,
}

/// The JavaScript function that runs every callback. Lives as long as its environment, on that environment's thread.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub env: sys::napi_env,
    function: Reference,
    wake: sys::napi_threadsafe_function,
}

/// `startCallbacks(dispatcher)`: once, before the first callback is armed.
pub(super) fn start(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([dispatcher], _) = arguments::<1>(env, info)?;
    if environment.callbacks.dispatcher.get().is_some() {
        return Err(Failure::Message("callbacks were started before"));
    }
    let function = Reference::strong(env, dispatcher)?;
    let mut runtime = environment.runtime().borrow_mut();
    let wake = create_wake(env, runtime.mailbox())?;
    let host: *const dyn Host = std::ptr::from_ref(environment);
    // SAFETY: the desk is part of the runtime, which is part of the environment: both end together.
    runtime.set_desk(unsafe { Desk::new(host) });
    let _ = environment.callbacks.dispatcher.set(Dispatcher { env, function, wake });
    Ok(UNDEFINED)
}

/// The function by which other threads wake this one. It does not keep the process alive.
fn create_wake(env: sys::napi_env, mailbox: &Arc<Mailbox>) -> Result<sys::napi_threadsafe_function, Failure> {
    let name = string(env, b"holdfast", true)?;
    let mut wake = std::ptr::null_mut();
    let context = Arc::into_raw(Arc::clone(mailbox)).cast_mut().cast::<c_void>();
    let none = std::ptr::null_mut();
    // SAFETY: without a JavaScript function `on_wake` is called instead; `context` is given back in `on_wake_end`.
    let status = unsafe {
        sys::napi_create_threadsafe_function(
            env,
            none,
            none,
            name,
            0,
            1,
            context,
            Some(end_wake),
            context,
            Some(on_wake),
            &raw mut wake,
        )
    };
    if status != sys::Status::napi_ok {
        // SAFETY: made by `into_raw` above, and Node did not take it.
        drop(unsafe { Arc::from_raw(context.cast::<Mailbox>()) });
        return Err(Failure::Status(status));
    }
    // SAFETY: just created on this thread.
    check(unsafe { sys::napi_unref_threadsafe_function(env, wake) })?;
    let shared = SharedWake(wake);
    mailbox.set_wake(Some(Box::new(move || shared.wake())));
    Ok(wake)
}

/// The threadsafe function, which any thread may call until `end_wake` has taken it from the mailbox.
struct SharedWake(sys::napi_threadsafe_function);

// SAFETY: what a threadsafe function is for; the mailbox's lock keeps its end and its calls apart.
unsafe impl Send for SharedWake {}

impl SharedWake {
    fn wake(&self) -> bool {
        let (data, mode) = (std::ptr::null_mut(), sys::ThreadsafeFunctionCallMode::nonblocking);
        // SAFETY: live until `end_wake`, which takes this closure out of the mailbox first. After `napi_closing` the
        // mailbox does not call it again.
        unsafe { sys::napi_call_threadsafe_function(self.0, data, mode) == sys::Status::napi_ok }
    }
}

/// # Safety
/// - Called by Node, once, when the threadsafe function ends; `data` is what `create_wake` passed.
unsafe extern "C" fn end_wake(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: made by `Arc::into_raw` in `create_wake`, given back once.
    let mailbox = unsafe { Arc::from_raw(data.cast::<Mailbox>().cast_const()) };
    let _ = catch_unwind(AssertUnwindSafe(|| {
        mailbox.set_wake(None);
        mailbox.close();
    }));
}

/// # Safety
/// - Called by Node on the environment's thread, from the event loop; `env` is null when the environment is ending.
unsafe extern "C" fn on_wake(
    env: sys::napi_env,
    _function: sys::napi_value,
    _context: *mut c_void,
    _data: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    let _ = catch_unwind(|| {
        if let Some(environment) = Environment::of(env) {
            environment.drain();
        }
    });
}

impl Dispatcher {
    /// Calls it with `overflow`, if there is any.
    #[inline]
    pub(super) fn call(
        &self,
        function: sys::napi_value,
        overflow: Option<sys::napi_value>,
    ) -> Result<sys::napi_value, Failure> {
        let mut result = std::ptr::null_mut();
        let count = usize::from(overflow.is_some());
        let argument = overflow.unwrap_or(std::ptr::null_mut());
        // SAFETY: both values are handles of the open scope, the runtime is not borrowed, and `argument` is one value.
        check(unsafe {
            sys::napi_call_function(self.env, function, function, count, &raw const argument, &raw mut result)
        })?;
        Ok(result)
    }

    /// The arguments, when what was gathered does not fit the call stack.
    #[inline]
    pub(super) fn overflow(
        &self,
        environment: &Environment,
        entered: &Entered,
    ) -> Result<Option<sys::napi_value>, Failure> {
        if !entered.overflow {
            return Ok(None);
        }
        let mut runtime = environment.runtime().borrow_mut();
        let bytes = super::values::arraybuffer_copy(self.env, runtime.bytes())?;
        runtime.trim();
        Ok(Some(bytes))
    }

    /// Closes a scope that `open_scope` has opened; those opened after it are closed already.
    fn close(&self, scope: sys::napi_handle_scope) {
        if !scope.is_null() {
            // SAFETY: not closed since it was opened: it is taken out of `Callbacks` first, or was never there.
            unsafe { sys::napi_close_handle_scope(self.env, scope) };
        }
    }

    /// The dispatcher itself could not run: the stack is exhausted, or the environment is being torn down.
    #[cold]
    pub(super) fn lost(&self, environment: &Environment, alone: bool) {
        let mut error = std::ptr::null_mut();
        // SAFETY: on the environment's thread; `error` takes one value, undefined when nothing is pending.
        let status = unsafe { sys::napi_get_and_clear_last_exception(self.env, &raw mut error) };
        environment.runtime().borrow_mut().fail();
        if alone && status == sys::Status::napi_ok && !error.is_null() {
            // SAFETY: `error` is a handle of the open scope; refused by status when JavaScript cannot run any more.
            unsafe { sys::napi_fatal_exception(self.env, error) };
        }
    }
}

impl Callbacks {
    /// Where the frame of the call at `level` ends, if a callback of it has come before.
    #[inline]
    pub(super) fn end_of(&self, level: u32) -> Option<u32> {
        self.scope.get().filter(|scope| scope.level == level).map(|scope| scope.end)
    }

    /// The dispatcher, in a scope that is open for the callbacks of the running call.
    #[inline]
    pub(super) fn scope(&self, dispatcher: &Dispatcher, ground: Ground) -> Result<sys::napi_value, Failure> {
        match self.scope.get() {
            Some(scope) if scope.level == ground.level && scope.left > 0 => {
                self.scope.set(Some(Scope { left: scope.left - 1, ..scope }));
                Ok(scope.function)
            }
            _ => self.open_scope(dispatcher, ground),
        }
    }

    #[cold]
    fn open_scope(&self, dispatcher: &Dispatcher, ground: Ground) -> Result<sys::napi_value, Failure> {
        let Ground { level, end, shared } = ground;
        let is_first = self.scope.get().is_none_or(|scope| scope.level < level);
        self.close_scope(level);
        let mut raw = std::ptr::null_mut();
        if !(shared && is_first) {
            // SAFETY: on the environment's thread, inside an entry or the event loop; closed by `close_scope` before that
            // entry returns.
            check(unsafe { sys::napi_open_handle_scope(dispatcher.env, &raw mut raw) })?;
        }
        let Some(function) = dispatcher.function.value() else {
            dispatcher.close(raw);
            return Err(Failure::Message("the dispatcher is gone"));
        };
        let opened = Scope { raw, function, level, end, left: MAX_USES };
        if let Some(outer) = self.scope.replace(Some(opened)) {
            self.outer.borrow_mut().push(outer);
        }
        Ok(function)
    }

    /// Whether a scope is open, of this call or an outer one.
    #[inline]
    pub(super) fn has_scope(&self) -> bool {
        self.scope.get().is_some()
    }

    /// The call whose frame is at `level` is over, or takes a new scope.
    #[cold]
    pub(super) fn close_scope(&self, level: u32) {
        let Some(dispatcher) = self.dispatcher.get() else { return };
        while let Some(scope) = self.scope.get() {
            if scope.level < level {
                return;
            }
            self.scope.set(self.outer.borrow_mut().pop());
            dispatcher.close(scope.raw);
        }
    }

    /// Keeps the process alive as long as a callback is wanted to.
    pub(super) fn hold(&self, env: sys::napi_env, wanted: bool) {
        let Some(dispatcher) = self.dispatcher.get() else { return };
        if self.held.replace(wanted) == wanted {
            return;
        }
        if wanted {
            // SAFETY: on the environment's thread; the function lives until the environment ends.
            unsafe { sys::napi_ref_threadsafe_function(env, dispatcher.wake) };
        } else {
            // SAFETY: as above.
            unsafe { sys::napi_unref_threadsafe_function(env, dispatcher.wake) };
        }
    }
}

/// `arm()`: an operation on the frame on top, which has its operands (see `Operation::Arm`).
pub(super) fn arm(
    _env: sys::napi_env,
    _info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    environment.runtime().borrow_mut().operate(Operation::Arm);
    Ok(UNDEFINED)
}

/// `disarm()`: the same for `Operation::Disarm`.
pub(super) fn disarm(
    env: sys::napi_env,
    _info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let mut runtime = environment.runtime().borrow_mut();
    runtime.operate(Operation::Disarm);
    let [_, referenced] = runtime.callback_counts();
    drop(runtime);
    environment.callbacks.hold(env, referenced > 0);
    Ok(UNDEFINED)
}

/// `compileCallback(signature, freeArguments, nonblocking)`: the plan's number, then its description.
pub(super) fn compile(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([text, free_arguments, nonblocking], _) = arguments::<3>(env, info)?;
    let options =
        CallbackOptions { free_arguments: get_bool(env, free_arguments)?, nonblocking: get_bool(env, nonblocking)? };
    let text = get_string(env, text)?;
    let (number, description) = environment.runtime().borrow_mut().compile_callback(&text, options)?;
    numbers(env, &[&[number], description.as_slice()].concat())
}

/// `forgetCallback(plan)`.
pub(super) fn forget(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([plan], _) = arguments::<1>(env, info)?;
    let plan = get_u32(env, plan)?;
    environment.runtime().borrow_mut().forget_callback(plan);
    Ok(UNDEFINED)
}

/// `closeCallbacks()`: the process or worker is exiting; threads that wait go on.
pub(super) fn close(
    _env: sys::napi_env,
    _info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let mailbox = Arc::clone(environment.runtime().borrow().mailbox());
    mailbox.close();
    Ok(UNDEFINED)
}

/// `setCallbackTimeout(milliseconds)`.
pub(super) fn set_timeout(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([milliseconds], _) = arguments::<1>(env, info)?;
    let milliseconds = get_u32(env, milliseconds)?;
    environment.runtime().borrow().mailbox().set_timeout(u64::from(milliseconds));
    Ok(UNDEFINED)
}
