//! Turns the end of owned memory into the call of the function that releases it.

use std::ffi::c_void;

use crate::library::Symbol;

/// Calls a release function with the address that it is to release. What it returns is not looked at.
///
/// The symbol's library stays loaded meanwhile: the release that names it keeps it.
pub fn call_release(symbol: Symbol, address: usize) {
    type Function = unsafe extern "C-unwind" fn(*mut c_void);
    // SAFETY: the symbol is a function's address (S4), and a function pointer has the size of an address.
    let function: Function = unsafe { std::mem::transmute(symbol.address()) };
    // SAFETY: that this function takes one pointer, and releases what C has handed out at `address`, is what the user
    // declared with `owned` (S23); the record of the memory has ended, so nobody releases it a second time.
    unsafe { function(std::ptr::with_exposed_provenance_mut(address)) };
}
