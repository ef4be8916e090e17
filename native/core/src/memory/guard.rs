//! Turns `FFI_GUARD` into blocks between pages without access, and freed ones into addresses that fault for a while.
#![forbid(unsafe_code)]

mod copies;
mod results;

use std::collections::VecDeque;
use std::sync::Arc;

pub use copies::Copies;

use super::Memory;
use super::alloc::{Block, Damage, Fence, Grave, Side};
use super::place::Piece;
use crate::error::{Code, Refusal, Result};

/// Address space that freed blocks keep without a word of the user.
const QUARANTINE: usize = 64 << 20;

/// A process has some 65,000 mappings on Linux. A guarded block takes up to three, its neighbours' included.
const MAX_LIVE: usize = 8192;
const MAX_GRAVES: usize = 8192;

/// What the user asked for. Plain data.
#[derive(Debug, Clone, Copy)]
pub struct GuardOptions {
    /// Where a block touches a page without access; none for ordinary blocks.
    pub side: Option<Side>,
    /// Bytes of address space that freed blocks keep.
    pub quarantine: usize,
}

impl GuardOptions {
    /// No guards: ordinary blocks.
    pub const OFF: GuardOptions = GuardOptions { side: None, quarantine: 0 };

    /// What `FFI_GUARD` (unset, empty or `0`: off; `before`; anything else: after) and `FFI_GUARD_QUARANTINE` (bytes)
    /// say.
    #[must_use]
    pub fn from_environment() -> GuardOptions {
        let side = match std::env::var_os("FFI_GUARD").as_deref().map(std::ffi::OsStr::as_encoded_bytes) {
            None | Some(b"" | b"0") => return GuardOptions::OFF,
            Some(b"before") => Side::Before,
            Some(_) => Side::After,
        };
        let given = std::env::var("FFI_GUARD_QUARANTINE").ok().and_then(|bytes| bytes.parse().ok());
        GuardOptions { side: Some(side), quarantine: given.unwrap_or(QUARANTINE) }
    }
}

/// Guarded memory of one environment. Owns the copies of arguments of the calls that run, and the addresses of what was
/// freed, the oldest of which go first. Empty while guards are off; one thread only.
#[derive(Debug)]
pub(super) struct Guard {
    options: GuardOptions,
    /// Held by every fence that stands.
    count: Arc<()>,
    /// Of every call that runs, the innermost last.
    arguments: Vec<Fence>,
    /// As many of these, the outermost, may callbacks see now.
    shown: usize,
    graves: VecDeque<(Grave, &'static str)>,
    buried: usize,
}

const BLOCK: &str = "rust block";
pub(super) const RESULT: &str = "result of a callback";
const ARGUMENT: &str = "copy of an argument";

impl Default for Guard {
    fn default() -> Self {
        Guard::new(GuardOptions::OFF)
    }
}

impl Guard {
    pub(super) fn new(options: GuardOptions) -> Guard {
        Guard { options, count: Arc::new(()), arguments: Vec::new(), shown: 0, graves: VecDeque::new(), buried: 0 }
    }

    pub(super) fn is_on(&self) -> bool {
        self.options.side.is_some()
    }

    /// A block of its own kind while guards are on and the system has mappings to give, else an ordinary one.
    pub(super) fn block(&mut self, size: usize, align: u32) -> Option<Block> {
        match self.fence(size, align as usize) {
            Some(fence) => Some(Block::Fenced(fence)),
            None => Block::new(size),
        }
    }

    fn fence(&mut self, size: usize, align: usize) -> Option<Fence> {
        let side = self.options.side.filter(|_| self.live() < MAX_LIVE)?;
        Some(Fence::new(size, align, side)?.counted(&self.count))
    }

    /// How many fences stand, wherever they are.
    fn live(&self) -> usize {
        Arc::strong_count(&self.count) - 1
    }

    /// Ends a block: its addresses fault as long as the quarantine keeps them.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN` when C has written around it; it has ended all the same.
    pub(super) fn bury(&mut self, block: Block) -> Result<()> {
        match block {
            Block::Heap(_) => Ok(()),
            Block::Fenced(fence) => self.bury_fence(fence, BLOCK),
        }
    }

    fn bury_fence(&mut self, mut fence: Fence, what: &'static str) -> Result<()> {
        let size = fence.size();
        let damage = fence.damage();
        self.condemn(fence, what);
        damage.map_or(Ok(()), |damage| Err(overrun(damage, size, what)))
    }

    fn condemn(&mut self, fence: Fence, what: &'static str) {
        if fence.footprint() <= self.options.quarantine
            && let Some(grave) = fence.condemn()
        {
            self.buried += grave.footprint();
            self.graves.push_back((grave, what));
            self.make_room();
        }
    }

    fn make_room(&mut self) {
        while self.buried > self.options.quarantine || self.graves.len() > MAX_GRAVES {
            let Some((oldest, _)) = self.graves.pop_front() else { return };
            self.buried -= oldest.footprint();
        }
    }

    /// Memory of its own for the copy of an argument. Returns the address; none when there is none to be had.
    pub(super) fn reserve_argument(&mut self, size: usize, align: usize) -> Option<usize> {
        let fence = self.fence(size, align)?;
        let address = fence.address();
        self.arguments.push(fence);
        Some(address)
    }

    /// Writes the bytes of such a copy, all of them.
    pub(super) fn fill_argument(&mut self, address: usize, bytes: &[u8]) -> std::result::Result<(), Code> {
        let copies = self.arguments.iter_mut().rev();
        let fence = copies.into_iter().find(|fence| fence.address() == address && fence.size() == bytes.len());
        fence.ok_or(Code::Internal)?.bytes_mut().copy_from_slice(bytes);
        Ok(())
    }

    /// A callback may see all copies there are. Returns how many the one before could, for `hide_arguments`.
    pub(super) fn show_arguments(&mut self) -> usize {
        std::mem::replace(&mut self.shown, self.arguments.len())
    }

    pub(super) fn hide_arguments(&mut self, shown: usize) {
        self.shown = shown;
    }

    /// Bytes from an address to the end of the copy that it lies in, if callbacks may see that.
    pub(super) fn shown_from(&self, address: usize) -> Option<usize> {
        let rest =
            |fence: &Fence| fence.size().checked_sub(address.checked_sub(fence.address())?).filter(|rest| *rest > 0);
        self.arguments.iter().take(self.shown).find_map(rest)
    }

    /// How many copies there are: what a call that begins now makes comes after them.
    pub(super) fn mark(&self) -> usize {
        self.arguments.len()
    }

    /// Refuses when C has written around one of the copies made since.
    pub(super) fn check_arguments(&mut self, mark: usize) -> Result<()> {
        let damaged = |fence: &mut Fence| Some((fence.damage()?, fence.size()));
        let found = self.arguments.iter_mut().skip(mark).find_map(damaged);
        found.map_or(Ok(()), |(damage, size)| Err(overrun(damage, size, ARGUMENT)))
    }

    /// Ends the copies made since.
    pub(super) fn bury_arguments(&mut self, mark: usize) {
        for fence in self.arguments.split_off(mark.min(self.arguments.len())) {
            // What C wrote around them was reported by `check_arguments`, or the call was not made.
            let _ = self.bury_fence(fence, ARGUMENT);
        }
    }

    /// Whether an address that C hands out is of a copy of an argument, or of freed memory: dead, or dead in a moment.
    pub(super) fn is_dead(&self, address: usize) -> bool {
        self.is_on() && self.pieces().any(|piece| address.wrapping_sub(piece.start) < piece.size.max(1))
    }

    /// The copies of arguments, and freed blocks. Async-signal-safe.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece> {
        let live = |fence: &Fence| (fence.address(), fence.size(), "live", ARGUMENT);
        let freed = |(grave, what): &(Grave, &'static str)| (grave.start, grave.size, "freed", *what);
        let all = self.arguments.iter().map(live).chain(self.graves.iter().map(freed));
        all.map(|(start, size, state, what)| Piece { start, size, state, what })
    }
}

impl Memory {
    /// Whether copies of arguments go to memory of their own.
    #[must_use]
    pub fn guards_arguments(&self) -> bool {
        self.guard.is_on()
    }

    /// Memory of its own for the copy of an argument. Returns the address; none when there is none to be had.
    pub fn reserve_argument(&mut self, size: usize, align: usize) -> Option<usize> {
        self.guard.reserve_argument(size, align)
    }

    /// Writes the bytes of such a copy, all of them.
    ///
    /// # Errors
    /// `ERR_FFI_INTERNAL` for an address or a size of no such copy.
    pub fn fill_argument(&mut self, address: usize, bytes: &[u8]) -> std::result::Result<(), Code> {
        self.guard.fill_argument(address, bytes)
    }

    /// How many copies there are: what a call that begins now makes comes after them.
    #[must_use]
    pub fn arguments_mark(&self) -> usize {
        self.guard.mark()
    }

    /// Refuses when C has written around one of the copies made since.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN`.
    pub fn check_arguments(&mut self, mark: usize) -> Result<()> {
        self.guard.check_arguments(mark)
    }

    /// Ends the copies made since.
    pub fn bury_arguments(&mut self, mark: usize) {
        self.guard.bury_arguments(mark);
    }
}

fn overrun(damage: Damage, size: usize, what: &str) -> Refusal {
    let place = match damage.side {
        Side::After => "past the end",
        Side::Before => "before the start",
    };
    let reach = damage.reach;
    Refusal::new(Code::Overrun, format!("C wrote up to {reach} bytes {place} of a {size}-byte {what}, which is freed"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::{Guard, GuardOptions, Side};
    use crate::sys::pages::page_size;

    /// What one small block takes: its page, and one on each side.
    fn footprint() -> usize {
        3 * page_size()
    }

    fn guard(blocks: usize) -> Guard {
        Guard::new(GuardOptions { side: Some(Side::After), quarantine: blocks * footprint() + 1 })
    }

    #[test]
    fn the_quarantine_keeps_the_newest_blocks_that_fit_it() {
        let mut guard = guard(2);
        let blocks: Vec<_> = (1..=5).map(|size| guard.block(size, 1).unwrap()).collect();
        let addresses: Vec<_> = blocks.iter().map(super::Block::address).collect();
        for block in blocks {
            guard.bury(block).unwrap();
        }
        assert_eq!((guard.graves.len(), guard.buried, guard.live()), (2, 2 * footprint(), 0));
        assert_eq!(
            addresses.iter().map(|at| guard.is_dead(*at)).collect::<Vec<_>>(),
            [false, false, false, true, true]
        );
    }

    #[test]
    fn a_block_larger_than_the_quarantine_leaves_the_others_in_it() {
        let mut guard = guard(1);
        let (small, large) = (guard.block(1, 1).unwrap(), guard.block(2 * footprint(), 1).unwrap());
        guard.bury(small).unwrap();
        guard.bury(large).unwrap();
        assert_eq!((guard.graves.len(), guard.buried), (1, footprint()));
    }

    #[test]
    fn copies_of_arguments_end_with_their_call() {
        let mut guard = guard(4);
        let outer = guard.reserve_argument(4, 4).unwrap();
        let mark = guard.mark();
        let inner = guard.reserve_argument(3, 1).unwrap();
        guard.fill_argument(inner, b"abc").unwrap();
        assert!(guard.fill_argument(inner, b"abcd").is_err());
        guard.check_arguments(mark).unwrap();
        guard.bury_arguments(mark);
        assert_eq!((guard.mark(), guard.graves.len()), (1, 1));
        assert!(guard.is_dead(outer) && guard.is_dead(inner + 2) && !guard.is_dead(inner + 3));
    }

    #[test]
    fn without_guards_blocks_are_ordinary_and_nothing_is_kept() {
        let mut guard = Guard::default();
        assert!(guard.reserve_argument(4, 4).is_none());
        let block = guard.block(8, 8).unwrap();
        assert!(matches!(block, super::Block::Heap(_)));
        guard.bury(block).unwrap();
        assert!(guard.graves.is_empty());
    }
}
