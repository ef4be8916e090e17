//! Turns what callbacks return by reference into guarded blocks, which end with the callback's next result.

use super::super::Memory;
use super::super::alloc::Block;
use super::RESULT;
use crate::error::Result;

impl Memory {
    /// A block for what C is to find behind a callback's result.
    pub(crate) fn result_block(&mut self, size: usize, align: usize) -> Option<Block> {
        self.guard.block(size, align as u32)
    }

    /// Ends such a block of a callback that is released, when no call could be told of what C has done to it.
    pub(crate) fn forget_result(&mut self, block: Option<Block>) {
        if let Some(Block::Fenced(fence)) = block {
            self.guard.condemn(fence, RESULT);
        }
    }

    /// Ends such a block of a callback that has another result.
    ///
    /// # Errors
    /// `ERR_FFI_OVERRUN` when C has written around it; it has ended all the same.
    pub(crate) fn end_result(&mut self, block: Option<Block>) -> Result<()> {
        match block {
            Some(Block::Fenced(fence)) => self.guard.bury_fence(fence, RESULT),
            Some(Block::Heap(_)) | None => Ok(()),
        }
    }
}
