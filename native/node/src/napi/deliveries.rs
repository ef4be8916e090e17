//! Turns a callback that C has called into a run of its JavaScript function, and what that left into C's result.

use std::sync::Arc;

use holdfast_core::call::{Brief, Entered};
use holdfast_core::closure::Delivery;
use holdfast_core::closure::trampoline::{Host, Incoming, Place};
use holdfast_core::memory::View;

use super::buffers::view_of;
use super::callbacks::{Dispatcher, Ground};
use super::environment::Environment;
use super::exposed::detach_ended;

/// As many requests of other threads are answered before the event loop goes on.
const BATCH: usize = 256;

impl Host for Environment {
    fn deliver(&self, mut incoming: Incoming<'_>) {
        // Borrowed while a library is loaded or unloaded, or memory freed: no JavaScript may run then.
        let Ok(mut runtime) = self.runtime().try_borrow_mut() else { return };
        let ground = self.callbacks.end_of(runtime.level());
        if let Some(dispatcher) = self.callbacks.dispatcher.get()
            && let Some(brief) = runtime.enter_brief(incoming.number, &incoming.arguments, ground)
        {
            drop(runtime);
            return self.run_brief(dispatcher, &brief, &mut incoming.place);
        }
        let entered = runtime.enter(incoming.number, &incoming.arguments);
        drop(runtime);
        if let Some(entered) = entered {
            self.run(&entered, &mut |bytes| incoming.place.write(bytes));
        }
    }
}

impl Environment {
    /// Answers what other threads have asked.
    pub(super) fn drain(&self) {
        let mailbox = Arc::clone(self.runtime().borrow().mailbox());
        for _ in 0..BATCH {
            let Some(delivery) = mailbox.take() else { return };
            match delivery {
                Delivery::Released(number) => {
                    let entered = self.runtime().borrow_mut().enter_released(number);
                    if let Some(entered) = entered {
                        self.run(&entered, &mut |_| {});
                    }
                }
                Delivery::Request(mut request) => {
                    let packet = request.take_packet();
                    let entered = self.runtime().borrow_mut().enter_packet(request.number, request.generation, packet);
                    let mut answer = Vec::new();
                    if let Some(entered) = entered {
                        self.run(&entered, &mut |bytes| answer.extend_from_slice(bytes));
                    }
                    request.answer(answer);
                }
            }
        }
        mailbox.signal();
    }

    /// The same for a callback of scalars within a call.
    #[inline]
    fn run_brief(&self, dispatcher: &Dispatcher, brief: &Brief, place: &mut Place<'_>) {
        let ground = Ground { level: brief.level(), end: brief.ground(), shared: true };
        let function = self.callbacks.scope(dispatcher, ground);
        let called = function.and_then(|function| dispatcher.call(function, None));
        if called.is_err() {
            dispatcher.lost(self, false);
        }
        self.runtime().borrow_mut().exit_brief(brief, called.is_ok(), place);
    }

    /// Runs the function of the frame that was entered, and leaves the frame.
    fn run(&self, entered: &Entered, give: &mut dyn FnMut(&[u8])) {
        if entered.has_pointers() {
            detach_ended(self);
        }
        let mut view = View { address: 0, length: 0 };
        let ran = self.run_in_scope(entered, &mut view);
        let mut runtime = self.runtime().borrow_mut();
        if ran && runtime.answer(entered, &[view], give).is_err() {
            drop(runtime);
            // The dispatcher finds the reason in the frame's status.
            self.run_in_scope(entered, &mut view);
            runtime = self.runtime().borrow_mut();
            let _ = runtime.answer(entered, &[], give);
        }
        runtime.exit(entered);
    }

    /// Calls the dispatcher; `view` becomes the buffer with its result, if there is one. Whether it ran.
    #[inline]
    fn run_in_scope(&self, entered: &Entered, view: &mut View) -> bool {
        let Some(dispatcher) = self.callbacks.dispatcher.get() else { return false };
        let ground = Ground { level: entered.level(), end: entered.ground(), shared: entered.shared };
        let function = self.callbacks.scope(dispatcher, ground);
        let called = function.and_then(|function| {
            let result = dispatcher.call(function, dispatcher.overflow(self, entered)?)?;
            if entered.heap_scratch() {
                *view = view_of(dispatcher.env, result)?;
            }
            Ok(())
        });
        if called.is_err() {
            dispatcher.lost(self, entered.is_alone());
        }
        if !entered.shared {
            self.callbacks.close_scope(entered.level());
        }
        called.is_ok()
    }
}
