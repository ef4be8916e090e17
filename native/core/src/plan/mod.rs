//! Turns a signature into an immutable plan: where each argument lies in the frame and what C expects there.
#![forbid(unsafe_code)]

mod layout;
mod slots;
#[cfg(test)]
mod tests;

use std::fmt;

pub use layout::{Layout, MAX_SIZE, Pointee, Shape};
pub use slots::Registers;

use crate::error::{Code, Refusal, Result};
use crate::signature::{Class, Scalar, Signature};

/// Bytes of the frame's header; the result slot follows.
pub const HEADER_SIZE: u32 = 32;

/// How an argument's slot is filled by the front end and what the core makes of it before the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The value itself.
    Scalar(Scalar),
    /// A handle (slot, generation), turned into its address.
    Handle,
    /// An offset into scratch, or a view's number, turned into an address.
    Data,
    /// As `Data`, but C gets the bytes there by value.
    Aggregate,
}

/// One parameter of a plan.
#[derive(Debug)]
pub struct Parameter {
    /// How its slot is filled.
    pub slot: Slot,
    /// Where its slot lies, in bytes from the frame's base.
    pub offset: u32,
    /// Its type.
    pub layout: Layout,
}

/// What is done with what C returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultForm {
    /// Stays in the result slot: scalars, structs without pointers, nothing.
    Plain,
    /// An address, adopted by the registry and replaced by a handle.
    Handle,
    /// A `char *`, made a string at once.
    Text,
    /// Followed through its typed pointers into scratch.
    Gather,
}

/// What a caller of one function may ask for beyond its result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Clear errno before the call and keep what it is right after.
    pub errno: bool,
    /// Give the memory of the result to libc's `free` once it is decoded.
    pub free_result: bool,
}

/// A compiled signature. Immutable; owns its layouts; any thread may read it.
#[derive(Debug)]
pub struct CallPlan {
    /// In declaration order.
    pub parameters: Box<[Parameter]>,
    /// Positions of the parameters whose slot is a handle.
    pub handles: Box<[u32]>,
    /// Positions of the parameters whose slot is data or an aggregate.
    pub data: Box<[u32]>,
    /// Positions of the parameters, among those, whose memory the function takes over.
    pub consumed: Box<[u32]>,
    /// Type of the result.
    pub result: Layout,
    /// What is done with it.
    pub form: ResultForm,
    /// What the caller asked for.
    pub options: Options,
    /// Bytes of header, result and argument slots; scratch begins here.
    pub frame_size: u32,
    /// Counts of argument slots by register class; none when only libffi can make the call.
    pub registers: Option<Registers>,
    /// How many parameters come before C's `...`; none for a function that has none.
    pub fixed: Option<u32>,
    text: String,
}

impl CallPlan {
    /// Where the result slot lies, in bytes from the frame's base.
    pub const RESULT: u32 = HEADER_SIZE;

    /// Where the bytes of a short ASCII string that was returned lie: over the arguments, which are done with. The word at
    /// `RESULT` is its length, and NULs fill the rest up to `TEXT_END`.
    pub const TEXT: u32 = Registers::OFFSET;

    /// The longest such string.
    pub const TEXT_SIZE: usize = 24;

    /// Where its bytes end at the latest.
    pub const TEXT_END: u32 = CallPlan::TEXT + CallPlan::TEXT_SIZE as u32;

    /// The word at `RESULT` for NULL.
    pub const NO_TEXT: u32 = u32::MAX;

    /// The word at `RESULT` for a string that the runtime keeps until it is taken.
    pub const KEPT_TEXT: u32 = u32::MAX - 1;

    /// Compiles a signature.
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE` when a type cannot be laid out, or the result cannot be freed.
    pub fn compile(text: &str, signature: &Signature, options: Options) -> Result<CallPlan> {
        let result = Layout::of(&signature.result)?;
        let form = form_of(&result);
        if options.free_result
            && (form == ResultForm::Handle || !matches!(result.shape, Shape::Pointer(_) | Shape::Scalar(_)))
        {
            return Err(Refusal::new(
                Code::Signature,
                "freeResultMemory needs a result that is copied out of C memory: a string, an array or a struct by pointer",
            ));
        }
        let layouts = signature.parameters.iter().map(Layout::of).collect::<Result<Vec<_>>>()?;
        let slots = slots::assign(&layouts, &result);
        let position_of = |keep: fn(&Slot) -> bool| {
            (0u32..).zip(&slots.of).filter(|(_, (slot, _))| keep(slot)).map(|(position, _)| position).collect()
        };
        Ok(CallPlan {
            handles: position_of(|slot| *slot == Slot::Handle),
            data: position_of(|slot| matches!(slot, Slot::Data | Slot::Aggregate)),
            parameters: layouts
                .into_iter()
                .zip(&slots.of)
                .map(|(layout, &(slot, offset))| Parameter { slot, offset, layout })
                .collect(),
            consumed: Box::default(),
            result,
            form,
            options,
            frame_size: slots.end,
            // System V wants to be told in AL how many float registers a variadic call uses; libffi does that.
            registers: slots.registers.filter(|_| signature.fixed.is_none()),
            fixed: signature.fixed,
            text: text.to_owned(),
        })
    }

    /// The same plan of a function that takes over the memory of some of its arguments.
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE` when one of them is no handle.
    pub fn consuming(self, positions: &[u32]) -> Result<CallPlan> {
        if positions.iter().all(|position| self.handles.contains(position)) {
            return Ok(CallPlan { consumed: positions.into(), ..self });
        }
        Err(Refusal::new(Code::Signature, "only a pointer's memory can be taken over"))
    }

    /// The canonical signature.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the front end needs to write the frame: frame size, result offset, then each parameter's slot offset.
    #[must_use]
    pub fn describe(&self) -> Vec<u32> {
        let offsets = self.parameters.iter().map(|parameter| parameter.offset);
        [self.frame_size, CallPlan::RESULT].into_iter().chain(offsets).collect()
    }
}

fn form_of(result: &Layout) -> ResultForm {
    match &result.shape {
        Shape::Pointer(Pointee::Opaque) => ResultForm::Handle,
        Shape::Pointer(Pointee::Text) => ResultForm::Text,
        _ if result.flat => ResultForm::Plain,
        _ => ResultForm::Gather,
    }
}

/// The register class of a slot: everything but a float travels as an integer.
pub(crate) fn is_float(slot: Slot) -> bool {
    matches!(slot, Slot::Scalar(scalar) if scalar.class() == Class::Float)
}

impl fmt::Display for CallPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} frame={} result={:?}@{}", self.text, self.frame_size, self.form, CallPlan::RESULT)?;
        for (i, parameter) in self.parameters.iter().enumerate() {
            write!(f, " a{i}={:?}@{}", parameter.slot, parameter.offset)?;
        }
        match &self.registers {
            Some(r) => write!(f, " direct({} int, {} float, {} stack)", r.integers, r.floats, r.stack),
            None => write!(f, " libffi"),
        }
    }
}
