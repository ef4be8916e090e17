//! Turns random sequences of births, uses and deaths into the registry, beside a model that never reuses a name.

use std::collections::HashMap;

use holdfast_core::error::Code;
use holdfast_core::registry::{Allocator, Birth, Handle, Registry, UNKNOWN};

use super::random::Random;

/// What the model knows of a handle: its address and, for interior pointers, its owner. The dead stay known.
struct Known {
    address: usize,
    parent: Option<Handle>,
    alive: bool,
}

/// Addresses are few, so that the same one is met again and again.
fn address(random: &mut Random) -> usize {
    0x1000 + random.below(8) * 16
}

#[derive(Default)]
struct Model {
    known: HashMap<Handle, Known>,
    handles: Vec<Handle>,
    /// What was born last under an address, of those that are found by it.
    by_address: HashMap<usize, Handle>,
}

impl Model {
    fn is_live(&self, handle: Handle) -> bool {
        let known = &self.known[&handle];
        known.alive && known.parent.is_none_or(|parent| self.is_live(parent))
    }

    fn kill(&mut self, handle: Handle) {
        let Some(known) = self.known.get_mut(&handle) else { return };
        known.alive = false;
        let address = known.address;
        self.by_address.retain(|at, found| *at != address || *found != handle);
    }

    fn live_records(&self) -> usize {
        self.known.values().filter(|known| known.alive).count()
    }
}

fn give_birth(random: &mut Random, registry: &mut Registry, model: &mut Model) {
    let live: Vec<_> = model.handles.iter().copied().filter(|handle| model.is_live(*handle)).collect();
    let parent = if random.once_in(3) && !live.is_empty() { Some(*random.pick(&live)) } else { None };
    let (address, indexed) = (address(random), random.once_in(2));
    let birth = Birth {
        address,
        size: UNKNOWN,
        allocator: Allocator::Borrowed,
        parent: parent.unwrap_or(Handle::NULL),
        layout: None,
        indexed,
    };
    let handle = registry.insert(birth).unwrap();
    let earlier = model.known.insert(handle, Known { address, parent, alive: true });
    assert!(earlier.is_none(), "{handle:?} named another record before");
    model.handles.push(handle);
    if indexed {
        model.by_address.insert(address, handle);
    }
}

/// A look-up by address finds the living, and buries what it finds dead with its owner.
fn look_up(address: usize, registry: &mut Registry, model: &mut Model) {
    let expected = model.by_address.get(&address).copied();
    let found = registry.find(address);
    match expected {
        Some(handle) if !model.is_live(handle) => {
            assert_eq!(found, None);
            model.kill(handle);
        }
        expected => assert_eq!(found, expected),
    }
}

fn compare(registry: &Registry, model: &Model) {
    assert_eq!(registry.live() as usize, model.live_records());
    for handle in &model.handles {
        match registry.get(*handle) {
            Ok(record) => assert!(model.is_live(*handle) && record.address == model.known[handle].address),
            Err(code) => assert!(!model.is_live(*handle) && code == Code::UseAfterFree, "{handle:?}: {code:?}"),
        }
    }
}

/// A handle names its own record or none.
pub(crate) fn use_handles(random: &mut Random) {
    let (mut registry, mut model) = (Registry::default(), Model::default());
    for _ in 0..random.below(30) {
        let some = if model.handles.is_empty() { Handle::NULL } else { *random.pick(&model.handles) };
        match random.below(5) {
            0 | 1 => give_birth(random, &mut registry, &mut model),
            2 => {
                registry.remove(some);
                model.kill(some);
            }
            3 => drop(registry.release(some, random.next() as u32)),
            _ => look_up(address(random), &mut registry, &mut model),
        }
        compare(&registry, &model);
    }
}

/// Invented handles are refused.
pub(crate) fn invent_handles(random: &mut Random) {
    let mut registry = Registry::default();
    let mut model = Model::default();
    for _ in 0..random.below(6) {
        give_birth(random, &mut registry, &mut model);
    }
    let invented =
        Handle { slot: random.next() as u32 >> random.below(32), generation: random.next() as u32 >> random.below(32) };
    if model.known.contains_key(&invented) {
        return;
    }
    let expected = if invented.is_null() { Code::NullPointer } else { Code::UseAfterFree };
    assert_eq!(registry.get(invented).err(), Some(expected), "{invented:?}");
    registry.remove(invented);
    assert!(!registry.release(invented, 1));
    compare(&registry, &model);
}
