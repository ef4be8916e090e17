//! Turns a Rust function with its data into code that C can call: libffi's closures, allocated and prepared.

use libc::c_void;
use libffi_sys::{ffi_cif, ffi_closure, ffi_closure_alloc, ffi_closure_free, ffi_prep_closure_loc, ffi_status_FFI_OK};
use std::ptr::NonNull;

use super::libffi::Cif;

/// What libffi calls: the interface, where the result goes, where each argument is, and the closure's data.
pub type Handler = unsafe extern "C" fn(*mut ffi_cif, *mut c_void, *mut *mut c_void, *mut c_void);

/// One closure of libffi. Owns its memory and its code, which end with it. Prepared on one thread at a time; its code may
/// be called on any.
#[derive(Debug)]
pub struct Closure {
    writable: NonNull<ffi_closure>,
    code: *const c_void,
}

// SAFETY: the memory belongs to the value alone and is bound to no thread; libffi locks its own lists.
unsafe impl Send for Closure {}
// SAFETY: a shared reference only gives the address of the code; writing is behind the promises of `prepare`.
unsafe impl Sync for Closure {}

impl Closure {
    /// Allocates one; none when there is no memory that may be executed.
    #[must_use]
    pub fn new() -> Option<Closure> {
        let mut code = std::ptr::null_mut();
        // SAFETY: asks for the size that libffi's own type has; `code` takes one pointer.
        let memory = unsafe { ffi_closure_alloc(size_of::<ffi_closure>(), &raw mut code) };
        Some(Closure { writable: NonNull::new(memory.cast())?, code })
    }

    /// Where C calls it.
    #[must_use]
    pub fn code(&self) -> *const c_void {
        self.code
    }

    /// Makes calls of the code reach `handler` with `data`.
    ///
    /// # Errors
    /// libffi's refusal of the signature.
    ///
    /// # Safety
    /// - `interface` and what `data` points to live until the closure is prepared anew or dropped.
    /// - No call of the code is under way, and none begins before this returns.
    pub unsafe fn prepare(&self, interface: &Cif, handler: Handler, data: *const c_void) -> Result<(), String> {
        let (cif, data) = (interface.interface(), data.cast_mut());
        // SAFETY: both addresses are of the pair that `ffi_closure_alloc` made; the rest is the caller's promise.
        let status =
            unsafe { ffi_prep_closure_loc(self.writable.as_ptr(), cif, Some(handler), data, self.code.cast_mut()) };
        if status == ffi_status_FFI_OK {
            Ok(())
        } else {
            Err(format!("libffi makes no closure of the signature (status {status})"))
        }
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        // SAFETY: from `ffi_closure_alloc` in `new`, given back here only.
        unsafe { ffi_closure_free(self.writable.as_ptr().cast()) };
    }
}
