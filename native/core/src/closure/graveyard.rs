//! Keeps the closures of ended environments for a while: C may still call them, and gets zero.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::trampoline::Slot;

/// As many closures are kept at least, some hundred bytes each. More than `QUARANTINE`, as nobody has released those that
/// lived when their environment ended: C need not know, and environments may end one after another.
const GRAVES: usize = 16 * 1024;

/// Of all environments of the process, in the order in which they ended. An environment's closures go together.
struct Graves {
    environments: VecDeque<Vec<Arc<Slot>>>,
    count: usize,
}

static BURIED: Mutex<Graves> = Mutex::new(Graves { environments: VecDeque::new(), count: 0 });

/// Lays the closures of an environment to rest that has ended.
pub(super) fn bury(slots: Vec<Arc<Slot>>) {
    if slots.is_empty() {
        return;
    }
    let mut buried = BURIED.lock().unwrap_or_else(PoisonError::into_inner);
    buried.count += slots.len();
    buried.environments.push_back(slots);
    while let Some(oldest) = buried.environments.front().map(Vec::len)
        && buried.count - oldest >= GRAVES
    {
        buried.count -= oldest;
        buried.environments.pop_front();
    }
}
