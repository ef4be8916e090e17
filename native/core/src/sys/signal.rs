//! Turns a signal of the process into a call of a handler of ours, which may pass it on to whoever had it before (Linux).

use super::dl;
use libc::{SIG_DFL, SIG_IGN, c_int, c_void, sigaction, siginfo_t};
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// What SA_SIGINFO asks of a handler.
pub(super) type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// A signal's place in the chain of its handlers: ours, and the one found when ours was put before it. A static: set
/// once, before the first signal can reach ours; lives until the process ends; read from signal handlers on any thread,
/// which is one atomic load.
pub(super) struct Chain {
    signal: c_int,
    previous: OnceLock<sigaction>,
}

impl Chain {
    pub(super) const fn new(signal: c_int) -> Chain {
        Chain { signal, previous: OnceLock::new() }
    }

    pub(super) fn signal(&self) -> c_int {
        self.signal
    }

    /// Puts `handler`, which does only what is async-signal-safe, before whatever handles the signal now. Once.
    ///
    /// The image that holds the handler is kept loaded until the process ends: a worker thread of Node unloads an addon
    /// that only it had loaded. In a program linked statically there is no image to keep, and none to lose.
    #[cold]
    pub(super) fn install(&self, handler: Handler) {
        dl::keep_loaded((handler as *const ()).cast());
        let found = current(self.signal);
        // Remembered before ours is in place: a signal on another thread in between has to find it.
        let mut ours = *self.previous.get_or_init(|| found);
        ours.sa_sigaction = (handler as *const ()).addr();
        // The mask and SA_NODEFER stay, so that the previous handler runs under the conditions that it asked for. Stack
        // overflow is reported by handlers on an alternate stack, which needs SA_ONSTACK here too.
        ours.sa_flags = (found.sa_flags & libc::SA_NODEFER) | libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: a `Handler` has the type that SA_SIGINFO asks for, this one lies in an image kept loaded, and by this
        // function's rule it does only what is async-signal-safe.
        unsafe { sigaction(self.signal, &raw const ours, std::ptr::null_mut()) };
    }

    /// Does with the signal what would have been done without us.
    pub(super) fn forward(&self, info: *mut siginfo_t, context: *mut c_void) {
        let is_real = is_real(info);
        match self.previous.get().map_or(SIG_DFL, |action| action.sa_sigaction) {
            SIG_IGN if !is_real => {}
            // The kernel does not let a real fault be ignored: it kills, as for SIG_DFL.
            SIG_DFL | SIG_IGN => fall_to_default(self.signal, is_real),
            handler => {
                // Always three arguments, as the kernel itself does whatever SA_SIGINFO says: Node installs V8's trap
                // handler, which reads all three, without that flag.
                // SAFETY: neither SIG_DFL nor SIG_IGN, so it is the handler that the process had installed; one with a
                // single parameter ignores the registers of the other two.
                let handler = unsafe { std::mem::transmute::<usize, Handler>(handler) };
                handler(self.signal, info, context);
            }
        }
    }
}

/// Whether the processor raised the signal, at the instruction interrupted: positive codes are the kernel's own; kill()
/// and the like say nothing about the instruction, nor does a later handler that passes on no more than the number.
pub(super) fn is_real(info: *mut siginfo_t) -> bool {
    // SAFETY: the kernel's siginfo, or null from such a handler.
    unsafe { info.as_ref() }.is_some_and(|info| info.si_code > 0)
}

/// Whether the signal would end the process now. Async-signal-safe.
pub(super) fn is_default(signal: c_int) -> bool {
    current(signal).sa_sigaction == SIG_DFL
}

fn current(signal: c_int) -> sigaction {
    let mut found = MaybeUninit::<sigaction>::zeroed();
    // SAFETY: asks only, into a `sigaction` of our own; our signal numbers are valid, so it cannot fail.
    unsafe { sigaction(signal, std::ptr::null(), found.as_mut_ptr()) };
    // SAFETY: all zero is a valid `sigaction`, and so is what the call above has written over it.
    unsafe { found.assume_init() }
}

fn fall_to_default(signal: c_int, is_real: bool) {
    // SAFETY: async-signal-safe, and SIG_DFL is valid for all our signals.
    unsafe { libc::signal(signal, SIG_DFL) };
    // A real fault happens again when the handler returns; a sent signal has to be sent again.
    if !is_real {
        // SAFETY: async-signal-safe, a signal to this thread.
        unsafe { libc::raise(signal) };
    }
}
