//! Turns the process's SIGSEGV and SIGBUS into recoveries of our own routines, and passes all others to who had them.

use super::arch;
use crate::sys::signal::{Chain, is_real};
use libc::{SIGBUS, SIGSEGV, c_int, c_void, siginfo_t};
use std::sync::Once;

static SEGMENT: Chain = Chain::new(SIGSEGV);
static BUS: Chain = Chain::new(SIGBUS);

/// See `super::super::install`.
#[inline]
pub(in super::super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        SEGMENT.install(on_fault);
        BUS.install(on_fault);
    });
}

extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: a real fault, so the context is the kernel's, of this handler.
    if is_real(info) && !context.is_null() && unsafe { arch::land(context, address_of(info)) } {
        return;
    }
    if signal == SIGBUS { &BUS } else { &SEGMENT }.forward(info, context);
}

fn address_of(info: *mut siginfo_t) -> usize {
    // SAFETY: not null, as it is a real fault's (the caller's check).
    let info = unsafe { &*info };
    // SAFETY: only SIGSEGV and SIGBUS come here, whose siginfo has this field.
    unsafe { info.si_addr() }.addr()
}
