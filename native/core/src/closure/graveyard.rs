//! Keeps the closures of ended environments for a while: C may still call them, and gets zero.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::QUARANTINE;
use super::trampoline::Slot;

/// Of all environments of the process; the oldest goes first.
static BURIED: Mutex<VecDeque<Arc<Slot>>> = Mutex::new(VecDeque::new());

/// Lays a closure to rest whose environment has ended.
pub(super) fn bury(slot: Arc<Slot>) {
    let mut buried = BURIED.lock().unwrap_or_else(PoisonError::into_inner);
    buried.push_back(slot);
    if buried.len() > QUARANTINE {
        buried.pop_front();
    }
}
