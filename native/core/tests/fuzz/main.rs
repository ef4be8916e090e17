//! Turns random input into the core's parsers and tables, and compares what they say with models of their own.
//!
//! `HOLDFAST_FUZZ_ROUNDS` sets the budget of each target (default 20000), `HOLDFAST_FUZZ_SEED` the first seed. A failure
//! prints the seed of its round, which is all that is needed to see it again.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test says why and ends where it fails")]

mod handles;
mod layouts;
#[expect(dead_code, reason = "stress of threads is a test program of its own")]
mod random;
mod signatures;
