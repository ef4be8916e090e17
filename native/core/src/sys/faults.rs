//! Turns a name into one mistake that a memory tool must report. Exists with the feature `faults` only, which no
//! release build has; called by memtests/.

use std::alloc::{Layout, alloc, dealloc};
use std::hint::black_box;

/// Every planted mistake by its name.
pub const FAULTS: [(&str, fn()); 7] = [
    ("leak", leak),
    ("double-free", double_free),
    ("overrun", overrun),
    ("underrun", underrun),
    ("use-after-free", use_after_free),
    ("uninitialised-read", uninitialised_read),
    ("stack-overrun", stack_overrun),
];

const LAYOUT: Layout = Layout::new::<[u8; 24]>();

/// Makes the mistake of that name. Returns whether there is one.
#[must_use]
pub fn plant(name: &str) -> bool {
    let found = FAULTS.iter().find(|(known, _)| *known == name);
    found.inspect(|(_, make)| make()).is_some()
}

fn block() -> *mut u8 {
    // SAFETY: the layout has a size of 24, not zero.
    black_box(unsafe { alloc(LAYOUT) })
}

fn free(block: *mut u8) {
    // SAFETY: true of the first call with a block of `block()`; `double_free` breaks it on purpose.
    unsafe { dealloc(black_box(block), LAYOUT) };
}

fn write(at: *mut u8) {
    // SAFETY: broken on purpose by callers that pass a place outside the block.
    unsafe { black_box(at).write_volatile(1) };
}

fn read(at: *const u8) -> u8 {
    // SAFETY: broken on purpose by callers that pass a freed or unwritten place.
    unsafe { black_box(at).read_volatile() }
}

#[inline(never)]
fn leak() {
    write(block());
}

#[inline(never)]
fn double_free() {
    let block = block();
    free(block);
    free(block);
}

#[inline(never)]
fn overrun() {
    let block = block();
    write(block.wrapping_add(24));
    free(block);
}

#[inline(never)]
fn underrun() {
    let block = block();
    write(block.wrapping_sub(1));
    free(block);
}

#[inline(never)]
fn use_after_free() {
    let block = block();
    write(block);
    free(block);
    black_box(read(block));
}

#[inline(never)]
fn uninitialised_read() {
    let block = block();
    if read(block) > 3 {
        write(block);
    }
    free(block);
}

#[inline(never)]
fn stack_overrun() {
    let mut place = [0u8; 16];
    let start = (&raw mut place).cast::<u8>();
    write(start.wrapping_add(16));
    black_box(&place);
}
