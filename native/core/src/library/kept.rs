//! Turns libraries whose threads may still run into libraries that stay loaded, each once, until the process ends.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Library;

/// Of all environments, by identity.
static KEPT: Mutex<BTreeMap<usize, Arc<Library>>> = Mutex::new(BTreeMap::new());

/// The library stays loaded until the process ends, however often it was opened.
pub fn keep_loaded(library: &Arc<Library>) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.entry(library.identity()).or_insert_with(|| Arc::clone(library));
}
