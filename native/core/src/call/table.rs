//! Turns small numbers that JavaScript keeps into objects.

use crate::error::{Code, Result};

/// Numbered objects. Number 0 is never given out, so that a zeroed word names nothing.
#[derive(Debug)]
pub struct Table<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { entries: std::iter::once(None).collect(), free: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Adds an object. Returns its number.
    ///
    /// # Errors
    /// `ERR_FFI_OUT_OF_MEMORY` when all numbers are in use.
    pub fn insert(&mut self, entry: T) -> Result<u32> {
        let number = match self.free.pop() {
            Some(number) => number,
            None => {
                self.entries.push(None);
                u32::try_from(self.entries.len() - 1).map_err(|_| Code::OutOfMemory)?
            }
        };
        self.entries[number as usize] = Some(entry);
        Ok(number)
    }

    /// The object of a number.
    #[inline]
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&T> {
        self.entries.get(number as usize)?.as_ref()
    }

    /// The object of a number, to be changed.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.entries.get_mut(number as usize)?.as_mut()
    }

    /// Takes an object out; its number may be given to another.
    pub fn remove(&mut self, number: u32) -> Option<T> {
        let entry = self.entries.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(entry)
    }

    /// All objects.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flatten()
    }

    /// All objects, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().flatten()
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len() - 1 - self.free.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
