//! Turns sizes into pages of memory whose access can be taken away.

/// Pages of their own, reserved without access. Owns the mapping, gives it back on drop; plain memory, any thread.
#[derive(Debug)]
pub struct Pages {
    base: usize,
    length: usize,
}

impl Pages {
    /// Reserves at least `length` bytes, none of them accessible. `None` when the system has none to give, and where
    /// this is not done (Windows).
    #[must_use]
    pub fn reserve(length: usize) -> Option<Pages> {
        let length = length.max(1).checked_next_multiple_of(page_size())?;
        Some(Pages { base: system::reserve(length)?, length })
    }

    /// The first byte.
    #[must_use]
    pub fn base(&self) -> usize {
        self.base
    }

    /// Bytes, a multiple of the page size.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Makes `length` bytes from `offset` on readable and writable; both are multiples of the page size. They are zero
    /// the first time. Whether the system did so.
    #[must_use]
    pub fn open(&mut self, offset: usize, length: usize) -> bool {
        offset.checked_add(length).is_some_and(|end| end <= self.length) && system::open(self.base + offset, length)
    }

    /// Takes away all access, and lets the system have the memory behind it. Whether the system did so.
    #[must_use]
    pub fn shut(&mut self) -> bool {
        system::shut(self.base, self.length)
    }

    /// `length` bytes from `offset` on.
    ///
    /// # Safety
    /// - They are open and nobody else changes them while the slice is in use.
    #[must_use]
    pub unsafe fn bytes_mut(&mut self, offset: usize, length: usize) -> &mut [u8] {
        let (start, length) = if offset <= self.length { (offset, length.min(self.length - offset)) } else { (0, 0) };
        // SAFETY: inside the mapping by the line above, open and unshared by the caller's promise; mapped memory is
        // initialised.
        unsafe { std::slice::from_raw_parts_mut((self.base + start) as *mut u8, length) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        system::give_back(self.base, self.length);
    }
}

/// Bytes of a page.
#[must_use]
pub fn page_size() -> usize {
    system::page_size()
}

#[cfg(unix)]
mod system {
    use libc::{MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE, c_void};

    pub(super) fn page_size() -> usize {
        // SAFETY: asks for a constant of the system.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
    }

    pub(super) fn reserve(length: usize) -> Option<usize> {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS;
        // SAFETY: a fresh mapping at an address of the kernel's choice touches nothing that is there.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), length, PROT_NONE, flags, -1, 0) };
        (base != MAP_FAILED).then_some(base as usize)
    }

    pub(super) fn open(address: usize, length: usize) -> bool {
        // SAFETY: pages of a mapping of our own (`Pages::open` has checked the range).
        unsafe { libc::mprotect(address as *mut c_void, length, PROT_READ | PROT_WRITE) == 0 }
    }

    pub(super) fn shut(address: usize, length: usize) -> bool {
        // SAFETY: the whole of a mapping of our own, private and anonymous: its contents are lost, which is meant.
        unsafe { libc::madvise(address as *mut c_void, length, libc::MADV_DONTNEED) };
        // SAFETY: as above; whoever still looks there faults, which is meant.
        unsafe { libc::mprotect(address as *mut c_void, length, PROT_NONE) == 0 }
    }

    pub(super) fn give_back(address: usize, length: usize) {
        // SAFETY: the whole of a mapping of our own, given back once, on drop.
        unsafe { libc::munmap(address as *mut c_void, length) };
    }
}

#[cfg(not(unix))]
mod system {
    pub(super) fn page_size() -> usize {
        4096
    }

    pub(super) fn reserve(_length: usize) -> Option<usize> {
        None
    }

    pub(super) fn open(_address: usize, _length: usize) -> bool {
        false
    }

    pub(super) fn shut(_address: usize, _length: usize) -> bool {
        false
    }

    pub(super) fn give_back(_address: usize, _length: usize) {}
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::{Pages, page_size};
    use crate::sys::fault;

    fn readable(address: usize) -> bool {
        fault::scan(address as *const u8, 1).is_ok()
    }

    #[test]
    fn only_what_is_open_can_be_read_and_nothing_once_shut() {
        let page = page_size();
        let mut pages = Pages::reserve(3 * page).unwrap();
        assert!(!readable(pages.base()));
        assert!(pages.open(page, page));
        assert_eq!([0, 1, 2].map(|i| readable(pages.base() + i * page)), [false, true, false]);
        // SAFETY: the page opened above, which nobody else knows.
        unsafe { pages.bytes_mut(page, page) }.fill(7);
        assert!(pages.shut());
        assert!(!readable(pages.base() + page));
    }

    #[test]
    fn nothing_beyond_the_mapping_is_opened() {
        let mut pages = Pages::reserve(1).unwrap();
        assert_eq!(pages.length(), page_size());
        assert!(!pages.open(0, 2 * page_size()));
        assert!(!pages.open(usize::MAX, 2));
    }
}
