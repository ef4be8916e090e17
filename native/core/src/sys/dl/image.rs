//! Turns an address into the loaded image (program or library) that it lies in.

use libc::c_void;
#[cfg(unix)]
use std::ffi::CStr;
#[cfg(unix)]
use std::path::Path;

/// How the file names of C libraries begin: glibc, musl, FreeBSD; macOS, whose C library is several files; and the
/// sanitizers, which put functions of their own before the C library's and pass calls on to it.
#[cfg(unix)]
const C_LIBRARIES: [&str; 10] = [
    "libc.so",
    "libc-2.",
    "libc.musl-",
    "ld-musl-",
    "libSystem.",
    "libsystem_",
    "libasan.so",
    "libtsan.so",
    "liblsan.so",
    "libclang_rt.",
];

/// The path of the loaded image whose mapping holds `address`, or `None` for heap, stack and mapped files.
///
/// What lies in an image is static: its memory belongs to the library and is never freed. On Windows always `None`.
#[cfg(unix)]
#[must_use]
pub fn image_of(address: *const c_void) -> Option<String> {
    let path = describe(address)?.dli_fname;
    if path.is_null() {
        return Some(String::new());
    }
    // SAFETY: the loader's own C string, which lives as long as the image is loaded; it is copied at once.
    Some(unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned())
}

/// Where the image whose mapping holds `address` was loaded, which tools want subtracted from addresses in it. On Windows
/// always `None`.
#[cfg(unix)]
#[must_use]
pub fn load_address(address: *const c_void) -> Option<usize> {
    describe(address).map(|info| info.dli_fbase as usize)
}

#[cfg(unix)]
fn describe(address: *const c_void) -> Option<libc::Dl_info> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: takes any address and reads nothing there; the result is a variable of our own.
    let is_found = unsafe { libc::dladdr(address, info.as_mut_ptr()) } != 0;
    // SAFETY: all zero is a valid `Dl_info`, and so is what a successful call has written over it.
    is_found.then_some(unsafe { info.assume_init() })
}

/// Whether `address` is what the process's own C library offers under `name`.
///
/// True only if the whole process would get this address for the name: a library's private `malloc` is not the
/// process's. On Windows always false.
#[cfg(unix)]
#[must_use]
pub fn is_c_library_symbol(name: &str, address: *const c_void) -> bool {
    let Ok(name) = std::ffi::CString::new(name) else { return false };
    // SAFETY: a search of the global scope by a C string; nothing is read or called through the result.
    let global = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    let is_in_c_library = image_of(address).is_some_and(|path| is_c_library(&path));
    if is_jump(global.cast_const()) {
        return global.cast_const() == address || is_in_c_library;
    }
    !address.is_null() && global.cast_const() == address && is_in_c_library
}

/// Whether the address is a jump of the program to a library's function, which stands for that function in the whole process
/// where the program lies at a fixed address (Node does): its symbol table has the name without a section.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn is_jump(address: *const c_void) -> bool {
    super::kind::table_entry(address).is_some_and(|entry| entry.st_shndx == 0)
}

#[cfg(all(unix, not(all(target_os = "linux", target_env = "gnu"))))]
fn is_jump(_address: *const c_void) -> bool {
    false
}

#[cfg(unix)]
fn is_c_library(path: &str) -> bool {
    let name = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    C_LIBRARIES.iter().any(|beginning| name.starts_with(beginning))
}

/// Keeps the image that holds `address`, if one does, loaded until the process ends, whoever closes it. On Windows it
/// does nothing.
#[cfg(unix)]
pub fn keep_loaded(address: *const c_void) {
    let Some(path) = image_of(address).and_then(|path| std::ffi::CString::new(path).ok()) else { return };
    // SAFETY: RTLD_NOLOAD loads nothing and so runs no foreign code; it marks the image already there. The reference
    // it takes is meant to be kept.
    unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE) };
}

/// Not known on Windows.
#[cfg(windows)]
#[must_use]
pub fn image_of(_address: *const c_void) -> Option<String> {
    None
}

/// Not known on Windows.
#[cfg(windows)]
#[must_use]
pub fn load_address(_address: *const c_void) -> Option<usize> {
    None
}

/// Not known on Windows.
#[cfg(windows)]
#[must_use]
pub fn is_c_library_symbol(_name: &str, _address: *const c_void) -> bool {
    false
}

/// Not done on Windows.
#[cfg(windows)]
pub fn keep_loaded(_address: *const c_void) {}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod tests;
