//! Turns a size into a block between two pages without access, so that C faults where it leaves the block.
//!
//! The block ends (or begins) at such a page as nearly as its alignment allows. What else is open around it holds a
//! pattern: C that writes there is found when the block is freed.

use std::sync::Arc;

use crate::sys::pages::{Pages, page_size};

/// Which end of a block lies at a page without access. The other has one too, further away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first byte.
    Before,
    /// The last byte.
    After,
}

/// What the open bytes around a block hold: unlikely in text, and no small number.
const PATTERN: u8 = 0xDB;

/// Bytes around a block that C has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Damage {
    /// The side that they are on.
    pub(in super::super) side: Side,
    /// How far the one furthest from the block is.
    pub(in super::super) reach: usize,
}

/// A block between pages without access. Owns its pages, gives them back on drop; as `Block` otherwise.
#[derive(Debug)]
pub(crate) struct Fence {
    pages: Pages,
    /// Where the block begins in the pages.
    start: usize,
    size: usize,
    /// One of as many as there are fences, for whoever counts them.
    _count: Option<Arc<()>>,
}

impl Fence {
    /// A block of `size` zeroed bytes, aligned to `align`, a power of two up to a page. `None` when the system has no
    /// more mappings.
    #[must_use]
    pub(in super::super) fn new(size: usize, align: usize, side: Side) -> Option<Fence> {
        let page = page_size();
        let room = size.max(1).checked_next_multiple_of(page)?;
        let mut pages = Pages::reserve(room.checked_add(2 * page)?)?;
        if !pages.open(page, room) {
            return None;
        }
        let start = match side {
            Side::Before => page,
            Side::After => (page + room - size) & !(align - 1),
        };
        let mut fence = Fence { pages, start, size, _count: None };
        let [before, after] = fence.margins();
        fence.part(before).fill(PATTERN);
        fence.part(after).fill(PATTERN);
        Some(fence)
    }

    /// Holds `count` as long as the fence stands.
    pub(in super::super) fn counted(self, count: &Arc<()>) -> Fence {
        Fence { _count: Some(Arc::clone(count)), ..self }
    }

    pub(in super::super) fn address(&self) -> usize {
        self.pages.base() + self.start
    }

    pub(in super::super) fn size(&self) -> usize {
        self.size
    }

    /// Bytes of address space that it takes.
    pub(in super::super) fn footprint(&self) -> usize {
        self.pages.length()
    }

    /// As `Block::bytes_mut`.
    pub(in super::super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.part((self.start, self.size))
    }

    /// Offset and length of the open bytes before and after the block.
    fn margins(&self) -> [(usize, usize); 2] {
        let (page, end) = (page_size(), self.start + self.size);
        [(page, self.start - page), (end, self.pages.length() - page - end)]
    }

    fn part(&mut self, (offset, length): (usize, usize)) -> &mut [u8] {
        // SAFETY: between the first page and the last all is open until `condemn`, which consumes the fence; no C
        // runs on this thread meanwhile, and `&mut self` makes this Rust's only access.
        unsafe { self.pages.bytes_mut(offset, length) }
    }

    /// Whether C has written around the block.
    pub(in super::super) fn damage(&mut self) -> Option<Damage> {
        let [before, after] = self.margins();
        let is_changed = |byte: &u8| *byte != PATTERN;
        let past = self.part(after).iter().rposition(is_changed);
        if let Some(last) = past {
            return Some(Damage { side: Side::After, reach: last + 1 });
        }
        let first = self.part(before).iter().position(is_changed)?;
        Some(Damage { side: Side::Before, reach: before.1 - first })
    }

    /// Takes away all access. What is left holds the addresses, until it is dropped; `None` if the system does not.
    pub(in super::super) fn condemn(mut self) -> Option<Grave> {
        let (start, size) = (self.address(), self.size);
        self.pages.shut().then_some(Grave { start, size, pages: self.pages })
    }
}

/// The addresses of a block that was: whoever looks there faults. Owns them, gives them back on drop.
#[derive(Debug)]
pub(in super::super) struct Grave {
    /// Where the block lay.
    pub(in super::super) start: usize,
    /// Its bytes.
    pub(in super::super) size: usize,
    pages: Pages,
}

impl Grave {
    /// Bytes of address space that it takes.
    pub(in super::super) fn footprint(&self) -> usize {
        self.pages.length()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::{Damage, Fence, Side};
    use crate::sys::fault;

    /// Writes one byte if it can be written.
    fn poke(address: usize) -> bool {
        // SAFETY: memory of the fence under test, or none.
        unsafe { fault::copy(address as *mut u8, (&raw const b"x"[0]).cast(), 1) }.is_ok()
    }

    #[test]
    fn the_byte_after_the_end_faults_whatever_the_size() {
        for size in [0, 1, 15, 4096, 4097, 100_000] {
            let mut fence = Fence::new(size, 1, Side::After).unwrap();
            assert!(!poke(fence.address() + size), "{size}");
            assert!(fence.bytes_mut().iter().all(|byte| *byte == 0));
            assert_eq!((fence.bytes_mut().len(), fence.damage()), (size, None));
        }
    }

    #[test]
    fn the_byte_before_the_start_faults_on_the_other_side() {
        let fence = Fence::new(5, 8, Side::Before).unwrap();
        assert!(!poke(fence.address() - 1));
        assert!(poke(fence.address()));
    }

    #[test]
    fn writes_where_alignment_leaves_room_are_found() {
        let mut fence = Fence::new(13, 8, Side::After).unwrap();
        let end = fence.address() + 13;
        assert_eq!(fence.address() % 8, 0);
        assert!(poke(end + 1) && !poke(end + 3));
        assert_eq!(fence.damage(), Some(Damage { side: Side::After, reach: 2 }));
        let mut fence = Fence::new(8, 8, Side::After).unwrap();
        assert!(poke(fence.address() - 3));
        assert_eq!(fence.damage(), Some(Damage { side: Side::Before, reach: 3 }));
    }

    #[test]
    fn nothing_of_a_condemned_block_can_be_accessed() {
        let fence = Fence::new(8, 8, Side::After).unwrap();
        let address = fence.address();
        let grave = fence.condemn().unwrap();
        assert_eq!((grave.start, grave.size), (address, 8));
        assert!(!poke(address));
    }
}
