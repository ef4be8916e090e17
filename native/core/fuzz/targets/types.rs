//! Turns what libFuzzer chooses into the target `types`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| holdfast_fuzz::types(bytes));
