//! Handles go stale for ever; addresses find their record again; owners take their interior pointers with them.

use super::{Allocator, Birth, Handle, Registry, UNKNOWN, Unpinned};
use crate::error::Code;

fn birth(address: usize) -> Birth {
    Birth { address, size: UNKNOWN, allocator: Allocator::Borrowed, parent: Handle::NULL, layout: None, indexed: true }
}

#[test]
fn a_reused_slot_does_not_answer_to_the_old_handle() {
    let mut registry = Registry::default();
    let old = registry.insert(birth(16)).unwrap();
    registry.remove(old);
    let new = registry.insert(birth(16)).unwrap();
    assert_eq!(old.slot, new.slot);
    assert_eq!(registry.address(old), Err(Code::UseAfterFree));
    assert_eq!(registry.address(new), Ok(16));
}

#[test]
fn null_has_address_zero_and_no_record() {
    let registry = Registry::default();
    assert_eq!(registry.address(Handle::NULL), Ok(0));
    assert_eq!(registry.get(Handle::NULL).unwrap_err(), Code::NullPointer);
    assert_eq!(registry.address(Handle::EXPIRED), Err(Code::UseAfterFree));
    assert_eq!(registry.address(Handle { slot: 9, generation: 1 }), Err(Code::UseAfterFree));
}

#[test]
fn one_address_is_one_record() {
    let mut registry = Registry::default();
    let first = registry.insert(birth(64)).unwrap();
    assert_eq!(registry.find(64), Some(first));
    assert_eq!(registry.find(65), None);
    assert!(!registry.release(first, 1));
    assert!(registry.release(first, 1));
}

#[test]
fn an_interior_pointer_dies_with_its_owner() {
    let mut registry = Registry::default();
    let owner = registry.insert(birth(64)).unwrap();
    let inner = registry.insert(Birth { parent: owner, ..birth(72) }).unwrap();
    registry.remove(owner);
    assert_eq!(registry.address(inner), Err(Code::UseAfterFree));
    assert_eq!(registry.find(72), None, "the address is free for a new record");
    assert_eq!(registry.live(), 0);
}

#[test]
fn removing_twice_counts_once() {
    let mut registry = Registry::default();
    let handle = registry.insert(birth(64)).unwrap();
    registry.remove(handle);
    registry.remove(handle);
    assert_eq!(registry.live(), 0);
    assert!(!registry.release(handle, 1));
}

#[test]
fn a_slot_is_retired_when_its_generations_are_used_up() {
    let mut registry = Registry::default();
    let mut handle = registry.insert(birth(64)).unwrap();
    registry.remove(handle);
    registry.records[handle.slot as usize].generation = u32::MAX - 1;
    handle = registry.insert(birth(64)).unwrap();
    assert_eq!(handle.generation, u32::MAX);
    registry.remove(handle);
    assert_ne!(registry.insert(birth(64)).unwrap().slot, handle.slot);
}

#[test]
fn an_interior_pointer_keeps_a_reference_to_its_owner() {
    let mut registry = Registry::default();
    let owner = registry.insert(birth(64)).unwrap();
    let inner = registry.insert(Birth { parent: owner, ..birth(72) }).unwrap();
    assert!(!registry.release(owner, 1), "the inner one still needs it");
    assert_eq!(registry.owner(inner), owner);
    assert!(registry.release(owner, 1));
}

#[test]
fn the_slot_of_a_pinned_record_is_not_used_again_before_its_last_pin_is_given_back() {
    let mut registry = Registry::default();
    let handle = registry.insert(birth(64)).unwrap();
    registry.pin(handle).unwrap();
    registry.pin(handle).unwrap();
    registry.remove(handle);
    assert_eq!((registry.get(handle).unwrap_err(), registry.live()), (Code::UseAfterFree, 0));
    assert_eq!(registry.pin(handle), Err(Code::UseAfterFree));
    assert_ne!(registry.insert(birth(65)).unwrap().slot, handle.slot);
    assert_eq!(registry.unpin(handle), Unpinned::InUse);
    assert_eq!(registry.unpin(handle), Unpinned::Ended(64));
    assert_eq!((registry.pins(), registry.insert(birth(66)).unwrap().slot), (0, handle.slot));
}

#[test]
fn a_pin_keeps_a_record_that_no_pointer_object_names() {
    let mut registry = Registry::default();
    let handle = registry.insert(birth(64)).unwrap();
    registry.pin(handle).unwrap();
    assert!(!registry.release(handle, 1));
    assert_eq!(registry.unpin(handle), Unpinned::InUse);
    assert!(registry.release(handle, 1));
}

#[test]
fn a_pin_that_is_given_back_twice_counts_once() {
    let mut registry = Registry::default();
    let handle = registry.insert(birth(64)).unwrap();
    registry.pin(handle).unwrap();
    registry.unpin(handle);
    assert_eq!((registry.unpin(handle), registry.pins()), (Unpinned::InUse, 0));
}
