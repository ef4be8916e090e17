//! Turns the signature of a callback into an immutable plan: where its frame has each argument, and what C gets back.
#![forbid(unsafe_code)]

use crate::error::{Code, Refusal, Result};
use crate::invoke;
use crate::plan::{HEADER_SIZE, Layout, Pointee, Shape};
use crate::signature::{Class, Scalar, Signature, Type};
use crate::sys::libffi::Cif;

/// What a callback may be asked for beyond its signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallbackOptions {
    /// Give the memory that typed pointer arguments lead to, to libc's `free` once it is copied.
    pub free_arguments: bool,
    /// Other threads do not wait until the function has run.
    pub nonblocking: bool,
}

/// How the result slot becomes what C gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// Nothing.
    Nothing,
    /// The value itself.
    Scalar(Widths),
    /// A handle, made its address.
    Handle,
    /// An offset into scratch, made the address of a copy that the callback keeps.
    Data,
    /// An offset into scratch, whose bytes C gets by value.
    Value,
}

/// How many of a result slot's bits C gets, and in which width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Bits above the value.
    unused: u32,
    signed: bool,
    /// Bytes that C gets: libffi wants integers as wide as a register.
    given: usize,
}

impl Widths {
    fn of(scalar: Scalar) -> Widths {
        let (size, class) = (scalar.size().min(8), scalar.class());
        let given = if class == Class::Float { size as usize } else { 8 };
        let signed = matches!(class, Class::Integer { signed: true });
        let unused = if class == Class::Float { 0 } else { 64 - 8 * size };
        Widths { unused, signed, given }
    }

    /// Gives the value in a result slot.
    #[inline]
    pub fn give(self, slot: u64, give: &mut dyn FnMut(&[u8])) {
        let Widths { unused, signed, given } = self;
        let high = slot << unused;
        let bytes = if signed { (high.cast_signed() >> unused).to_ne_bytes() } else { (high >> unused).to_ne_bytes() };
        if given == 8 { give(&bytes) } else { give(&bytes[..given]) }
    }
}

impl Returns {
    /// How the result slot's value is given, when that is all there is to do.
    #[inline]
    pub(crate) fn widths(self) -> Option<Widths> {
        if let Returns::Scalar(widths) = self { Some(widths) } else { None }
    }
}

/// A compiled callback. Immutable; owns its layouts and what libffi needs; any thread may read it.
#[derive(Debug)]
pub struct CallbackPlan {
    /// All arguments as one struct: members with their offsets from `start`.
    pub arguments: Layout,
    /// Bytes of the frame before scratch.
    pub frame_size: u32,
    /// Type of the result.
    pub result: Layout,
    /// What becomes of it.
    pub returns: Returns,
    /// Scalars in, a scalar or nothing out.
    pub brief: bool,
    /// What was asked for.
    pub options: CallbackOptions,
    interface: Cif,
}

const SLOT: u32 = 8;

impl CallbackPlan {
    /// Where the result slot lies, in bytes from the frame's base.
    pub const RESULT: u32 = HEADER_SIZE;

    /// Where the arguments begin.
    pub const START: u32 = (HEADER_SIZE + SLOT).next_multiple_of(16);

    /// Compiles a signature.
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE` when a type cannot be laid out or passed, or when a callback that nobody waits for returns.
    pub fn compile(signature: &Signature, options: CallbackOptions) -> Result<CallbackPlan> {
        let result = Layout::of(&signature.result)?;
        if options.nonblocking && signature.result != Type::Scalar(Scalar::Void) {
            return Err(Refusal::new(
                Code::Signature,
                "a nonblocking callback returns nothing: its caller does not wait",
            ));
        }
        let arguments = arguments(&signature.parameters)?;
        let interface = invoke::interface(&result, members(&arguments).iter().map(|(_, layout)| layout))?;
        let frame_size = (CallbackPlan::START + arguments.size).next_multiple_of(16);
        let returns = returns(&result);
        let brief = arguments.flat && matches!(returns, Returns::Nothing | Returns::Scalar(_));
        Ok(CallbackPlan { returns, brief, arguments, frame_size, result, options, interface })
    }

    /// The arguments with their offsets from [`CallbackPlan::START`].
    #[must_use]
    pub fn members(&self) -> &[(u32, Layout)] {
        members(&self.arguments)
    }

    /// What the front end needs: frame size, offset of the result, then of each argument.
    #[must_use]
    pub fn describe(&self) -> Vec<u32> {
        let offsets = self.members().iter().map(|(offset, _)| CallbackPlan::START + offset);
        [self.frame_size, CallbackPlan::RESULT].into_iter().chain(offsets).collect()
    }

    pub(super) fn interface(&self) -> &Cif {
        &self.interface
    }
}

/// Each argument begins on a slot of its own, where JavaScript can read 8 bytes at once.
fn arguments(parameters: &[Type]) -> Result<Layout> {
    let (mut laid, mut end) = (Vec::with_capacity(parameters.len()), 0u32);
    for parameter in parameters {
        let layout = Layout::of(parameter)?;
        let offset = end.next_multiple_of(layout.align.max(SLOT));
        end = offset.checked_add(layout.size.max(SLOT)).ok_or(Code::Signature)?;
        laid.push((offset, layout));
    }
    let flat = laid.iter().all(|(_, layout)| layout.flat);
    if end > crate::plan::MAX_SIZE {
        return Err(Refusal::new(Code::Signature, "the arguments of a callback are too large"));
    }
    Ok(Layout { size: end, align: SLOT, flat, shape: Shape::Members(laid) })
}

fn members(arguments: &Layout) -> &[(u32, Layout)] {
    match &arguments.shape {
        Shape::Members(members) => members,
        _ => &[],
    }
}

fn returns(result: &Layout) -> Returns {
    match &result.shape {
        Shape::Scalar(Scalar::Void) => Returns::Nothing,
        Shape::Scalar(scalar) => Returns::Scalar(Widths::of(*scalar)),
        Shape::Pointer(Pointee::Opaque) => Returns::Handle,
        Shape::Pointer(_) => Returns::Data,
        Shape::Array { .. } | Shape::Members(_) => Returns::Value,
    }
}
