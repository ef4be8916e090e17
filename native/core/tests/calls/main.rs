//! Turns frames written as JavaScript writes them into calls of the C library, on each engine and without Node.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod background;
mod front;
mod made;
mod ownership;
mod refusals;
