//! Turns calls that C makes of callbacks into calls of JavaScript's one dispatcher, on this thread or from others.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use holdfast_core::call::Entered;
use holdfast_core::closure::trampoline::{Desk, Host, Incoming};
use holdfast_core::closure::{CallbackOptions, Delivery, Mailbox};
use holdfast_core::memory::View;
use napi_sys as sys;

use super::buffers::{detach_ended, view_of};
use super::entries::UNDEFINED;
use super::environment::Environment;
use super::values::{Failure, Reference, arguments, check, get_bool, get_string, get_u32, numbers, string};

/// As many requests of other threads are answered before the event loop goes on.
const BATCH: usize = 256;

/// What an environment needs to call JavaScript. Used on its thread only; dropped with it.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    dispatcher: OnceCell<Dispatcher>,
    /// Whether the threadsafe function keeps the process alive now.
    held: Cell<bool>,
    /// The scope that callbacks of the innermost call use that has any; those of outer calls are in `outer`.
    scope: Cell<Option<Scope>>,
    outer: RefCell<Vec<Scope>>,
}

/// A handle scope that the callbacks of one foreign call share: opening one for each would cost a fifth of a callback.
#[derive(Debug, Clone, Copy)]
struct Scope {
    raw: sys::napi_handle_scope,
    /// The dispatcher, as a handle of the scope.
    function: sys::napi_value,
    /// Which call it is for: where its frame is.
    level: u32,
    /// How many callbacks it still serves: each leaves a handle behind.
    left: u32,
}

/// Handles that a scope may gather: 8 bytes each.
const MAX_USES: u32 = 4096;

#[derive(Debug)]
struct Dispatcher {
    env: sys::napi_env,
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

impl Host for Environment {
    fn deliver(&self, mut incoming: Incoming<'_>) {
        // Borrowed while a library is loaded or unloaded, or memory freed: no JavaScript may run then.
        let Ok(mut runtime) = self.runtime().try_borrow_mut() else { return };
        let entered = runtime.enter(incoming.number, &incoming.arguments);
        drop(runtime);
        if let Some(entered) = entered {
            self.run(&entered, &mut |bytes| incoming.place.write(bytes));
        }
    }
}

impl Environment {
    /// Answers what other threads have asked.
    fn drain(&self) {
        let mailbox = Arc::clone(self.runtime().borrow().mailbox());
        for _ in 0..BATCH {
            let Some(delivery) = mailbox.take() else { return };
            match delivery {
                Delivery::Released(number) => {
                    let entered = self.runtime().borrow_mut().enter_released(number);
                    if let Some(entered) = entered {
                        self.run(&entered, &mut |_| {});
                    }
                }
                Delivery::Request(mut request) => {
                    let packet = request.take_packet();
                    let entered = self.runtime().borrow_mut().enter_packet(request.number, request.generation, packet);
                    let mut answer = Vec::new();
                    if let Some(entered) = entered {
                        self.run(&entered, &mut |bytes| answer.extend_from_slice(bytes));
                    }
                    request.answer(answer);
                }
            }
        }
        mailbox.signal();
    }

    /// Runs the function of the frame that was entered, and leaves the frame.
    #[inline]
    fn run(&self, entered: &Entered, give: &mut dyn FnMut(&[u8])) {
        if entered.has_pointers()
            && let Some(dispatcher) = self.callbacks.dispatcher.get()
        {
            detach_ended(dispatcher.env, self);
        }
        let mut view = View { address: 0, length: 0 };
        let ran = self.run_in_scope(entered, &mut view);
        let mut runtime = self.runtime().borrow_mut();
        if ran && runtime.answer(entered, &[view], give).is_err() {
            drop(runtime);
            // The dispatcher finds the reason in the frame's status.
            self.run_in_scope(entered, &mut view);
            runtime = self.runtime().borrow_mut();
            let _ = runtime.answer(entered, &[], give);
        }
        runtime.exit(entered);
    }

    /// Calls the dispatcher; `view` becomes the buffer with its result, if there is one. Whether it ran.
    #[inline]
    fn run_in_scope(&self, entered: &Entered, view: &mut View) -> bool {
        let Some(dispatcher) = self.callbacks.dispatcher.get() else { return false };
        let called = self.callbacks.scope(dispatcher, entered).and_then(|function| {
            let result = dispatcher.call(self, entered, function)?;
            if entered.heap_scratch() {
                *view = view_of(dispatcher.env, result)?;
            }
            Ok(())
        });
        if called.is_err() {
            dispatcher.lost(self, entered);
        }
        if !entered.shared {
            self.callbacks.close_scope(entered.level());
        }
        called.is_ok()
    }
}

impl Dispatcher {
    #[inline]
    fn call(
        &self,
        environment: &Environment,
        entered: &Entered,
        function: sys::napi_value,
    ) -> Result<sys::napi_value, Failure> {
        let (mut result, mut argument) = (std::ptr::null_mut(), std::ptr::null_mut());
        if entered.overflow {
            let mut runtime = environment.runtime().borrow_mut();
            argument = super::values::arraybuffer_copy(self.env, runtime.bytes())?;
            runtime.trim();
        }
        let count = usize::from(entered.overflow);
        // SAFETY: both values are handles of the open scope, the runtime is not borrowed, and `argument` is one value.
        check(unsafe {
            sys::napi_call_function(self.env, function, function, count, &raw const argument, &raw mut result)
        })?;
        Ok(result)
    }

    /// The dispatcher itself could not run: the stack is exhausted, or the environment is being torn down.
    #[cold]
    fn lost(&self, environment: &Environment, entered: &Entered) {
        let mut error = std::ptr::null_mut();
        // SAFETY: on the environment's thread; `error` takes one value, undefined when nothing is pending.
        let status = unsafe { sys::napi_get_and_clear_last_exception(self.env, &raw mut error) };
        environment.runtime().borrow_mut().fail();
        if entered.is_alone() && status == sys::Status::napi_ok && !error.is_null() {
            // SAFETY: `error` is a handle of the open scope; refused by status when JavaScript cannot run any more.
            unsafe { sys::napi_fatal_exception(self.env, error) };
        }
    }
}

impl Callbacks {
    /// The dispatcher, in a scope that is open for the callbacks of the running call.
    #[inline]
    fn scope(&self, dispatcher: &Dispatcher, entered: &Entered) -> Result<sys::napi_value, Failure> {
        match self.scope.get() {
            Some(scope) if scope.level == entered.level() && scope.left > 0 => {
                self.scope.set(Some(Scope { left: scope.left - 1, ..scope }));
                Ok(scope.function)
            }
            _ => self.open_scope(dispatcher, entered.level()),
        }
    }

    #[cold]
    fn open_scope(&self, dispatcher: &Dispatcher, level: u32) -> Result<sys::napi_value, Failure> {
        self.close_scope(level);
        let mut raw = std::ptr::null_mut();
        // SAFETY: on the environment's thread, inside an entry or the event loop; closed by `close_scope` before that
        // entry returns.
        check(unsafe { sys::napi_open_handle_scope(dispatcher.env, &raw mut raw) })?;
        let Some(function) = dispatcher.function.value() else {
            // SAFETY: the scope just opened.
            unsafe { sys::napi_close_handle_scope(dispatcher.env, raw) };
            return Err(Failure::Message("the dispatcher is gone"));
        };
        let opened = Scope { raw, function, level, left: MAX_USES };
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
            // SAFETY: opened by `open_scope` and not closed since; those opened after it are closed already.
            unsafe { sys::napi_close_handle_scope(dispatcher.env, scope.raw) };
            self.scope.set(self.outer.borrow_mut().pop());
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
