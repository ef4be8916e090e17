//! Turns an address into the owned block or kept JavaScript buffer that it lies in.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;

use super::alloc::Block;
use super::place::Piece;
use crate::error::Code;
use crate::registry::{Allocator, Handle};

/// A part of a block that holds one value: the root, or a string or array behind it. Offsets count from the block's
/// start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub length: u32,
}

impl Segment {
    /// The offset behind the last byte.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start as usize + self.length as usize
    }
}

/// A JavaScript buffer that a block points to. Kept as long as the block.
pub struct Backing {
    /// Where the buffer lay when the block was made.
    pub address: usize,
    /// Its bytes.
    pub length: usize,
    /// Where the buffer lies now; none once it is detached. Also what keeps the buffer from being collected.
    pub current: Box<dyn Fn() -> Option<usize>>,
}

impl fmt::Debug for Backing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backing({:#x}, {})", self.address, self.length)
    }
}

/// Where an address lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inside {
    /// The record of the block.
    pub owner: Handle,
    /// Bytes from the address to the end of the value it lies in.
    pub remaining: usize,
    /// Rust memory, or a JavaScript buffer.
    pub allocator: Allocator,
}

#[derive(Debug)]
struct Owned {
    block: Block,
    segments: Box<[Segment]>,
    backings: Box<[Backing]>,
    /// What JavaScript has made it point to besides its own bytes and the buffers, by the offset of the pointer.
    references: BTreeMap<usize, Handle>,
    /// Not to be freed when its last pointer object is collected.
    is_leaked: bool,
}

/// The blocks of one environment, found by handle and by address. Dropping it frees them all.
#[derive(Debug, Default)]
pub(super) struct OwnedBlocks {
    blocks: HashMap<Handle, Owned>,
    /// Address of each block, with its size.
    by_address: BTreeMap<usize, (Handle, usize)>,
    /// (address, owner) of every backing, with its length: one buffer may back several blocks.
    backings: BTreeMap<(usize, u32), (Handle, usize)>,
    bytes: usize,
}

impl OwnedBlocks {
    pub(super) fn count(&self) -> usize {
        self.blocks.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn contains(&self, handle: Handle) -> bool {
        self.blocks.contains_key(&handle)
    }

    pub(super) fn has_backings(&self) -> bool {
        !self.backings.is_empty()
    }

    pub(super) fn insert(&mut self, handle: Handle, block: Block, mut segments: Vec<Segment>, backings: Vec<Backing>) {
        segments.sort_unstable_by_key(|segment| segment.start);
        self.by_address.insert(block.address(), (handle, block.size()));
        self.bytes += block.size();
        for backing in &backings {
            let known = self.backings.entry((backing.address, handle.slot)).or_insert((handle, 0));
            known.1 = known.1.max(backing.length);
        }
        let owned = Owned {
            block,
            segments: segments.into(),
            backings: backings.into(),
            references: BTreeMap::new(),
            is_leaked: false,
        };
        self.blocks.insert(handle, owned);
    }

    /// JavaScript has written `references` (by offset) over the bytes in `range` of a block. Returns what the pointers
    /// wholly inside pointed to before.
    pub(super) fn set_references(
        &mut self,
        handle: Handle,
        range: Range<usize>,
        references: impl IntoIterator<Item = (usize, Handle)>,
    ) -> Vec<Handle> {
        let Some(owned) = self.blocks.get_mut(&handle) else { return Vec::new() };
        let inside = |at: &usize| at + size_of::<usize>() <= range.end;
        let touched: Vec<usize> = owned.references.range(range.start..).map(|(at, _)| *at).take_while(inside).collect();
        let mut before: Vec<Handle> = touched.iter().filter_map(|at| owned.references.remove(at)).collect();
        let replaced = references.into_iter().filter_map(|(at, reference)| owned.references.insert(at, reference));
        before.extend(replaced);
        before
    }

    /// What JavaScript has made a block point to; nothing for memory that is no block.
    pub(super) fn references(&self, handle: Handle) -> Vec<Handle> {
        self.blocks.get(&handle).map_or_else(Vec::new, |owned| owned.references.values().copied().collect())
    }

    /// Whether a block points to anything by JavaScript's doing.
    pub(super) fn has_references(&self, handle: Handle) -> bool {
        self.blocks.get(&handle).is_some_and(|owned| !owned.references.is_empty())
    }

    /// The block's bytes from its first on, if the handle is a block's.
    pub(super) fn extent(&self, handle: Handle) -> Option<Range<usize>> {
        let block = &self.blocks.get(&handle)?.block;
        Some(block.address()..block.address() + block.size())
    }

    pub(super) fn set_leaked(&mut self, handle: Handle) {
        if let Some(owned) = self.blocks.get_mut(&handle) {
            owned.is_leaked = true;
        }
    }

    /// Whether the handle is that of a block that goes with its last pointer object.
    pub(super) fn is_collectable(&self, handle: Handle) -> bool {
        self.blocks.get(&handle).is_some_and(|owned| !owned.is_leaked)
    }

    /// Takes a block out, with what it pointed to, and lets go of the buffers it points to. None for a handle of no block.
    pub(super) fn remove(&mut self, handle: Handle) -> Option<(Block, Vec<Handle>)> {
        let owned = self.blocks.remove(&handle)?;
        self.by_address.remove(&owned.block.address());
        self.bytes -= owned.block.size();
        for backing in &owned.backings {
            self.backings.remove(&(backing.address, handle.slot));
        }
        Some((owned.block, owned.references.into_values().collect()))
    }

    /// Whether a block points to JavaScript buffers.
    pub(super) fn has_backings_of(&self, handle: Handle) -> bool {
        self.blocks.get(&handle).is_some_and(|owned| !owned.backings.is_empty())
    }

    /// Takes out the blocks whose handles are named, for whoever must keep them longer than this.
    pub(super) fn take(&mut self, keep: impl Fn(Handle) -> bool) -> Vec<Block> {
        self.blocks.extract_if(|handle, _| keep(*handle)).map(|(_, owned)| owned.block).collect()
    }

    /// Refuses a block whose JavaScript buffers are no longer where it points.
    pub(super) fn check_backings(&self, handle: Handle) -> Result<(), Code> {
        let attached = |backing: &Backing| (backing.current)() == Some(backing.address);
        match self.blocks.get(&handle) {
            Some(owned) if !owned.backings.iter().all(attached) => Err(Code::BufferDetached),
            _ => Ok(()),
        }
    }

    /// Whether no address can lie in any of them.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.by_address.is_empty() && self.backings.is_empty()
    }

    /// All blocks and kept buffers.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece> {
        let block = |(start, (_, size)): (&usize, &(Handle, usize))| (*start, *size, "rust block");
        let backing = |((start, _), (_, size)): (&(usize, u32), &(Handle, usize))| (*start, *size, "js buffer");
        let all = self.by_address.iter().map(block).chain(self.backings.iter().map(backing));
        all.map(|(start, size, what)| Piece { start, size, state: "live", what })
    }

    pub(super) fn locate(&self, address: usize) -> Option<Inside> {
        self.locate_block(address).or_else(|| self.locate_backing(address))
    }

    fn locate_block(&self, address: usize) -> Option<Inside> {
        let (base, (owner, size)) = self.by_address.range(..=address).next_back()?;
        let offset = address - base;
        if offset >= *size {
            return None;
        }
        let owned = self.blocks.get(owner)?;
        let number = owned.segments.partition_point(|segment| segment.start as usize <= offset);
        // Between two segments lies padding: nothing may be read there.
        let remaining =
            number.checked_sub(1).map(|i| owned.segments[i]).map_or(0, |segment| segment.end().saturating_sub(offset));
        Some(Inside { owner: *owner, remaining, allocator: Allocator::Rust })
    }

    fn locate_backing(&self, address: usize) -> Option<Inside> {
        // Buffers overlap where one is a part of another: the one that reaches furthest tells.
        self.backings
            .range(..=(address, u32::MAX))
            .filter_map(|((base, _), (owner, length))| Some((*owner, length.checked_sub(address - base)?)))
            .max_by_key(|(_, remaining)| *remaining)
            .filter(|(_, remaining)| *remaining > 0)
            .map(|(owner, remaining)| Inside { owner, remaining, allocator: Allocator::Js })
    }
}
