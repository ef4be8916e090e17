//! Turns bytes that a fuzzer chooses into what tests/fuzz does with random ones: one function a target.

#[path = "../../tests/fuzz/handles.rs"]
mod handles;
#[path = "../../tests/fuzz/layouts.rs"]
mod layouts;
#[path = "../../tests/fuzz/random.rs"]
#[expect(dead_code, reason = "rounds and seeds are for the tests")]
mod random;
#[path = "../../tests/fuzz/signatures.rs"]
mod signatures;

use random::Random;

/// The bytes as the text of a type and of a signature.
pub fn text(bytes: &[u8]) {
    signatures::read_bytes(bytes);
}

/// Types and signatures by the grammar, whole and broken.
pub fn types(bytes: &[u8]) {
    let mut random = Random::of_bytes(bytes);
    signatures::write_type(&mut random);
    signatures::write_signature(&mut random);
}

/// Layouts of such types, and sizes around the limit.
pub fn layouts(bytes: &[u8]) {
    let mut random = Random::of_bytes(bytes);
    layouts::lay_out(&mut random);
    layouts::multiply(&mut random);
}

/// Births, look-ups and deaths of records, and handles that nobody gave out.
pub fn handles(bytes: &[u8]) {
    let mut random = Random::of_bytes(bytes);
    handles::use_handles(&mut random);
    handles::invent_handles(&mut random);
}

/// A mistake behind four comparisons, which chance does not pass: the fuzzer must find it, and the sanitizer see it.
pub fn planted(bytes: &[u8]) {
    if let [b'H', b'o', b'l', b'd', rest @ ..] = bytes {
        let copy = rest.to_vec();
        // SAFETY: none, this reads behind the block; it is what must be caught.
        let behind = unsafe { copy.as_ptr().add(copy.len()).read_volatile() };
        std::hint::black_box(behind);
    }
}
