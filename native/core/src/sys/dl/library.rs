//! Turns a path into a loaded library and a name into an address in it, with the loader's own words for a failure.

use libc::c_void;
#[cfg(unix)]
use libloading::os::unix::Library;
#[cfg(windows)]
use libloading::os::windows::Library;
use std::error::Error;
use std::path::Path;

/// A loaded library.
///
/// Owns one reference to it, given back on drop: when that was the last, the loader runs its destructors and unmaps it,
/// and every address from `symbol` is dangling. May be used and dropped on any thread; destructors run on that one.
#[derive(Debug)]
pub struct Dylib {
    library: Library,
    /// The loader's own name for it.
    identity: usize,
}

impl Dylib {
    /// Loads the library at `path`, or by the loader's search rules if it is a bare file name. `None` is the main
    /// program with all that is in its global scope.
    ///
    /// All its symbols are bound now, so that a missing one is an error here and not a crash in a call; its own are not
    /// offered to libraries loaded later. Its constructors run: that is foreign code, and loading is where trust in it
    /// begins.
    ///
    /// # Errors
    /// The loader's words.
    pub fn open(path: Option<&Path>) -> Result<Dylib, String> {
        Self::load(path).map(Self::identified).map_err(words)
    }

    fn identified(library: Library) -> Dylib {
        let handle = library.into_raw();
        // SAFETY: the handle that was just taken out of its owner, put back into one.
        let library = unsafe { Library::from_raw(handle) };
        Dylib { library, identity: handle as usize }
    }

    /// What the loader gives the same for each opening of one library while it is loaded.
    #[must_use]
    pub fn identity(&self) -> usize {
        self.identity
    }

    #[cfg(unix)]
    fn load(path: Option<&Path>) -> Result<Library, libloading::Error> {
        use libloading::os::unix::{RTLD_LOCAL, RTLD_NOW};
        let own_symbols_first = if path.is_some() { super::scope::own_symbols_first() } else { 0 };
        // SAFETY: what constructors do is outside what this crate answers for, like every call into the library.
        unsafe { Library::open(path, RTLD_NOW | RTLD_LOCAL | own_symbols_first) }
    }

    #[cfg(windows)]
    fn load(path: Option<&Path>) -> Result<Library, libloading::Error> {
        match path {
            // SAFETY: what `DllMain` does is outside what this crate answers for, like every call into the library.
            Some(path) => unsafe { Library::new(path) },
            None => Library::this(),
        }
    }

    /// The address of the symbol called `name`, exactly as the library spells it. Never null.
    ///
    /// The address of a thread-local variable is that of the calling thread's copy.
    ///
    /// # Errors
    /// The loader's words, or our own for a symbol whose address is null.
    pub fn symbol(&self, name: &str) -> Result<*const c_void, String> {
        // SAFETY: asked for as a bare address, which every symbol has; nothing is read or called through it here.
        let symbol = unsafe { self.library.get::<*const c_void>(name) }.map_err(words)?;
        let address = symbol.as_raw_ptr();
        if address.is_null() { Err(format!("the address of symbol {name} is null")) } else { Ok(address) }
    }
}

/// What the loader said, without libloading's "dlopen failed" before it.
fn words(error: libloading::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod tests;
