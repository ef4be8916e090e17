//! Turns a call that C makes of a closure's code into arguments and a place for the result, on whatever thread it is.

mod slot;
#[cfg(test)]
mod tests;
mod values;

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libffi_sys::ffi_cif;

pub(super) use slot::{Post, Slot};
pub use values::{Arguments, Place};

use crate::sys::errno::Kept;

/// One call of a callback on the thread of its environment.
#[derive(Debug)]
pub struct Incoming<'c> {
    /// The callback's number.
    pub number: u32,
    /// What C passed.
    pub arguments: Arguments<'c>,
    /// Where C looks for the result: zero so far.
    pub place: Place<'c>,
}

/// An environment as its callbacks see it, on its own thread.
pub trait Host {
    /// Runs the function of a callback, or does without: C then gets zero.
    fn deliver(&self, incoming: Incoming<'_>);
}

/// The way from a closure to its environment. Owned by the environment's closures, used on its thread only.
#[derive(Debug)]
pub struct Desk {
    host: *const dyn Host,
}

impl Desk {
    /// # Safety
    /// - `host` lives as long as the desk.
    #[must_use]
    pub unsafe fn new(host: *const dyn Host) -> Desk {
        Desk { host }
    }

    fn deliver(&self, incoming: Incoming<'_>) {
        // SAFETY: the promise of `new`; the desk is reached on its own thread only, where nobody drops the host while
        // its C code runs.
        let host = unsafe { &*self.host };
        host.deliver(incoming);
    }
}

/// What every closure's code leads to.
///
/// # Safety
/// - Called by libffi for a closure that `Slot::arm` prepared, so `data` is its slot, which lives until the closure's
///   code is gone, and `cif`, `result` and `arguments` are those of the call.
pub(super) unsafe extern "C" fn enter(
    cif: *mut ffi_cif,
    result: *mut c_void,
    arguments: *mut *mut c_void,
    data: *mut c_void,
) {
    let kept = Kept::new();
    // SAFETY: the slot is kept in its environment's list or in the graveyard while its code can be called (S19).
    let slot = unsafe { &*data.cast::<Slot>() };
    // SAFETY: libffi passes what belongs to this call, which lasts until this function returns.
    let arguments = unsafe { Arguments::new(cif, arguments) };
    // SAFETY: as above; the place is the call's own.
    let place = unsafe { Place::new(cif, result) };
    // A panic must not unwind into C; the result is zero already.
    let _ = catch_unwind(AssertUnwindSafe(|| slot.call(kept.thread(), arguments, place)));
    kept.restore();
}
