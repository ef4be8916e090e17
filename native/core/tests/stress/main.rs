//! Turns seeds into threads that meet in the core: callers of callbacks, and environments that share the pool.
//!
//! `HOLDFAST_STRESS_ROUNDS` sets the budget of each test (default 100), `HOLDFAST_FUZZ_SEED` the first seed. A seed gives the
//! same decisions again, not the same interleaving.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test says why and ends where it fails")]

mod callers;
mod environments;
#[path = "../calls/front.rs"]
#[expect(dead_code, unused_imports, reason = "calls without threads use more of it")]
mod front;
#[path = "../fuzz/random.rs"]
#[expect(dead_code, reason = "the fuzz targets use more of it")]
mod random;
