//! What the registry knows of one piece of memory.

use std::rc::Rc;

use super::Handle;
use crate::plan::Layout;

/// Who must release a record's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Allocator {
    /// Holdfast, from Rust's allocator.
    Rust = 0,
    /// libc's `free`.
    C = 1,
    /// Nobody known: C handed the address out.
    Borrowed = 2,
    /// A JavaScript buffer keeps it.
    Js = 3,
    /// Code of a callback, which ends with its block or its call.
    Callback = 4,
    /// The function that the record's release number names.
    Library = 5,
}

impl Allocator {
    /// The name shown to users.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Allocator::Rust => "rust",
            Allocator::C => "c",
            Allocator::Borrowed => "borrowed",
            Allocator::Js => "js",
            Allocator::Callback => "callback",
            Allocator::Library => "library",
        }
    }
}

/// One piece of memory that JavaScript can name. The memory itself is owned by `memory::Block` or by C; a record is
/// plain bookkeeping and belongs to one environment's thread.
#[derive(Debug, Default)]
pub struct Record {
    /// Where it lies. Never 0 in a live record.
    pub address: usize,
    /// Known bytes from there, or `UNKNOWN`.
    pub size: usize,
    /// The record that must be live for this one to be: set for interior pointers.
    pub parent: Handle,
    /// What is known of the type there.
    pub layout: Option<Rc<Layout>>,
    /// How many pointer objects name it, and pins.
    pub references: u32,
    /// How many calls in progress use the memory: while any does, the slot is not used again.
    pub(super) pins: u32,
    /// Counts up when the slot is reused; 0 is never live.
    pub(super) generation: u32,
    /// The next free slot, while free.
    pub(super) next_free: u32,
    /// What releases it, for [`Allocator::Library`]; 0 otherwise.
    pub(super) release: u32,
    /// Who releases it; none when it has ended: the slot is free, or *closing* while it is pinned or exposed.
    pub(super) allocator: Option<Allocator>,
    /// An equal address finds this record again.
    pub(super) indexed: bool,
    /// JavaScript buffers lie over the memory: they must be detached when the record ends, and it stays until they are.
    pub(super) exposed: bool,
    /// Owned memory that does not go with its last pointer object.
    pub(super) leaked: bool,
}

/// The size of memory of which only the address is known.
pub const UNKNOWN: usize = usize::MAX;

const _: () = assert!(size_of::<Record>() <= 64, "a live record costs at most 64 bytes");
