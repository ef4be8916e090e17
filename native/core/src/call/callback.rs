//! Turns a call that C makes of a callback into a frame for JavaScript, and what JavaScript left there into C's result.

use std::sync::Arc;

use super::{NO_POSITION, Runtime, refuse};
use crate::closure::trampoline::{Arguments, Desk};
use crate::closure::{CallbackOptions, CallbackPlan, Mailbox, Packet};
use crate::error::{Code, Result};
use crate::frame::{Field, Frame};
use crate::memory::{Gather, Shown};
use crate::registry::Handle;
use crate::signature::read_signature;
use crate::sys::crash::Interrupted;

/// The header's first word: which callback.
const NUMBER: u32 = 0;

/// A callback between `enter` and `exit`. Nothing of the runtime is borrowed meanwhile, so JavaScript may call anything.
#[derive(Debug)]
pub struct Entered {
    pub(super) number: u32,
    /// Whether it was live; the closure then keeps its plan until `exit`, whatever is released meanwhile.
    pub(super) live: bool,
    pub(super) frame: Frame,
    offset: u32,
    /// The top of the call stack before.
    outer: u32,
    /// Where calls that the function makes have their frames.
    top: u32,
    /// Whether the running call's other callbacks are within the same entry from JavaScript.
    pub shared: bool,
    /// What runs again afterwards.
    before: Option<Interrupted>,
    /// What `hide_running` wants; none when no pointer was passed.
    shown: Option<Shown>,
    /// What was gathered does not fit the call stack: `bytes()` of the runtime has all arguments.
    pub overflow: bool,
}

impl Entered {
    /// Whether what the function returned is in a buffer of its own, too large for the call stack.
    #[inline]
    #[must_use]
    pub fn heap_scratch(&self) -> bool {
        self.frame.get(Field::HeapScratch) != 0
    }

    /// Whether memory may have been freed for it.
    #[inline]
    #[must_use]
    pub fn has_pointers(&self) -> bool {
        self.shown.is_some()
    }

    /// Where the frame of the running call is: which call this callback is within.
    #[inline]
    #[must_use]
    pub fn level(&self) -> u32 {
        self.outer
    }

    /// Where the running call's frame ends, with all its scratch.
    #[must_use]
    pub fn ground(&self) -> u32 {
        self.offset
    }

    /// Whether no call is running that an error could be thrown from.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.frame.get(Field::Errno) != 0
    }
}

impl Runtime {
    /// Where calls of this environment's callbacks go.
    pub fn set_desk(&mut self, desk: Desk) {
        self.closures.set_desk(desk);
    }

    /// Where calls on other threads go.
    #[must_use]
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        self.closures.mailbox()
    }

    /// Callbacks that live, and those among them that keep the process alive.
    #[must_use]
    pub fn callback_counts(&self) -> [u32; 2] {
        [self.closures.live(), self.closures.referenced()]
    }

    /// Compiles the signature of a callback. Returns its number and description (see [`CallbackPlan::describe`]).
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE`.
    pub fn compile_callback(&mut self, text: &str, options: CallbackOptions) -> Result<(u32, Vec<u32>)> {
        let plan = CallbackPlan::compile(&read_signature(text)?, options)?;
        let description = plan.describe();
        Ok((self.callbacks.insert(Arc::new(plan))?, description))
    }

    /// Forgets a compiled callback; those armed with it keep it.
    pub fn forget_callback(&mut self, plan: u32) {
        self.callbacks.remove(plan);
    }

    pub(super) fn arm_callback(&mut self, plan: u32) -> Result<(u32, Handle)> {
        let plan = self.callbacks.get(plan).ok_or(Code::Internal)?;
        let armed = self.closures.arm(plan, &mut self.memory)?;
        self.stack.set_callbacks(self.closures.live());
        Ok(armed)
    }

    pub(super) fn release_callback(&mut self, number: u32) {
        self.closures.release(number, &mut self.memory);
        self.stack.set_callbacks(self.closures.live());
    }

    pub(super) fn release_callbacks_of(&mut self, block: Handle) -> Vec<u32> {
        let released = self.closures.release_owned(block, &mut self.memory);
        self.stack.set_callbacks(self.closures.live());
        released
    }

    /// What threads said that gave up waiting for a callback: the function that did not return, then the callback's number.
    pub(super) fn stuck(&self) -> Option<String> {
        let stuck = *self.closures.mailbox().take_stuck().first()?;
        let function = self.functions.get(stuck.function).map_or("a function", |function| &*function.site.name);
        Some(format!("{function} {}", stuck.number))
    }

    /// The function of callback `number` is to run on this thread's own call, with what C passed.
    #[inline]
    pub fn enter(&mut self, number: u32, arguments: &Arguments<'_>) -> Option<Entered> {
        if self.closures.live() == 0 {
            // JavaScript may have called through the door, where none of it may run: it is told later.
            self.closures.mailbox().note_released(number);
            return None;
        }
        match self.closures.armed(number, None) {
            Some(plan) if plan.arguments.flat => {
                let Some(mut entered) = self.reserve(number, Some(plan)) else {
                    self.fail();
                    return None;
                };
                for (i, (offset, layout)) in plan.members().iter().enumerate() {
                    entered.frame.put(CallbackPlan::START + offset, arguments.bytes(i, layout.size as usize));
                }
                self.closures.begin(number);
                entered.before = self.interrupt();
                self.announce(&entered);
                Some(entered)
            }
            _ => self.enter_filled(number, arguments),
        }
    }

    #[inline(never)]
    fn enter_filled(&mut self, number: u32, arguments: &Arguments<'_>) -> Option<Entered> {
        let plan = self.closures.armed(number, None).cloned();
        let Some(mut entered) = self.reserve(number, plan.as_ref()) else {
            self.fail();
            return None;
        };
        self.fill(&mut entered, plan.as_ref(), |plan| Packet::of(plan, arguments, false));
        self.begin_callback(&mut entered);
        Some(entered)
    }

    /// The same for a call on another thread. A callback that was released meanwhile is refused.
    pub fn enter_packet(&mut self, number: u32, generation: u32, packet: Result<Packet>) -> Option<Entered> {
        let plan = self.closures.armed(number, Some(generation)).cloned();
        let mut entered = self.reserve(number, plan.as_ref())?;
        self.fill(&mut entered, plan.as_ref(), |_| packet);
        self.begin_callback(&mut entered);
        Some(entered)
    }

    /// A callback that was released was called: JavaScript has to say so.
    pub fn enter_released(&mut self, number: u32) -> Option<Entered> {
        self.enter_packet(number, 0, Err(Code::CallbackReleased.into()))
    }

    /// A frame behind the running call's, without arguments yet.
    #[inline(always)]
    fn reserve(&self, number: u32, plan: Option<&Arc<CallbackPlan>>) -> Option<Entered> {
        let outer = self.stack.offset();
        // Where C was not called from JavaScript, nothing lies on top.
        let function = self.journal.foreign();
        let offset = function.map_or(outer, |function| self.end_of_running(outer, function));
        let size = plan.map_or(CallbackPlan::START, |plan| plan.frame_size);
        let frame = self.stack.frame_at(offset, size)?;
        self.begin_frame(frame, number);
        let (live, top) = (plan.is_some(), offset + size);
        let shared = function.is_some();
        Some(Entered { number, live, frame, offset, outer, top, shared, before: None, shown: None, overflow: false })
    }

    /// A frame's header, and zero for a result.
    #[inline]
    pub(super) fn begin_frame(&self, frame: Frame, number: u32) {
        frame.set_word(NUMBER, number);
        frame.set(Field::Status, 0);
        frame.set(Field::Errno, u32::from(!self.journal.is_in_call()));
        frame.set(Field::HeapScratch, 0);
        frame.set_long(CallbackPlan::RESULT, 0);
    }

    /// Writes arguments that lead somewhere, or why there are none.
    fn fill(
        &mut self,
        entered: &mut Entered,
        plan: Option<&Arc<CallbackPlan>>,
        packet: impl FnOnce(&CallbackPlan) -> Result<Packet>,
    ) {
        let start = self.stack.addresses().start;
        entered.shown = Some(self.memory.show_running(start..start + entered.offset as usize));
        let put = match plan {
            Some(plan) => packet(plan).and_then(|packet| self.put_packet(plan, packet, entered)),
            None => Err(Code::CallbackReleased.into()),
        };
        if let Err(refusal) = put {
            self.explanation = refusal.message;
            refuse(entered.frame, refusal.code, NO_POSITION);
        }
    }

    #[inline]
    fn begin_callback(&mut self, entered: &mut Entered) {
        if entered.live {
            self.closures.begin(entered.number);
        }
        entered.before = self.interrupt();
        self.announce(entered);
    }

    /// The first free byte behind the running call's frame, its scratch included.
    #[inline]
    pub(super) fn end_of_running(&self, offset: u32, function: u32) -> u32 {
        let Some(function) = self.functions.get(function) else { return offset };
        let plan = function.engine.plan();
        let mut size = plan.frame_size;
        if !plan.data.is_empty()
            && let Some(frame) = self.stack.frame_at(offset, size)
            && frame.get(Field::HeapScratch) == 0
        {
            size = size.max(frame.get(Field::ScratchEnd));
        }
        offset.saturating_add(size).saturating_add(15) & !15
    }

    /// Writes the arguments of a packet into the frame, with what they lead to.
    fn put_packet(&mut self, plan: &CallbackPlan, packet: Packet, entered: &mut Entered) -> Result<()> {
        let Packet { mut bytes, gathered } = packet;
        let followed = match gathered {
            None if plan.arguments.flat => Vec::new(),
            None => Gather::follow(&mut self.memory, &plan.arguments, &mut bytes)?,
            Some(gathered) => {
                for at in gathered.opaque {
                    self.adopt_at(&mut bytes, at)?;
                }
                gathered.followed
            }
        };
        if plan.options.free_arguments {
            self.memory.free_result(followed)?;
        }
        let end = CallbackPlan::START as usize + bytes.len();
        if end > entered.frame.capacity() {
            entered.overflow = true;
            // What needs no reader is looked for in the frame.
            entered.frame.copy_in(CallbackPlan::START, &bytes[..plan.arguments.size as usize]);
            self.bytes = bytes;
            return Ok(());
        }
        entered.frame.copy_in(CallbackPlan::START, &bytes);
        entered.top = entered.top.max(entered.offset.saturating_add(end as u32).saturating_add(15) & !15);
        Ok(())
    }

    /// Replaces an address by its handle.
    fn adopt_at(&mut self, bytes: &mut [u8], at: usize) -> Result<()> {
        let field: &mut [u8; 8] = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()).ok_or(Code::Internal)?;
        let handle = self.memory.adopt(u64::from_le_bytes(*field) as usize)?;
        *field = (u64::from(handle.generation) << 32 | u64::from(handle.slot)).to_le_bytes();
        Ok(())
    }

    /// JavaScript's turn, within the running call if there is one.
    #[inline]
    fn interrupt(&self) -> Option<Interrupted> {
        self.journal.is_in_call().then(|| self.journal.enter_callback())
    }

    /// Shows JavaScript the frame to run.
    #[inline(always)]
    pub(super) fn announce(&self, entered: &Entered) {
        self.show(entered.offset, entered.top);
    }

    #[inline(always)]
    pub(super) fn show(&self, offset: u32, top: u32) {
        self.stack.set_offset(top.min(self.stack.addresses().len() as u32 - 16));
        self.stack.announce(offset);
    }

    /// Where the frame on top is.
    #[inline]
    #[must_use]
    pub fn level(&self) -> u32 {
        self.stack.offset()
    }

    /// The callback is over: its frame is gone, and what it was shown.
    #[inline]
    pub fn exit(&mut self, entered: &Entered) {
        self.stack.set_offset(entered.outer);
        if let Some(before) = entered.before {
            self.journal.leave_callback(before);
        }
        if let Some(shown) = &entered.shown {
            self.memory.hide_running(shown);
        }
        if entered.live {
            self.closures.end(entered.number);
        }
    }

    /// JavaScript could not run the function at all.
    #[cold]
    pub fn fail(&mut self) {
        if self.journal.is_in_call() {
            self.failed = Some(Code::CallbackThrew);
            self.pulse.set_attention(true);
        }
    }
}
