//! Turns an address into words about the memory that it lies in or next to, for crash reports.
//!
//! Asked from a signal handler: nothing here allocates or changes anything.
#![forbid(unsafe_code)]

use std::fmt::{Result as Written, Write};
use std::ops::Range;

use super::guard::RESULT;
use super::{Copies, Memory};
use crate::registry::{Allocator, Handle, Record, UNKNOWN};

/// An address further than this from all known memory has nothing to do with it.
const NEAR: usize = 64 << 10;

/// A piece of memory that a report may name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) start: usize,
    /// Bytes, or `UNKNOWN`.
    pub(super) size: usize,
    /// `live` or `freed`.
    pub(super) state: &'static str,
    /// `rust block`, `js buffer` ...
    pub(super) what: &'static str,
}

impl Piece {
    /// How far the address is from it; 0 inside. Of memory of unknown size only the start counts.
    fn distance(&self, address: usize) -> usize {
        let size = if self.size == UNKNOWN { 1 } else { self.size };
        if address < self.start { self.start - address } else { (address - self.start).saturating_sub(size - 1) }
    }

    fn write(&self, address: usize, out: &mut impl Write) -> Written {
        let end = self.start.saturating_add(if self.size == UNKNOWN { 1 } else { self.size });
        match address {
            _ if address == self.start => out.write_str("the start of ")?,
            _ if address < self.start => write!(out, "{} before the start of ", Bytes(self.start - address))?,
            _ if address >= end => write!(out, "{} past the end of ", Bytes(address - end + 1))?,
            _ => write!(out, "{} into ", Bytes(address - self.start))?,
        }
        match self.size {
            UNKNOWN => write!(out, "a {} {} of unknown size", self.state, self.what)?,
            size => write!(out, "a {} {size}-byte {}", self.state, self.what)?,
        }
        write!(out, " at {:#x}", self.start)
    }
}

/// The memory that one call's arguments lead to, as it was when the call began: for a thread that must not look at the
/// records. Plain data.
#[derive(Debug)]
pub struct Snapshot {
    pieces: Vec<(Piece, Option<Handle>)>,
    /// Where the arguments were copied to.
    frame: Range<usize>,
}

impl Snapshot {
    /// Says what an argument's address is. Async-signal-safe.
    pub(crate) fn write_place(&self, address: usize, out: &mut impl Write) -> Written {
        if self.frame.contains(&address) {
            return out.write_str("copied for the call");
        }
        match self.nearest(address) {
            Some((piece, record)) if piece.distance(address) == 0 => {
                piece.write(address, out)?;
                record.filter(|_| address == piece.start).map_or(Ok(()), |record| write_record(record, out))
            }
            _ => out.write_str("of no record"),
        }
    }

    /// Says what memory of the call a fault's address is in or next to. Async-signal-safe.
    pub(crate) fn write_neighbour(&self, address: usize, out: &mut impl Write) -> Written {
        match self.nearest(address) {
            _ if self.frame.contains(&address) => out.write_str("where the call's arguments were copied to"),
            Some((piece, _)) => piece.write(address, out),
            None => out.write_str("not near the call's own memory; other records are another thread's and not told"),
        }
    }

    fn nearest(&self, address: usize) -> Option<(Piece, Option<Handle>)> {
        let near = self.pieces.iter().filter(|(piece, _)| piece.distance(address) < NEAR);
        near.min_by_key(|(piece, _)| piece.distance(address)).copied()
    }
}

fn write_record(record: Handle, out: &mut impl Write) -> Written {
    write!(out, " (record {}, generation {})", record.slot, record.generation)
}

/// A count of bytes in words.
struct Bytes(usize);

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> Written {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

impl Memory {
    /// Says what an argument's address is: a place in a record's memory, or nothing known.
    pub(crate) fn write_place(&self, address: usize, out: &mut impl Write) -> Written {
        if self.transient.contains(address) {
            return out.write_str("copied for the call");
        }
        match self.nearest(address).filter(|piece| piece.distance(address) == 0) {
            Some(piece) => piece.write(address, out)?,
            None => return out.write_str("of no record"),
        }
        match self.registry.peek(address) {
            Some(handle) => write_record(handle, out),
            None => Ok(()),
        }
    }

    /// Says what memory a fault's address is in or next to.
    ///
    /// `results` are addresses and sizes of what callbacks returned last.
    pub(crate) fn write_neighbour(
        &self,
        address: usize,
        results: impl Iterator<Item = (usize, usize)>,
        out: &mut impl Write,
    ) -> Written {
        if self.transient.contains(address) {
            return out.write_str("in the call stack that JavaScript shares, where arguments are copied to");
        }
        let results = results.map(|(start, size)| Piece { start, size, state: "live", what: RESULT });
        let near = results.filter(|piece| piece.distance(address) < NEAR);
        match near.chain(self.nearest(address)).min_by_key(|piece| piece.distance(address)) {
            Some(piece) => piece.write(address, out),
            None => out.write_str("near no known memory"),
        }
    }

    /// What is known of the memory that a call pins, and where its arguments were copied to.
    pub(crate) fn snapshot(&self, pins: &[Handle], frame: Range<usize>, copies: &Copies) -> Snapshot {
        let pinned = pins.iter().filter_map(|pin| Some((self.piece(*pin)?, Some(*pin))));
        let copied = copies.pieces().map(|piece| (piece, None));
        Snapshot { pieces: pinned.chain(copied).collect(), frame }
    }

    fn piece(&self, owner: Handle) -> Option<Piece> {
        let record = self.registry.get(owner).ok()?;
        match self.owned.extent(owner) {
            Some(block) => Some(Piece { start: block.start, size: block.len(), state: "live", what: "rust block" }),
            None => piece_of(record, self.registry.allocator(owner).ok()?),
        }
    }

    fn nearest(&self, address: usize) -> Option<Piece> {
        let pieces = self.owned.pieces().chain(self.foreign()).chain(self.guard.pieces());
        pieces.filter(|piece| piece.distance(address) < NEAR).min_by_key(|piece| piece.distance(address))
    }

    /// Records of memory that is not ours; a report walks all of them, once.
    fn foreign(&self) -> impl Iterator<Item = Piece> {
        self.registry.standing().filter_map(|(record, allocator)| piece_of(record, allocator))
    }
}

/// A record of memory that is not ours.
fn piece_of(record: &Record, allocator: Allocator) -> Option<Piece> {
    let what = match allocator {
        Allocator::Rust | Allocator::Js => return None,
        Allocator::C => "c block",
        Allocator::Library => "library block",
        Allocator::Borrowed => "borrowed block",
        Allocator::Callback => "callback",
    };
    Some(Piece { start: record.address, size: record.size, state: "live", what })
}
