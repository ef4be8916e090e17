//! Turns paths into opened libraries and symbol names into code that may be called.
#![forbid(unsafe_code)]

mod kept;
mod known;
#[cfg(test)]
mod tests;
mod variadic;

use std::ffi::c_void;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub use kept::keep_loaded;
pub use known::Ending;

use crate::error::{Code, Refusal, Result};
use crate::sys::dl::{Dylib, SymbolKind, is_c_library_symbol, symbol_kind};

/// An opened library. Unloaded when its last `Arc` is dropped: the environment's table holds one, its bound functions and calls
/// in progress others, so closing while in use is deferred. Asked for functions and closed by one thread; any may hold it.
#[derive(Debug)]
pub struct Library {
    dylib: Dylib,
    open: AtomicBool,
}

/// Code found in a library. Valid while that library is open, on any thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol {
    address: usize,
    /// What the C library's own allocation functions do with their first argument; none for any other function.
    pub ending: Option<Ending>,
}

impl Symbol {
    /// The address of the code.
    #[must_use]
    pub fn address(self) -> *const c_void {
        std::ptr::with_exposed_provenance(self.address)
    }
}

impl Library {
    /// Opens a file, a name that the loader searches for, or the main program (`None`).
    ///
    /// # Errors
    /// `ERR_FFI_LIBRARY_LOAD` with the loader's own words.
    pub fn open(path: Option<&str>) -> Result<Library> {
        let dylib = Dylib::open(path.map(Path::new)).map_err(|words| Refusal::new(Code::LibraryLoad, words))?;
        Ok(Library { dylib, open: AtomicBool::new(true) })
    }

    /// Finds a function.
    ///
    /// # Errors
    /// `ERR_FFI_LIBRARY_CLOSED`, `ERR_FFI_SYMBOL_NOT_FOUND`, `ERR_FFI_SYMBOL_NOT_FUNCTION` where the symbol table can
    /// tell, `ERR_FFI_VARIADIC` for the C library's variadic functions unless the call says that it is `variadic`,
    /// `ERR_FFI_FORK` for those that fork.
    pub fn function(&self, name: &str, variadic: bool) -> Result<Symbol> {
        if !self.is_open() {
            return Err(Code::LibraryClosed.into());
        }
        if name.contains('\0') {
            return Err(Refusal::new(Code::SymbolNotFound, "a symbol's name has no NUL"));
        }
        let address = self.dylib.symbol(name).map_err(|words| Refusal::new(Code::SymbolNotFound, words))?;
        if symbol_kind(address) == SymbolKind::Data {
            return Err(Refusal::new(Code::SymbolNotFunction, "the symbol table says that it is data"));
        }
        if !variadic && variadic::is_variadic(name) && is_c_library_symbol(name, address) {
            let how = "it is variadic: the option `variadic` must say how many parameters come before its `...`";
            return Err(Refusal::new(Code::Variadic, how));
        }
        if known::is_forking(name) && is_c_library_symbol(name, address) {
            let how = "the child would have this process's memory without its threads: use node:child_process";
            return Err(Refusal::new(Code::Fork, how));
        }
        let ending = known::ending(name).filter(|_| is_c_library_symbol(name, address));
        Ok(Symbol { address: address.expose_provenance(), ending })
    }

    /// The same number for every opening of what is one library to the loader.
    fn identity(&self) -> usize {
        self.dylib.identity()
    }

    /// Whether symbols may be looked up and calls may begin.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Refuses everything from here on.
    pub fn close(&self) {
        self.open.store(false, Relaxed);
    }
}
