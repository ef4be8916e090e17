//! Turns a frame's slots into a libffi call: the engine for every signature that `direct` does not know.

use std::ffi::c_void;

use crate::error::{Code, Refusal, Result};
use crate::frame::Frame;
use crate::plan::{CallPlan, Layout, Shape, Slot};
use crate::signature::Scalar;
use crate::sys::libffi::{AbiType, Cif, size_align};

/// By-value types of more elements are refused: libffi wants each one described.
const MAX_ELEMENTS: usize = 65_536;

/// Arguments up to this many need no allocation.
const INLINE: usize = 24;

/// Describes a plan to libffi.
///
/// # Errors
/// `ERR_FFI_SIGNATURE` for by-value types that libffi cannot pass as C does (unions, packed structs), or not at all.
pub(super) fn prepare(plan: &CallPlan) -> Result<Cif> {
    let arguments = plan.parameters.iter().map(|parameter| abi_type(&parameter.layout)).collect::<Result<Vec<_>>>()?;
    let result = abi_type(&plan.result)?;
    let prepared = match plan.fixed {
        Some(fixed) => Cif::variadic(&result, &arguments, fixed),
        None => Cif::new(&result, &arguments),
    };
    prepared.map_err(|words| Refusal::new(Code::Signature, words))
}

/// Describes the type of a callback to libffi.
///
/// # Errors
/// As [`prepare`].
pub fn interface<'l>(result: &Layout, parameters: impl Iterator<Item = &'l Layout>) -> Result<Cif> {
    let arguments = parameters.map(abi_type).collect::<Result<Vec<_>>>()?;
    Cif::new(&abi_type(result)?, &arguments).map_err(|words| Refusal::new(Code::Signature, words))
}

fn abi_type(layout: &Layout) -> Result<AbiType> {
    let mut elements = Vec::new();
    flatten(layout, &mut elements)?;
    match (&layout.shape, elements.pop()) {
        (Shape::Scalar(_) | Shape::Pointer(_), Some(only)) => Ok(only),
        (_, last) => {
            elements.extend(last);
            let by_value = AbiType::Struct(elements);
            let seen = size_align(&by_value).map_err(|words| Refusal::new(Code::Signature, words))?;
            if seen == (layout.size as usize, layout.align as usize) {
                Ok(by_value)
            } else {
                Err(Refusal::new(Code::Signature, "a packed or over-aligned struct cannot be passed by value"))
            }
        }
    }
}

fn flatten(layout: &Layout, out: &mut Vec<AbiType>) -> Result<()> {
    if out.len() > MAX_ELEMENTS {
        return Err(Refusal::new(Code::Signature, format!("a by-value type has at most {MAX_ELEMENTS} elements")));
    }
    match &layout.shape {
        Shape::Scalar(scalar) => out.push(abi_scalar(*scalar)),
        Shape::Pointer(_) => out.push(AbiType::Pointer),
        Shape::Array { count, item } => (0..*count).try_for_each(|_| flatten(item, out))?,
        Shape::Members(members) => {
            let overlap = members.len() > 1 && members.iter().all(|(offset, _)| *offset == 0);
            if overlap {
                return Err(Refusal::new(Code::Signature, "a union cannot be passed by value"));
            }
            let mut nested = Vec::new();
            members.iter().try_for_each(|(_, member)| flatten(member, &mut nested))?;
            out.push(AbiType::Struct(nested));
        }
    }
    Ok(())
}

fn abi_scalar(scalar: Scalar) -> AbiType {
    match scalar {
        Scalar::Void => AbiType::Void,
        Scalar::I8 => AbiType::I8,
        Scalar::Bool | Scalar::U8 => AbiType::U8,
        Scalar::I16 => AbiType::I16,
        Scalar::U16 => AbiType::U16,
        Scalar::I32 => AbiType::I32,
        Scalar::U32 => AbiType::U32,
        Scalar::I64 | Scalar::Isize => AbiType::I64,
        Scalar::U64 | Scalar::Usize => AbiType::U64,
        Scalar::F32 => AbiType::F32,
        Scalar::F64 => AbiType::F64,
    }
}

/// Makes the call. libffi widens small integer results to eight bytes, which is what the result slot has at least.
///
/// # Safety
/// - `code` is a function of the plan's signature, its library loaded until this returns.
/// - `frame` holds the plan's slots, references already made addresses.
pub(super) unsafe fn call(cif: &Cif, plan: &CallPlan, code: *const c_void, frame: Frame) {
    let mut inline = [std::ptr::null_mut::<c_void>(); INLINE];
    let mut spilled = Vec::new();
    let values: &mut [*mut c_void] = match inline.get_mut(..plan.parameters.len()) {
        Some(values) => values,
        None => {
            spilled.resize(plan.parameters.len(), std::ptr::null_mut());
            &mut spilled
        }
    };
    let base = frame.base().as_ptr();
    for (value, parameter) in values.iter_mut().zip(&plan.parameters) {
        *value = match parameter.slot {
            Slot::Aggregate => frame.long(parameter.offset) as usize as *mut c_void,
            _ => base.wrapping_add(parameter.offset as usize).cast(),
        };
    }
    let result = base.wrapping_add(CallPlan::RESULT as usize).cast();
    // SAFETY: each value points to its argument (in its slot, or for an aggregate in scratch, where `begin` found it
    // inside the image); the result slot has room for the widened result; the rest is the caller's promise.
    unsafe { cif.call(code, result, values.as_mut_ptr()) }
}
