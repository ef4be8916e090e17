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

/// How many addresses are remembered in front of the map.
const RECENT: usize = 64;

/// Which slot an address belongs to. Holds one entry for each indexed live record, and a few of them a second time where
/// one load finds them: C functions return the same addresses again and again.
#[derive(Debug)]
pub(super) struct AddressIndex {
    slots: HashMap<usize, u32, BuildHasherDefault<AddressHasher>>,
    /// By `place` of the address; slot 0, which no record has, for none.
    recent: Box<[(usize, u32); RECENT]>,
}

impl Default for AddressIndex {
    fn default() -> Self {
        AddressIndex { slots: HashMap::default(), recent: Box::new([(0, 0); RECENT]) }
    }
}

/// Where an address is remembered: blocks lie at multiples of 16.
fn place(address: usize) -> usize {
    (address >> 4 ^ address >> 10) % RECENT
}

impl AddressIndex {
    pub(super) fn insert(&mut self, address: usize, slot: u32) {
        self.slots.insert(address, slot);
        self.recent[place(address)] = (address, slot);
    }

    #[inline]
    pub(super) fn get(&mut self, address: usize) -> Option<u32> {
        let recent = self.recent[place(address)];
        if recent.0 == address && recent.1 != 0 { Some(recent.1) } else { self.look_up(address) }
    }

    fn look_up(&mut self, address: usize) -> Option<u32> {
        let slot = self.slots.get(&address).copied()?;
        self.recent[place(address)] = (address, slot);
        Some(slot)
    }

    /// As `get`, remembering nothing.
    pub(super) fn peek(&self, address: usize) -> Option<u32> {
        self.slots.get(&address).copied()
    }

    /// Removes the entry only if it still is this slot's.
    pub(super) fn remove(&mut self, address: usize, slot: u32) {
        if self.slots.get(&address) == Some(&slot) {
            self.slots.remove(&address);
            self.recent[place(address)] = (0, 0);
        }
    }
}
