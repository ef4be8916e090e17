//! Turns a canonical C signature and a frame of arguments into a checked foreign call; knows nothing of Node.
//!
//! Modules from low to high: `error` < `signature` < `plan` < `sys` < `registry` < `memory` < `library` < `frame` <
//! `invoke` < `pool` < `closure` < `call`. A module uses only those to its left (checked by `.ci/layers.mjs`).

pub mod call;
pub mod closure;
pub mod error;
pub mod frame;
pub mod invoke;
pub mod library;
pub mod memory;
pub mod plan;
pub mod pool;
pub mod registry;
pub mod signature;
pub mod sys;
