//! Turns paths into loaded libraries, names into addresses, and addresses back into what lies there.

mod image;
mod kind;
mod library;
#[cfg(unix)]
mod scope;

pub use image::{image_of, is_c_library_symbol, keep_loaded, load_address};
pub use kind::{SymbolKind, symbol_kind};
pub use library::Dylib;
