//! Each memory is freed once, by its own allocator, through a pointer to its beginning; everything else is refused.
#![forbid(unsafe_code)]

use super::{borrow, code, flat};
use crate::error::Code;
use crate::memory::Memory;
use crate::registry::{Allocator, Handle};

#[test]
fn memory_is_freed_once() {
    let mut memory = Memory::default();
    let (made, borrowed) = (flat(&mut memory, "i64"), borrow(&mut memory, 8));
    let base = memory.interior(made, 0, None).unwrap();
    assert_eq!(memory.free(base, None), Ok(()), "the beginning under another name");
    assert_eq!(memory.free(borrowed, Some(Allocator::C)), Ok(()));
    for (handle, requested) in [(made, None), (base, None), (borrowed, Some(Allocator::C))] {
        assert_eq!(code(memory.free(handle, requested)), Some(Code::DoubleFree));
    }
    assert_eq!(memory.resolve(made), Err(Code::UseAfterFree));
}

#[test]
fn freeing_null_does_nothing() {
    let mut memory = Memory::default();
    for requested in [None, Some(Allocator::Rust), Some(Allocator::C)] {
        assert_eq!(memory.free(Handle::NULL, requested), Ok(()));
    }
    assert_eq!(code(memory.check_free(Handle::NULL, None)), Some(Code::NullPointer));
}

#[test]
fn memory_is_freed_by_its_own_allocator_and_owner_only() {
    let mut memory = Memory::default();
    let (made, borrowed) = (flat(&mut memory, "[2]i64"), borrow(&mut memory, 32));
    let inner = memory.interior(made, 8, None).unwrap();
    let inside_borrowed = memory.interior(borrowed, 16, None).unwrap();
    for (handle, requested, expected) in [
        (made, Some(Allocator::C), Code::AllocatorMismatch),
        (borrowed, Some(Allocator::Rust), Code::AllocatorMismatch),
        (borrowed, None, Code::NotOwner),
        (inner, None, Code::NotOwner),
        (inner, Some(Allocator::C), Code::NotOwner),
        (inside_borrowed, Some(Allocator::C), Code::NotOwner),
    ] {
        assert_eq!(code(memory.check_free(handle, requested)), Some(expected));
        assert_eq!(code(memory.free(handle, requested)), Some(expected));
        assert!(memory.resolve(handle).is_ok(), "what was not freed is live");
    }
    memory.free(borrowed, Some(Allocator::C)).unwrap();
}

#[test]
fn libc_never_gets_what_is_known_not_to_come_from_malloc() {
    #[repr(align(16))]
    struct Aligned([u8; 16]);
    static IMAGE: Aligned = Aligned([1; 16]);
    let mut memory = Memory::new(0x1000..0x2000);
    let made = flat(&mut memory, "i64");
    let (block, c) = (memory.resolve(made).unwrap(), borrow(&mut memory, 32));
    let c = memory.resolve(c).unwrap();
    for address in [IMAGE.0.as_ptr() as usize, c + 8, block, 0x1000] {
        assert_eq!(code(memory.check_c_heap(address)), Some(Code::AllocatorMismatch));
        assert_eq!(code(memory.free_result(vec![c, address])), Some(Code::AllocatorMismatch), "all or nothing");
    }
    let known = memory.adopt(c).unwrap();
    assert_eq!(memory.free_result(vec![c, c]), Ok(()), "an address met twice is freed once");
    assert_eq!(memory.resolve(known), Err(Code::UseAfterFree));
}
