//! Turns guarded copies of a call's arguments into ones that go with the call to another thread, and come back or do not.

use std::ops::Range;

use super::super::Memory;
use super::super::alloc::Fence;
use super::super::place::Piece;
use super::{ARGUMENT, Guard, overrun};
use crate::error::Result;

/// Guarded copies of the arguments of one call. Owns them, gives them back on drop; sent with the call to another thread.
#[derive(Debug, Default)]
pub struct Copies(Vec<Fence>);

impl Copies {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses of each.
    pub fn addresses(&self) -> impl Iterator<Item = Range<usize>> {
        self.0.iter().map(|fence| fence.address()..fence.address() + fence.size())
    }

    /// Refuses when C has written around one of them.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN`.
    pub fn check(&mut self) -> Result<()> {
        let found = self.0.iter_mut().find_map(|fence| Some((fence.damage()?, fence.size())));
        found.map_or(Ok(()), |(damage, size)| Err(overrun(damage, size, ARGUMENT)))
    }

    pub(in super::super) fn pieces(&self) -> impl Iterator<Item = Piece> {
        let piece = |at: Range<usize>| Piece { start: at.start, size: at.len(), state: "live", what: ARGUMENT };
        self.addresses().map(piece)
    }
}

impl Guard {
    fn take(&mut self, mark: usize) -> Copies {
        Copies(self.arguments.split_off(mark.min(self.arguments.len())))
    }
}

impl Memory {
    /// Takes out the copies made since, for a call on another thread.
    pub fn take_arguments(&mut self, mark: usize) -> Copies {
        self.guard.take(mark)
    }

    /// Makes copies that have come back addresses that fault for a while. What was written around them has been seen to.
    pub fn bury_copies(&mut self, copies: Copies) {
        copies.0.into_iter().for_each(|fence| self.guard.condemn(fence, ARGUMENT));
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::super::{Memory, access};
    use super::super::{GuardOptions, Side};
    use crate::error::Code;
    use crate::registry::Record;

    fn poke(address: usize) -> bool {
        let mut there = Record::default();
        (there.address, there.size) = (address, 1);
        access::write(&there, 0, b"x").is_ok()
    }

    fn memory() -> Memory {
        Memory::default().with_guard(GuardOptions { side: Some(Side::After), quarantine: 1 << 20 })
    }

    #[test]
    fn copies_that_went_to_another_thread_outlive_later_calls_and_are_buried_when_they_are_back() {
        let mut memory = memory();
        let address = memory.reserve_argument(8, 8).unwrap();
        let copies = memory.take_arguments(0);
        assert_eq!((memory.arguments_mark(), memory.guard.live(), copies.is_empty()), (0, 1, false));
        memory.reserve_argument(8, 8).unwrap();
        memory.bury_arguments(0);
        assert!(std::thread::spawn(move || poke(address + 7) && !poke(address + 8)).join().unwrap());
        memory.bury_copies(copies);
        assert!(!poke(address) && memory.guard.is_dead(address));
        assert_eq!(memory.guard.live(), 0);
    }

    #[test]
    fn a_write_around_one_of_them_is_found() {
        let mut memory = memory();
        let address = memory.reserve_argument(5, 1).unwrap();
        let mut copies = memory.take_arguments(0);
        copies.check().unwrap();
        assert!(poke(address - 2));
        assert_eq!(copies.check().unwrap_err().code, Code::Overrun);
    }
}
