//! Turns paths into opened libraries and symbol names into code that may be called.
#![forbid(unsafe_code)]

#[cfg(test)]
mod tests;
mod variadic;

use std::cell::RefCell;
use std::ffi::c_void;
use std::path::Path;

use crate::error::{Code, Refusal, Result};
use crate::sys::dl::{Dylib, SymbolKind, is_c_library_symbol, symbol_kind};

/// An opened library. Closes with its last user: the environment's table holds one reference and each call in progress
/// another, so closing while in use is deferred. One thread only.
#[derive(Debug)]
pub struct Library {
    /// None once closed.
    dylib: RefCell<Option<Dylib>>,
    /// Calls in progress.
    in_use: std::cell::Cell<u32>,
    closing: std::cell::Cell<bool>,
}

/// Code found in a library. Valid while that library is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol(*const c_void);

impl Symbol {
    /// The address of the code.
    #[must_use]
    pub fn address(self) -> *const c_void {
        self.0
    }
}

impl Library {
    /// Opens a file, a name that the loader searches for, or the main program (`None`).
    ///
    /// # Errors
    /// `ERR_FFI_LIBRARY_LOAD` with the loader's own words.
    pub fn open(path: Option<&str>) -> Result<Library> {
        let dylib = Dylib::open(path.map(Path::new)).map_err(|words| Refusal::new(Code::LibraryLoad, words))?;
        Ok(Library { dylib: RefCell::new(Some(dylib)), in_use: 0.into(), closing: false.into() })
    }

    /// Finds a function.
    ///
    /// # Errors
    /// `ERR_FFI_LIBRARY_CLOSED`, `ERR_FFI_SYMBOL_NOT_FOUND`, `ERR_FFI_SYMBOL_NOT_FUNCTION` where the symbol table can
    /// tell, `ERR_FFI_VARIADIC` for the C library's variadic functions.
    pub fn function(&self, name: &str) -> Result<Symbol> {
        let dylib = self.dylib.borrow();
        let dylib = dylib.as_ref().filter(|_| self.is_open()).ok_or(Code::LibraryClosed)?;
        if name.contains('\0') {
            return Err(Refusal::new(Code::SymbolNotFound, "a symbol's name has no NUL"));
        }
        let address = dylib.symbol(name).map_err(|words| Refusal::new(Code::SymbolNotFound, words))?;
        if symbol_kind(address) == SymbolKind::Data {
            return Err(Refusal::new(Code::SymbolNotFunction, "the symbol table says that it is data"));
        }
        if variadic::is_variadic(name) && is_c_library_symbol(name, address) {
            return Err(Refusal::new(Code::Variadic, "variadic C functions need a declared tail of types"));
        }
        Ok(Symbol(address))
    }

    /// Whether calls may begin.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closing.get()
    }

    /// A call into the library begins.
    pub fn acquire(&self) {
        self.in_use.set(self.in_use.get() + 1);
    }

    /// A call has returned. The last one out of a closing library unloads it.
    pub fn release(&self) {
        let left = self.in_use.get() - 1;
        self.in_use.set(left);
        if left == 0 && self.closing.get() {
            self.dylib.replace(None);
        }
    }

    /// Refuses calls from here on and unloads as soon as none is in progress.
    pub fn close(&self) {
        self.closing.set(true);
        if self.in_use.get() == 0 {
            self.dylib.replace(None);
        }
    }

    /// Whether the loader still holds it for us.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.dylib.borrow().is_some()
    }
}
