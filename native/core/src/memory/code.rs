//! Turns the code of callbacks into records, and what a callback is shown of running calls into records that end with it.
#![forbid(unsafe_code)]

use std::ops::Range;

use super::Memory;
use crate::error::Code;
use crate::registry::{Allocator, Birth, Handle};

impl Memory {
    /// A record for the code of a callback: nothing may be read there, and the address, met again, is this record.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_MEMORY`.
    pub fn insert_code(&mut self, address: usize) -> Result<Handle, Code> {
        self.registry.insert(Birth {
            address,
            size: 0,
            allocator: Allocator::Callback,
            parent: Handle::NULL,
            layout: None,
            indexed: true,
        })
    }

    /// The callback ends with the block that holds its address. It keeps the block: C may call it for as long as nobody frees
    /// that.
    pub fn set_code_owner(&mut self, code: Handle, block: Handle) {
        self.registry.set_parent(code, block);
        self.registry.retain(block);
    }

    /// The callback has ended.
    pub fn remove_code(&mut self, code: Handle) {
        self.registry.remove(code);
    }

    /// Shows a callback the part of the call stack that running calls use. Returns what `hide_running` wants.
    #[must_use]
    pub fn show_running(&mut self, part: Range<usize>) -> Shown {
        let before = std::mem::replace(&mut self.running, part);
        Shown { before, copies: self.guard.show_arguments(), passing: self.passing.len() }
    }

    /// Ends what `show_running` began, with the records made for it.
    pub fn hide_running(&mut self, shown: &Shown) {
        self.running = shown.before.clone();
        self.guard.hide_arguments(shown.copies);
        for handle in self.passing.drain(shown.passing.min(self.passing.len())..) {
            self.registry.remove(handle);
        }
    }

    /// How many bytes a callback may see from an address on; none where no running call has its arguments.
    pub(super) fn shown_from(&self, address: usize) -> Option<usize> {
        let frames = self.running.contains(&address).then(|| self.running.end - address);
        frames.or_else(|| self.guard.shown_from(address))
    }

    pub(super) fn adopt_passing(&mut self, address: usize, size: usize) -> Result<Handle, Code> {
        let handle = self.registry.insert(Birth {
            address,
            size,
            allocator: Allocator::Borrowed,
            parent: Handle::NULL,
            layout: None,
            indexed: false,
        })?;
        self.passing.push(handle);
        Ok(handle)
    }
}

/// What was shown before, also of guarded copies, and how many passing records there were.
#[derive(Debug, Clone)]
pub struct Shown {
    before: Range<usize>,
    copies: usize,
    passing: usize,
}
