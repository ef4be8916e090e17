//! Turns parameter layouts into frame slots, grouped by the register class in which the ABI passes them.

use super::{HEADER_SIZE, Layout, Pointee, Shape, Slot, is_float};

const SLOT: u32 = 8;

/// Integer and float argument registers of the direct engine's ABI; none where it has no engine.
#[cfg(all(unix, target_arch = "x86_64"))]
const ABI: Option<(u32, u32)> = Some((6, 8));
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
const ABI: Option<(u32, u32)> = Some((8, 8));
#[cfg(not(any(all(unix, target_arch = "x86_64"), all(target_os = "linux", target_arch = "aarch64"))))]
const ABI: Option<(u32, u32)> = None;

/// The most eight-byte stack arguments that the direct engine passes.
pub(super) const MAX_STACK: u32 = 16;

/// How many slots of each class a frame has. They lie one group after the other: integers, floats, stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registers {
    /// In integer registers.
    pub integers: u32,
    /// In float registers.
    pub floats: u32,
    /// Eight bytes each on the stack.
    pub stack: u32,
    /// The result comes back in a float register.
    pub float_result: bool,
}

impl Registers {
    /// Where the first group lies, in bytes from the frame's base. Results of a direct call take one slot.
    pub const OFFSET: u32 = HEADER_SIZE + SLOT;
}

/// Where everything lies.
pub(super) struct Slots {
    /// Each parameter's kind and offset, in declaration order.
    pub of: Vec<(Slot, u32)>,
    /// The first byte after the last slot, a multiple of 16.
    pub end: u32,
    /// None when only libffi can make the call.
    pub registers: Option<Registers>,
}

/// Assigns every parameter its slot.
pub(super) fn assign(layouts: &[Layout], result: &Layout) -> Slots {
    let kinds: Vec<Slot> = layouts.iter().map(slot_of).collect();
    let (max_integers, max_floats) = ABI.unwrap_or((u32::MAX, u32::MAX));
    // Registers are filled in declaration order, each class on its own; what finds its class full goes on the stack.
    let (mut integers, mut floats, mut stack) = (Vec::new(), Vec::new(), Vec::new());
    for (i, kind) in kinds.iter().enumerate() {
        let (group, max) = if is_float(*kind) { (&mut floats, max_floats) } else { (&mut integers, max_integers) };
        if (group.len() as u32) < max { group.push(i) } else { stack.push(i) }
    }
    let start = HEADER_SIZE + result.size.next_multiple_of(SLOT).max(SLOT);
    let mut of: Vec<(Slot, u32)> = kinds.iter().map(|kind| (*kind, 0)).collect();
    let mut next = start;
    for i in integers.iter().chain(&floats).chain(&stack) {
        of[*i].1 = next;
        next += SLOT;
    }
    let direct = ABI.is_some()
        && matches!(result.shape, Shape::Scalar(_) | Shape::Pointer(_))
        && !kinds.contains(&Slot::Aggregate)
        && stack.len() as u32 <= MAX_STACK;
    let registers = direct.then(|| Registers {
        integers: integers.len() as u32,
        floats: floats.len() as u32,
        stack: stack.len() as u32,
        float_result: is_float(slot_of(result)),
    });
    Slots { of, end: next.next_multiple_of(16), registers }
}

fn slot_of(layout: &Layout) -> Slot {
    match &layout.shape {
        Shape::Scalar(scalar) => Slot::Scalar(*scalar),
        Shape::Pointer(Pointee::Opaque) => Slot::Handle,
        Shape::Pointer(_) => Slot::Data,
        Shape::Array { .. } | Shape::Members(_) => Slot::Aggregate,
    }
}
