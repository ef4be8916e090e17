//! Turns a thread without a stack for its signal handlers into one with it: a stack overflow leaves no other (Linux).

use crate::sys::pages::{Pages, page_size};
use libc::{SS_DISABLE, stack_t};
use std::mem::MaybeUninit;

/// Beyond what the kernel itself needs: room for our report and for the handlers that it is passed on to.
const ROOM: usize = 64 << 10;

/// This thread's alternate signal stack, with a page without access below. Owns its pages; dropped on the thread that it
/// is for, which has none then.
pub(super) struct SignalStack {
    pages: Pages,
}

impl SignalStack {
    /// Gives the thread one; `None` if it has one or there is no memory.
    pub(super) fn of_this_thread() -> Option<SignalStack> {
        if current().ss_flags & SS_DISABLE == 0 {
            return None;
        }
        // SAFETY: asks for a number of the kernel's, 0 where it has none.
        let frame = usize::try_from(unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) }).unwrap_or(0);
        let page = page_size();
        let size = (frame + ROOM).next_multiple_of(page);
        let mut pages = Pages::reserve(page + size)?;
        if !pages.open(page, size) {
            return None;
        }
        let stack = stack_t { ss_sp: (pages.base() + page) as *mut _, ss_flags: 0, ss_size: size };
        // SAFETY: open pages that stay until `drop` has taken the stack out of use.
        let is_set = unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) } == 0;
        is_set.then_some(SignalStack { pages })
    }
}

impl Drop for SignalStack {
    fn drop(&mut self) {
        if (current().ss_sp as usize).wrapping_sub(self.pages.base()) < self.pages.length() {
            let none = stack_t { ss_sp: std::ptr::null_mut(), ss_flags: SS_DISABLE, ss_size: 0 };
            // SAFETY: takes a stack of ours out of use; no handler is running on it, as this is no handler.
            unsafe { libc::sigaltstack(&raw const none, std::ptr::null_mut()) };
        }
    }
}

fn current() -> stack_t {
    let mut found = MaybeUninit::<stack_t>::zeroed();
    // SAFETY: asks only, into a variable of our own.
    unsafe { libc::sigaltstack(std::ptr::null(), found.as_mut_ptr()) };
    // SAFETY: all zero is a valid `stack_t`, and so is what the call above has written over it.
    unsafe { found.assume_init() }
}
