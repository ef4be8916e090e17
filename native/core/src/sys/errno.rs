//! Turns C's `errno` of this thread into a number and a number into words.

#[cfg(any(target_os = "solaris", target_os = "illumos"))]
use libc::___errno as location;
#[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
use libc::__errno as location;
#[cfg(any(target_os = "linux", target_os = "emscripten", target_os = "fuchsia", target_os = "hurd"))]
use libc::__errno_location as location;
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
use libc::__error as location;
use libc::c_int;

#[cfg(windows)]
unsafe extern "C" {
    #[link_name = "_errno"]
    fn location() -> *mut c_int;
}

fn slot() -> *mut c_int {
    // SAFETY: the C library's own accessor; it takes nothing and always has an answer for the calling thread.
    unsafe { location() }
}

/// Sets `errno` of this thread to 0, so that a later `get` tells of what happened in between.
#[inline]
pub fn clear() {
    // SAFETY: the slot belongs to the calling thread and lives as long as it does.
    unsafe { *slot() = 0 };
}

/// `errno` of this thread, to be put back. Its place tells threads apart.
#[derive(Debug)]
pub struct Kept {
    place: *mut c_int,
    value: c_int,
}

impl Kept {
    /// Remembers `errno`.
    #[inline]
    #[must_use]
    pub fn new() -> Kept {
        let place = slot();
        // SAFETY: the slot belongs to the calling thread and lives as long as it does.
        Kept { place, value: unsafe { *place } }
    }

    /// A number that no other thread has as long as this one lives; never 0.
    #[inline]
    #[must_use]
    pub fn thread(&self) -> usize {
        self.place as usize
    }

    /// Puts `errno` back.
    #[inline]
    pub fn restore(self) {
        // SAFETY: raw pointers keep the value on the thread that made it, and the slot lives as long as that.
        unsafe { *self.place = self.value };
    }
}

impl Default for Kept {
    fn default() -> Kept {
        Kept::new()
    }
}

/// `errno` of this thread.
#[inline]
#[must_use]
pub fn get() -> i32 {
    // SAFETY: the slot belongs to the calling thread and lives as long as it does.
    unsafe { *slot() }
}

/// The system's words for an `errno` value: `No such file or directory (os error 2)`.
#[cfg(not(windows))]
#[must_use]
pub fn message(code: i32) -> String {
    std::io::Error::from_raw_os_error(code).to_string()
}

/// The system's words for an `errno` value: `No such file or directory (os error 2)`.
///
/// Not from `std::io::Error`, whose numbers on Windows are those of `GetLastError`.
#[cfg(windows)]
#[must_use]
pub fn message(code: i32) -> String {
    // SAFETY: answers every number; the text is this thread's until its next call, and is copied below before that.
    let text = unsafe { libc::strerror(code) };
    // SAFETY: a C string, by the function's contract, that nothing changes while it is copied.
    let words = unsafe { std::ffi::CStr::from_ptr(text) }.to_string_lossy();
    format!("{words} (os error {code})")
}

#[cfg(test)]
mod tests {
    use super::{clear, get, message};

    fn fail_with_erange() {
        // SAFETY: a C string, and no wish to know where the number ends.
        unsafe { libc::strtol(c"99999999999999999999".as_ptr(), std::ptr::null_mut(), 10) };
    }

    #[test]
    fn reports_what_a_failed_call_left_and_zero_after_clear() {
        fail_with_erange();
        assert_eq!(get(), libc::ERANGE);
        clear();
        assert_eq!(get(), 0);
    }

    #[test]
    fn is_of_the_calling_thread_alone() {
        clear();
        let other = std::thread::spawn(|| {
            fail_with_erange();
            get()
        });
        assert_eq!(other.join().unwrap(), libc::ERANGE);
        assert_eq!(get(), 0);
    }

    #[test]
    fn words_name_the_error_and_its_number() {
        assert_eq!(message(2), "No such file or directory (os error 2)");
    }
}
