//! Turns an address into the slot of the record that stands for it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Mixes one word: addresses differ mostly in their middle bits, and nobody chooses them to collide.
#[derive(Debug, Default)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, word: usize) {
        let mixed = (self.0 ^ word as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// Which slot an address belongs to. Holds one entry for each indexed live record.
#[derive(Debug, Default)]
pub(super) struct AddressIndex {
    slots: HashMap<usize, u32, BuildHasherDefault<AddressHasher>>,
}

impl AddressIndex {
    pub(super) fn insert(&mut self, address: usize, slot: u32) {
        self.slots.insert(address, slot);
    }

    pub(super) fn get(&self, address: usize) -> Option<u32> {
        self.slots.get(&address).copied()
    }

    /// Removes the entry only if it still is this slot's.
    pub(super) fn remove(&mut self, address: usize, slot: u32) {
        if self.slots.get(&address) == Some(&slot) {
            self.slots.remove(&address);
        }
    }
}
