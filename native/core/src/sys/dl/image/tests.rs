//! Shows that addresses are traced to the image that holds them, and only to that.

use super::{image_of, is_c_library_symbol, keep_loaded};
use crate::sys::dl::Dylib;
use std::path::Path;

#[test]
fn static_memory_lies_in_an_image_and_other_memory_in_none() {
    static VARIABLE: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(1);
    let (on_stack, on_heap) = (0, Box::new(0));
    assert!(image_of((&raw const VARIABLE).cast()).is_some());
    assert!(image_of(c"text".as_ptr().cast()).is_some());
    assert_eq!(image_of((&raw const on_stack).cast()), None);
    assert_eq!(image_of((&raw const *on_heap).cast()), None);
    assert_eq!(image_of(std::ptr::null()), None);
}

#[test]
fn names_the_file_of_a_library() {
    let library = Dylib::open(Some(Path::new("libm.so.6"))).unwrap();
    let path = image_of(library.symbol("cos").unwrap()).unwrap();
    assert!(path.contains("libm"), "{path}");
}

#[test]
fn only_the_c_librarys_own_symbols_are_its() {
    let libc = Dylib::open(Some(Path::new("libc.so.6"))).unwrap();
    // One that no memory tool puts its own in place of.
    let strsep = libc.symbol("strsep").unwrap();
    assert!(is_c_library_symbol("strsep", strsep));
    assert!(!is_c_library_symbol("malloc", strsep));
    assert!(!is_c_library_symbol("strsep", strsep.wrapping_byte_add(1)));
    assert!(!is_c_library_symbol("no_such_function", std::ptr::null()));
    assert!(!is_c_library_symbol("str\0sep", strsep));
    let libm = Dylib::open(Some(Path::new("libm.so.6"))).unwrap();
    assert!(!is_c_library_symbol("cbrt", libm.symbol("cbrt").unwrap()));
}

#[test]
fn an_image_to_keep_outlives_its_last_owner() {
    // A library that nothing else in this process uses: unloaded by a close, unless kept.
    let name = Path::new("libBrokenLocale.so.1");
    let address = Dylib::open(Some(name)).unwrap().symbol("__ctype_get_mb_cur_max").unwrap();
    let is_loaded = || image_of(address).is_some_and(|path| path.contains("libBrokenLocale"));
    assert!(!is_loaded());
    let library = Dylib::open(Some(name)).unwrap();
    let address = library.symbol("__ctype_get_mb_cur_max").unwrap();
    keep_loaded(address);
    drop(library);
    let path = image_of(address).unwrap();
    assert!(path.contains("libBrokenLocale"), "{path}");
}
