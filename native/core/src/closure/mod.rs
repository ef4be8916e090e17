//! Turns JavaScript functions into code that C can call: closures with their plans, armed, released and laid to rest.
//!
//! A closure is *armed* for one callback, then released, and *rests*: its code stays where it is and gives C zero. When
//! enough others have been released after it, it is armed again for another callback, or its memory is given back.

mod graveyard;
mod mailbox;
mod packet;
mod plan;
mod pulse;
pub mod trampoline;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

pub use mailbox::{Delivery, Mailbox, Request, Stuck, Wake};
pub use packet::{Gathered, Packet};
pub use plan::{CallbackOptions, CallbackPlan, Returns, Widths};
pub use pulse::Pulse;
use trampoline::{Desk, Slot};

use crate::error::{Code, Result};
use crate::memory::{Block, Memory};
use crate::registry::Handle;

/// As many released closures rest before the oldest is used again.
pub const QUARANTINE: usize = 1024;

/// As many that have rested are kept for new callbacks.
const READY: usize = 64;

/// One closure of an environment, at the index that is its number.
#[derive(Debug, Default)]
struct Entry {
    /// None while the number is vacant.
    slot: Option<Arc<Slot>>,
    plan: Option<Arc<CallbackPlan>>,
    /// The record of its code.
    handle: Handle,
    /// The block it ends with.
    owner: Handle,
    generation: u32,
    /// Invocations that have not returned to C.
    running: u32,
    armed: bool,
    /// Keeps the process alive.
    referenced: bool,
    /// What the last result points to.
    kept: Option<Block>,
}

/// The closures of one environment. Owns them and what their results point to; used on the environment's thread. When it is
/// dropped, waiting threads go on, and the closures' code stays callable in the graveyard.
#[derive(Debug)]
pub struct Closures {
    mailbox: Arc<Mailbox>,
    desk: Option<Box<Desk>>,
    /// Number 0 names nothing.
    entries: Vec<Entry>,
    resting: VecDeque<u32>,
    ready: Vec<u32>,
    vacant: Vec<u32>,
    /// Which closures end with a block.
    owned: HashMap<Handle, Vec<u32>>,
    live: u32,
    referenced: u32,
}

impl Closures {
    /// No closures yet.
    #[must_use]
    pub fn new(pulse: Arc<Pulse>) -> Closures {
        Closures {
            mailbox: Arc::new(Mailbox::new(pulse)),
            desk: None,
            entries: vec![Entry::default()],
            resting: VecDeque::new(),
            ready: Vec::new(),
            vacant: Vec::new(),
            owned: HashMap::new(),
            live: 0,
            referenced: 0,
        }
    }

    /// Where calls on the environment's own thread go. Without it no callback can be armed.
    pub fn set_desk(&mut self, desk: Desk) {
        self.desk = Some(Box::new(desk));
    }

    /// Where calls on other threads go.
    #[must_use]
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// How many callbacks are armed.
    #[must_use]
    pub fn live(&self) -> u32 {
        self.live
    }

    /// How many of them keep the process alive.
    #[must_use]
    pub fn referenced(&self) -> u32 {
        self.referenced
    }

    /// Arms a closure for a callback. Returns its number and the record of its code.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_MEMORY`, `ERR_FFI_SIGNATURE` when libffi refuses.
    pub fn arm(&mut self, plan: &Arc<CallbackPlan>, memory: &mut Memory) -> Result<(u32, Handle)> {
        let number = self.take_number()?;
        let armed = self.arm_number(number, plan, memory);
        if armed.is_err() {
            self.ready.push(number);
        }
        armed.map(|handle| (number, handle))
    }

    fn arm_number(&mut self, number: u32, plan: &Arc<CallbackPlan>, memory: &mut Memory) -> Result<Handle> {
        let desk: *const Desk = self.desk.as_deref().ok_or(Code::Internal)?;
        let entry = self.entries.get_mut(number as usize).ok_or(Code::Internal)?;
        let slot = entry.slot.as_ref().ok_or(Code::Internal)?;
        let generation = entry.generation.wrapping_add(1);
        slot.arm(desk, &self.mailbox, plan, (number, generation))?;
        let handle = memory.insert_code(slot.code() as usize).inspect_err(|_| slot.disarm())?;
        if !entry.plan.as_ref().is_some_and(|its| Arc::ptr_eq(its, plan)) {
            entry.plan = Some(Arc::clone(plan));
        }
        entry.handle = handle;
        entry.owner = Handle::default();
        entry.generation = generation;
        entry.armed = true;
        entry.kept = None;
        self.live += 1;
        Ok(handle)
    }

    /// A number with a slot that nothing in C should know any more.
    fn take_number(&mut self) -> Result<u32> {
        if let Some(number) = self.ready.pop() {
            return Ok(number);
        }
        let slot = Slot::new().ok_or(Code::OutOfMemory)?;
        let number = match self.vacant.pop() {
            Some(number) => number,
            None => {
                self.entries.push(Entry::default());
                u32::try_from(self.entries.len() - 1).map_err(|_| Code::OutOfMemory)?
            }
        };
        self.entries[number as usize].slot = Some(slot);
        Ok(number)
    }

    /// Releases a callback: its pointers are dead, C gets zero from its code. One that is running lives until C has its
    /// result. A number that is not armed is left alone.
    pub fn release(&mut self, number: u32, memory: &mut Memory) {
        let Some(entry) = self.entries.get_mut(number as usize).filter(|entry| entry.armed) else { return };
        entry.armed = false;
        if std::mem::take(&mut entry.referenced) {
            self.referenced -= 1;
        }
        memory.remove_code(entry.handle);
        if let Some(slot) = &entry.slot {
            slot.disarm();
        }
        self.live -= 1;
        if entry.running == 0 {
            memory.forget_result(entry.kept.take());
            self.rest(number);
        }
    }

    fn rest(&mut self, number: u32) {
        self.resting.push_back(number);
        while self.resting.len() > QUARANTINE {
            let Some(rested) = self.resting.pop_front() else { return };
            if self.ready.len() < READY {
                self.ready.push(rested);
            } else {
                let entry = &mut self.entries[rested as usize];
                (entry.slot, entry.plan, entry.kept) = (None, None, None);
                self.vacant.push(rested);
            }
        }
    }

    /// The callback ends with the block whose record this is.
    pub fn give_to(&mut self, number: u32, block: Handle, memory: &mut Memory) {
        let Some(entry) = self.entries.get_mut(number as usize).filter(|entry| entry.armed) else { return };
        entry.owner = block;
        memory.set_code_owner(entry.handle, block);
        self.owned.entry(block).or_default().push(number);
    }

    /// The block was freed. Returns the numbers of the callbacks that ended with it.
    pub fn release_owned(&mut self, block: Handle, memory: &mut Memory) -> Vec<u32> {
        if self.owned.is_empty() {
            return Vec::new();
        }
        let numbers = self.owned.remove(&block).unwrap_or_default();
        for number in &numbers {
            self.release(*number, memory);
        }
        numbers
    }

    /// Says whether the callback of a code's or block's handle keeps the process alive.
    ///
    /// # Errors
    /// `ERR_FFI_POINTER_TYPE` when there is no callback there.
    pub fn set_referenced(&mut self, of: Handle, referenced: bool) -> Result<()> {
        let mut found = false;
        for entry in self.entries.iter_mut().filter(|entry| entry.armed && (entry.handle == of || entry.owner == of)) {
            found = true;
            if std::mem::replace(&mut entry.referenced, referenced) != referenced {
                if referenced { self.referenced += 1 } else { self.referenced -= 1 }
            }
        }
        if found { Ok(()) } else { Err(Code::PointerType.into()) }
    }

    /// The plan of a callback that is armed, in this generation if one is given.
    #[inline]
    #[must_use]
    pub fn armed(&self, number: u32, generation: Option<u32>) -> Option<&Arc<CallbackPlan>> {
        let entry = self.entries.get(number as usize).filter(|entry| entry.armed)?;
        if generation.is_some_and(|generation| generation != entry.generation) { None } else { entry.plan.as_ref() }
    }

    /// The plan of a callback that has an invocation running: it stays until that is over.
    #[inline]
    #[must_use]
    pub fn running(&self, number: u32) -> Option<&Arc<CallbackPlan>> {
        self.entries.get(number as usize).filter(|entry| entry.running > 0)?.plan.as_ref()
    }

    /// An invocation begins.
    #[inline]
    pub fn begin(&mut self, number: u32) {
        if let Some(entry) = self.entries.get_mut(number as usize) {
            entry.running += 1;
        }
    }

    /// An invocation is over; a callback that was released meanwhile is laid to rest.
    #[inline]
    pub fn end(&mut self, number: u32) {
        let Some(entry) = self.entries.get_mut(number as usize) else { return };
        entry.running -= 1;
        // What it returned is kept: C is about to look at it.
        if entry.running == 0 && !entry.armed {
            self.rest(number);
        }
    }

    /// What the last result points to: C is not to look at it any more.
    pub(crate) fn take_kept(&mut self, number: u32) -> Option<Block> {
        self.entries.get_mut(number as usize)?.kept.take()
    }

    /// The addresses of what last results point to, with their sizes.
    pub(crate) fn results(&self) -> impl Iterator<Item = (usize, usize)> {
        self.entries.iter().filter_map(|entry| entry.kept.as_ref()).map(|kept| (kept.address(), kept.size()))
    }

    /// How many invocations have not returned to C.
    pub(crate) fn invocations(&self) -> u32 {
        self.entries.iter().map(|entry| entry.running).sum()
    }

    /// Keeps what a result points to until the next result, or until the callback's rest is over.
    pub(crate) fn keep(&mut self, number: u32, block: Block) {
        if let Some(entry) = self.entries.get_mut(number as usize) {
            entry.kept = Some(block);
        }
    }
}

impl Drop for Closures {
    fn drop(&mut self) {
        self.mailbox.close();
        self.mailbox.set_wake(None);
        // Their rest is over: nobody may know them.
        for number in self.ready.drain(..) {
            self.entries[number as usize].slot = None;
        }
        let slots: Vec<_> = self.entries.drain(..).filter_map(|entry| entry.slot).collect();
        slots.iter().for_each(|slot| slot.retire());
        graveyard::bury(slots);
    }
}
