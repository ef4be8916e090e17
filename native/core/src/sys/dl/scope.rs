//! Turns the state of the process into the scope in which a library should look for its own symbols.

/// The `dlopen` flag by which a library finds its own symbols before the program's, where that is possible and wise.
///
/// Node exports its own copies of zlib, OpenSSL and others, and without the flag a library's inner calls land there: a
/// `z_stream` made by Node's code then crashes in libz's. Not where `malloc` is not the C library's own: the library
/// would take blocks from one allocator and give them to another, and sanitizers refuse the flag.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn own_symbols_first() -> libc::c_int {
    // SAFETY: a search of the global scope by a C string; nothing is read or called through the result.
    let malloc = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"malloc".as_ptr()) }.cast_const();
    let image = super::image_of(malloc).unwrap_or_default();
    let is_in_libc = std::path::Path::new(&image).file_name().is_some_and(|name| name == "libc.so.6");
    if is_in_libc || super::image::is_jump(malloc) && !is_preloaded() { libc::RTLD_DEEPBIND } else { 0 }
}

/// Whether something was put before the C library, which a jump would lead to.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn is_preloaded() -> bool {
    std::env::var_os("LD_PRELOAD").is_some_and(|list| !list.is_empty())
}

/// Elsewhere the loader has no such flag, or (macOS) does so anyway.
#[cfg(all(unix, not(all(target_os = "linux", target_env = "gnu"))))]
pub(super) fn own_symbols_first() -> libc::c_int {
    0
}
