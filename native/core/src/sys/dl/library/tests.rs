//! Shows that failures to load and to find carry the loader's own words.

use super::Dylib;
use std::path::Path;

#[test]
fn finds_functions_of_a_library_and_of_the_main_program() {
    let library = Dylib::open(Some(Path::new("libm.so.6"))).unwrap();
    assert!(!library.symbol("cos").unwrap().is_null());
    let program = Dylib::open(None).unwrap();
    assert!(!program.symbol("malloc").unwrap().is_null());
}

#[test]
fn a_library_that_is_not_there_fails_with_the_loaders_words() {
    let words = Dylib::open(Some(Path::new("/nowhere/libnone.so"))).unwrap_err();
    assert_eq!(words, "/nowhere/libnone.so: cannot open shared object file: No such file or directory");
}

#[test]
fn a_file_that_is_no_library_fails_with_the_loaders_words() {
    let words = Dylib::open(Some(Path::new("/etc/passwd"))).unwrap_err();
    assert!(words.starts_with("/etc/passwd: "), "{words}");
}

#[test]
fn a_symbol_that_is_not_there_fails_with_the_loaders_words() {
    let library = Dylib::open(Some(Path::new("libm.so.6"))).unwrap();
    let words = library.symbol("no_such_function").unwrap_err();
    assert!(words.ends_with("undefined symbol: no_such_function"), "{words}");
}

#[test]
fn a_name_with_a_nul_in_it_is_refused() {
    let program = Dylib::open(None).unwrap();
    assert!(program.symbol("mal\0loc").is_err());
    assert!(Dylib::open(Some(Path::new("lib\0m.so.6"))).is_err());
}
