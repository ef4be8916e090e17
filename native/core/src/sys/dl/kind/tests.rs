//! Shows that functions and data of real libraries are told apart.

use super::{SymbolKind, symbol_kind};
use crate::sys::dl::Dylib;
use std::path::Path;

fn kind_of(library: &str, name: &str) -> SymbolKind {
    let library = Dylib::open(Some(Path::new(library))).unwrap();
    symbol_kind(library.symbol(name).unwrap())
}

#[test]
fn functions_are_functions() {
    assert_eq!(kind_of("libc.so.6", "qsort"), SymbolKind::Function);
    assert_eq!(kind_of("libm.so.6", "cbrt"), SymbolKind::Function);
}

#[test]
fn functions_chosen_when_the_library_is_loaded_are_not_data() {
    for name in ["memcpy", "strlen", "time", "gettimeofday"] {
        assert_ne!(kind_of("libc.so.6", name), SymbolKind::Data, "{name}");
    }
    for name in ["sin", "floor"] {
        assert_ne!(kind_of("libm.so.6", name), SymbolKind::Data, "{name}");
    }
}

#[test]
fn variables_are_data() {
    for name in ["stdout", "environ", "optind"] {
        assert_eq!(kind_of("libc.so.6", name), SymbolKind::Data, "{name}");
    }
}

#[test]
fn thread_local_variables_are_data() {
    // C++'s runtime exports one: `__thread void *std::__once_callable`.
    assert_eq!(kind_of("libstdc++.so.6", "_ZSt15__once_callable"), SymbolKind::Data);
}

#[test]
fn addresses_of_no_symbol_go_by_what_the_kernel_says() {
    let local = 0;
    assert_eq!(symbol_kind((&raw const local).cast()), SymbolKind::Data);
    assert_eq!(symbol_kind(std::ptr::without_provenance(0x10)), SymbolKind::Unknown);
    let inside = Dylib::open(Some(Path::new("libc.so.6"))).unwrap().symbol("qsort").unwrap();
    assert_eq!(symbol_kind(inside.wrapping_byte_add(4)), SymbolKind::Unknown);
}
