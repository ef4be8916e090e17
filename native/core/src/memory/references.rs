//! Turns pointers that JavaScript writes into a block into references, which keep what they point to.
#![forbid(unsafe_code)]

use super::Memory;
use crate::registry::Handle;

impl Memory {
    /// Says which handles (by offset) a block was made to hold.
    pub fn refer(&mut self, block: Handle, references: Vec<(usize, Handle)>) {
        if !references.is_empty() {
            self.replace(block, 0, 0, references);
        }
    }

    /// JavaScript has written `length` bytes at `offset` from a handle's address, among them `references` (by their offset in
    /// what was written).
    pub fn overwrite(&mut self, handle: Handle, offset: usize, length: usize, references: Vec<(usize, Handle)>) {
        let Ok(record) = self.registry.get(handle) else { return };
        let owner = if record.parent.is_null() { handle } else { record.parent };
        if references.is_empty() && !self.owned.has_references(owner) {
            return;
        }
        let address = record.address + offset;
        // What is kept for the block but lies outside of it is a JavaScript buffer.
        let Some(extent) = self.owned.extent(owner).filter(|extent| extent.contains(&address)) else { return };
        self.replace(owner, address - extent.start, length, references);
    }

    fn replace(&mut self, block: Handle, start: usize, length: usize, references: Vec<(usize, Handle)>) {
        let mut kept = Vec::new();
        for (at, handle) in references {
            let parent = self.registry.owner(handle);
            let target = if parent.is_null() { handle } else { parent };
            // A block that keeps itself would never go.
            if target != block && target.slot != 0 {
                self.registry.retain(target);
                kept.push((start + at, target));
            }
        }
        for before in self.owned.set_references(block, start..start + length, kept) {
            self.release(before, 1);
        }
    }
}
