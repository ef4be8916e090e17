//! Turns what libFuzzer chooses into the target `handles`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| holdfast_fuzz::handles(bytes));
