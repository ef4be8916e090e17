//! Opening, finding and the deferred close.

use std::sync::Arc;

use super::{Library, keep_loaded};
use crate::error::Code;

#[test]
fn says_in_the_loaders_words_why_a_file_does_not_open() {
    let refused = Library::open(Some("/no/such/library.so")).unwrap_err();
    assert_eq!(refused.code, Code::LibraryLoad);
    assert!(refused.message.contains("/no/such/library.so"), "{refused}");
}

#[test]
fn finds_functions_of_the_main_program() {
    let main = Library::open(None).unwrap();
    assert!(!main.function("abs", false).unwrap().address().is_null());
    assert_eq!(main.function("no_such_function_anywhere", false).unwrap_err().code, Code::SymbolNotFound);
    assert_eq!(main.function("ab\0s", false).unwrap_err().code, Code::SymbolNotFound);
}

#[cfg(target_env = "gnu")]
#[test]
fn refuses_data_and_variadics() {
    let main = Library::open(None).unwrap();
    assert_eq!(main.function("environ", false).unwrap_err().code, Code::SymbolNotFunction);
    assert_eq!(main.function("dprintf", false).unwrap_err().code, Code::Variadic);
    assert!(main.function("dprintf", true).is_ok());
}

#[test]
fn refuses_look_ups_once_closed() {
    let main = Library::open(None).unwrap();
    main.close();
    assert!(!main.is_open());
    assert_eq!(main.function("abs", false).unwrap_err().code, Code::LibraryClosed);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn keeps_one_of_all_openings_of_a_library() {
    let [first, second] = ["libm.so.6"; 2].map(|path| Arc::new(Library::open(Some(path)).unwrap()));
    for library in [&first, &second, &first] {
        keep_loaded(library);
    }
    assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (2, 1));
}
