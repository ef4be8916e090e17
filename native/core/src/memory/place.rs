//! Turns an address into words about the memory that it lies in or next to, for crash reports.
//!
//! Asked from a signal handler: nothing here allocates or changes anything.
#![forbid(unsafe_code)]

use std::fmt::{Result as Written, Write};

use super::Memory;
use crate::registry::{Allocator, UNKNOWN};

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
            Some(handle) => write!(out, " (record {}, generation {})", handle.slot, handle.generation),
            None => Ok(()),
        }
    }

    /// Says what memory a fault's address is in or next to.
    pub(crate) fn write_neighbour(&self, address: usize, out: &mut impl Write) -> Written {
        if self.transient.contains(address) {
            return out.write_str("in the call stack that JavaScript shares, where arguments are copied to");
        }
        match self.nearest(address) {
            Some(piece) => piece.write(address, out),
            None => out.write_str("near no known memory"),
        }
    }

    fn nearest(&self, address: usize) -> Option<Piece> {
        let pieces = self.owned.pieces().chain(self.foreign()).chain(self.guard.pieces());
        pieces.filter(|piece| piece.distance(address) < NEAR).min_by_key(|piece| piece.distance(address))
    }

    /// Records of memory that is not ours; a report walks all of them, once.
    fn foreign(&self) -> impl Iterator<Item = Piece> {
        self.registry.standing().filter_map(|(record, allocator)| {
            let what = match allocator {
                Allocator::Rust | Allocator::Js => return None,
                Allocator::C => "c block",
                Allocator::Library => "library block",
                Allocator::Borrowed => "borrowed block",
                Allocator::Callback => "callback",
            };
            Some(Piece { start: record.address, size: record.size, state: "live", what })
        })
    }
}
