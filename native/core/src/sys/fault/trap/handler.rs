//! Turns the process's SIGSEGV and SIGBUS into recoveries of our own routines, and passes all others to who had them.

use super::arch;
use crate::sys::dl;
use libc::{SIG_DFL, SIG_IGN, SIGBUS, SIGSEGV, c_int, c_void, sigaction, siginfo_t};
use std::mem::MaybeUninit;
use std::sync::{Once, OnceLock};

/// The handlers found by `install`, of SIGSEGV and of SIGBUS. Set once, before the first signal can reach ours; lives
/// until the process ends; read from signal handlers on any thread, which is one atomic load.
static PREVIOUS: [OnceLock<sigaction>; 2] = [OnceLock::new(), OnceLock::new()];

fn previous(signal: c_int) -> &'static OnceLock<sigaction> {
    &PREVIOUS[usize::from(signal == SIGBUS)]
}

/// See `super::super::install`.
#[inline]
pub(in super::super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // A worker thread of Node unloads an addon that only it had loaded; the handler has to outlive that. In a program
        // linked statically there is no image to keep, and none to lose.
        dl::keep_loaded((on_fault as *const ()).cast());
        install_for(SIGSEGV);
        install_for(SIGBUS);
    });
}

#[cold]
fn install_for(signal: c_int) {
    let mut found = MaybeUninit::<sigaction>::zeroed();
    // SAFETY: asks only, into a `sigaction` of our own; the signal numbers are valid, so it cannot fail.
    unsafe { sigaction(signal, std::ptr::null(), found.as_mut_ptr()) };
    // SAFETY: all zero is a valid `sigaction`, and so is what the call above has written over it.
    let found = unsafe { found.assume_init() };
    // Remembered before ours is in place: a fault on another thread in between has to find it.
    let mut ours = *previous(signal).get_or_init(|| found);
    ours.sa_sigaction = (on_fault as *const ()).addr();
    // The mask and SA_NODEFER stay, so that the previous handler runs under the conditions that it asked for. Stack
    // overflow is reported by handlers on an alternate stack, which needs SA_ONSTACK here too.
    ours.sa_flags = (found.sa_flags & libc::SA_NODEFER) | libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: `on_fault` has the type that SA_SIGINFO asks for, lies in an image kept loaded, and does only what is
    // async-signal-safe.
    unsafe { sigaction(signal, &raw const ours, std::ptr::null_mut()) };
}

extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's siginfo, or null from a later handler that passes on no more than the signal's number.
    let (code, address) = unsafe { info.as_ref() }.map_or((0, 0), |info| (info.si_code, address_of(info)));
    // Positive codes are the kernel's own; kill() and the like say nothing about the instruction interrupted.
    let is_real = code > 0;
    // SAFETY: a real fault, so the context is the kernel's, of this handler.
    if is_real && !context.is_null() && unsafe { arch::land(context, address) } {
        return;
    }
    forward(signal, info, context, is_real);
}

fn address_of(info: &siginfo_t) -> usize {
    // SAFETY: only SIGSEGV and SIGBUS come here, whose siginfo has this field; for sent ones it is not used.
    unsafe { info.si_addr() }.addr()
}

/// Does with the signal what would have been done without us.
fn forward(signal: c_int, info: *mut siginfo_t, context: *mut c_void, is_real: bool) {
    match previous(signal).get().map_or(SIG_DFL, |action| action.sa_sigaction) {
        SIG_IGN if !is_real => {}
        // The kernel does not let a real fault be ignored: it kills, as for SIG_DFL.
        SIG_DFL | SIG_IGN => fall_to_default(signal, is_real),
        handler => {
            // Always three arguments, as the kernel itself does whatever SA_SIGINFO says: Node installs V8's trap
            // handler, which reads all three, without that flag.
            type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
            // SAFETY: neither SIG_DFL nor SIG_IGN, so it is the handler that the process had installed; one with a
            // single parameter ignores the registers of the other two.
            let handler = unsafe { std::mem::transmute::<usize, Handler>(handler) };
            handler(signal, info, context);
        }
    }
}

fn fall_to_default(signal: c_int, is_real: bool) {
    // SAFETY: async-signal-safe, and SIG_DFL is valid for both signals.
    unsafe { libc::signal(signal, SIG_DFL) };
    // A real fault happens again when the handler returns; a sent signal has to be sent again.
    if !is_real {
        // SAFETY: async-signal-safe, a signal to this thread.
        unsafe { libc::raise(signal) };
    }
}
