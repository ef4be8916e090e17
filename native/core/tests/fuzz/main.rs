//! Turns random input into the core's parsers and tables, and compares what they say with models of their own.
//!
//! `HOLDFAST_FUZZ_ROUNDS` sets the budget of each target (default 20000), `HOLDFAST_FUZZ_SEED` the first seed. A failure
//! prints the seed of its round, which is all that is needed to see it again.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test says why and ends where it fails")]

mod handles;
mod layouts;
#[expect(dead_code, reason = "stress of threads is a test program of its own, and bytes are chosen by a fuzzer")]
mod random;
mod signatures;

use random::rounds;

#[test]
fn what_is_written_is_read_again() {
    rounds(signatures::write_type);
}

#[test]
fn signatures_are_compiled_or_refused_whatever_they_are() {
    rounds(signatures::write_signature);
}

#[test]
fn bytes_of_any_kind_are_refused_or_read() {
    rounds(|random| {
        let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.next() as u8).collect();
        signatures::read_bytes(&bytes);
    });
}

#[test]
fn layouts_keep_the_rules_of_c() {
    rounds(layouts::lay_out);
}

#[test]
fn sizes_beyond_the_limit_are_refused_and_never_wrap() {
    rounds(layouts::multiply);
}

#[test]
fn a_handle_names_its_own_record_or_none() {
    rounds(handles::use_handles);
}

#[test]
fn invented_handles_are_refused() {
    rounds(handles::invent_handles);
}
