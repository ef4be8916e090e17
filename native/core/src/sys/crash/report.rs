//! Turns words into lines on stderr and in a file, from a signal handler: a fixed buffer and `write`, nothing else.
#![cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no handler to write one"))]

use std::fmt;

const SIZE: usize = 512;

/// Text on its way out, through `fmt::Write`. Owns neither file; on the stack of one handler. Lines that do not fit the
/// buffer leave in pieces.
#[derive(Debug)]
pub struct Report {
    files: [i32; 2],
    buffer: [u8; SIZE],
    length: usize,
}

impl Report {
    /// A report to two file descriptors; a negative one is none.
    pub(super) fn to(files: [i32; 2]) -> Report {
        Report { files, buffer: [0; SIZE], length: 0 }
    }

    /// Sends what has not left yet.
    pub(super) fn flush(&mut self) {
        let bytes = self.buffer.get(..self.length).unwrap_or_default();
        for file in self.files.into_iter().filter(|file| *file >= 0) {
            send(file, bytes);
        }
        self.length = 0;
    }
}

impl fmt::Write for Report {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.length == SIZE {
                self.flush();
            }
            if let Some(place) = self.buffer.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
        }
        if text.ends_with('\n') {
            self.flush();
        }
        Ok(())
    }
}

/// Writes all of it, or gives up: a report must not hold up the end of the process.
#[cfg(unix)]
fn send(file: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: async-signal-safe; the slice's own pointer and length.
        let sent = unsafe { libc::write(file, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(sent).ok().and_then(|sent| bytes.get(sent..)) {
            Some(rest) if sent > 0 => bytes = rest,
            _ if sent < 0 && crate::sys::errno::get() == libc::EINTR => {}
            _ => return,
        }
    }
}

#[cfg(not(unix))]
fn send(_file: i32, _bytes: &[u8]) {}
