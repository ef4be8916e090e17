//! Turns the arguments of a call on another thread into bytes that the JavaScript thread can decode.
#![forbid(unsafe_code)]

use super::plan::CallbackPlan;
use super::trampoline::Arguments;
use crate::error::Result;
use crate::memory::{Gather, Ground};
use crate::registry::UNKNOWN;

/// Arguments as they were when C called. Owns its bytes; made on the calling thread, read on the JavaScript thread.
#[derive(Debug)]
pub struct Packet {
    /// The arguments, laid out as in the frame; behind them, when the caller does not wait, what they led to.
    pub bytes: Vec<u8>,
    /// What was found behind typed pointers, when the caller does not wait.
    pub gathered: Option<Gathered>,
}

/// What a walk over typed pointers left to do.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Offsets of addresses that have no handle yet.
    pub opaque: Vec<usize>,
    /// Every address that a typed pointer led to.
    pub followed: Vec<usize>,
}

impl Packet {
    /// Copies the arguments; with `follow`, also what their typed pointers lead to, as it may be gone later.
    ///
    /// # Errors
    /// As [`Gather::follow`].
    pub fn of(plan: &CallbackPlan, arguments: &Arguments<'_>, follow: bool) -> Result<Packet> {
        let mut bytes = vec![0; plan.arguments.size as usize];
        for (i, (offset, layout)) in plan.members().iter().enumerate() {
            let from = *offset as usize;
            if let Some(room) = bytes.get_mut(from..from + layout.size as usize) {
                room.copy_from_slice(arguments.bytes(i, layout.size as usize));
            }
        }
        if !follow || plan.arguments.flat {
            return Ok(Packet { bytes, gathered: None });
        }
        let mut remote = Remote::default();
        let followed = Gather::follow(&mut remote, &plan.arguments, &mut bytes)?;
        Ok(Packet { bytes, gathered: Some(Gathered { opaque: remote.opaque, followed }) })
    }
}

/// Memory as a thread without records sees it: any address may be one, and none is known.
#[derive(Debug, Default)]
struct Remote {
    opaque: Vec<usize>,
}

impl Ground for Remote {
    fn refer(&mut self, address: usize, at: usize) -> std::result::Result<(u32, u32), crate::error::Code> {
        self.opaque.push(at);
        Ok((address as u32, (address as u64 >> 32) as u32))
    }

    fn take_back(&mut self, _reference: (u32, u32)) {}

    fn extent_at(&self, _address: usize) -> usize {
        UNKNOWN
    }
}
