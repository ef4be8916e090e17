//! Turns the raw calls of the operating system, the dynamic loader and libffi into small Rust functions.
//!
//! Every foreign call that the core makes on its own behalf is in this folder, one topic a file; what differs between
//! platforms differs here and nowhere above. Nothing here knows a signature, a record or an error code of the toolkit:
//! failures are small values (`Fault`) or the words of the system (`String`).

pub mod chunk;
pub mod closure;
pub mod crash;
pub mod dl;
pub mod errno;
pub mod fault;
#[cfg(feature = "faults")]
pub mod faults;
pub mod heap;
pub mod libffi;
pub mod pages;
#[cfg(target_os = "linux")]
mod signal;
