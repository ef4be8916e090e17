//! Turns a list of C types into a prepared libffi call interface, and calls through it.

use libc::c_void;
use libffi_sys::{
    FFI_TYPE_STRUCT, ffi_abi_FFI_DEFAULT_ABI, ffi_call, ffi_cif, ffi_prep_cif, ffi_prep_cif_var, ffi_status_FFI_OK,
    ffi_type,
};
use std::fmt;
use std::ptr::NonNull;

#[cfg(test)]
mod tests;

/// A C type as far as its place in registers and memory goes. Owns its elements; plain data for any thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AbiType {
    /// No value; of results only.
    Void,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 64 bits.
    U64,
    /// `float`.
    F32,
    /// `double`.
    F64,
    /// Any address.
    Pointer,
    /// A struct by value, with its fields in order; an array field is its elements, one by one. Never empty.
    Struct(Vec<AbiType>),
}

/// A heap value that libffi refers to by address.
///
/// Owns the value, dropped with it; the address never changes while it lives. Kept as a raw pointer because a `Box` may
/// not be moved while others hold its address. Any thread may hold it; who reads or writes the value is for its user.
struct Pinned<T: ?Sized>(NonNull<T>);

impl<T: ?Sized> Pinned<T> {
    fn new(value: Box<T>) -> Self {
        Self(NonNull::from(Box::leak(value)))
    }
}

impl<T: ?Sized> fmt::Debug for Pinned<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<T: ?Sized> Drop for Pinned<T> {
    fn drop(&mut self) {
        // SAFETY: from the box leaked in `new`, and given back here only.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// libffi's description of one struct type.
///
/// Owns the description and its list of elements (which refer to other descriptions or to libffi's static ones); released
/// with the `Cif` that it was made for. libffi writes size and alignment into it while that is prepared, and then it is
/// only read, by any thread.
#[derive(Debug)]
struct StructType {
    _description: Pinned<ffi_type>,
    _elements: Pinned<[*mut ffi_type]>,
}

/// A prepared call interface: how results and arguments of one signature travel.
///
/// Owns every description that libffi refers to, released on drop. May be used on any thread, by several at once.
#[derive(Debug)]
pub struct Cif {
    interface: Pinned<ffi_cif>,
    result: *mut ffi_type,
    _arguments: Pinned<[*mut ffi_type]>,
    _structs: Vec<StructType>,
}

// SAFETY: all that the pointers refer to is owned by the value or static, and is bound to no thread.
unsafe impl Send for Cif {}
// SAFETY: libffi writes to interface and descriptions in `ffi_prep_cif` only, before the value exists for others;
// `ffi_call` reads them.
unsafe impl Sync for Cif {}

impl Cif {
    /// Prepares calls of functions that take `arguments` and return `result`, in the platform's C convention.
    ///
    /// # Errors
    /// What is wrong with a type: void or an empty struct where a value is needed, or libffi's refusal.
    pub fn new(result: &AbiType, arguments: &[AbiType]) -> Result<Cif, String> {
        Cif::prepare(result, arguments, None)
    }

    /// As `new`, for a variadic function that declares the first `fixed` of the arguments; the others are of types that
    /// C's default promotions leave as they are.
    ///
    /// # Errors
    /// As `new`.
    pub fn variadic(result: &AbiType, arguments: &[AbiType], fixed: u32) -> Result<Cif, String> {
        Cif::prepare(result, arguments, Some(fixed))
    }

    fn prepare(result: &AbiType, arguments: &[AbiType], fixed: Option<u32>) -> Result<Cif, String> {
        let mut structs = Vec::new();
        let result = describe(result, &mut structs)?;
        let arguments = describe_all(arguments, &mut structs)?;
        let count = u32::try_from(arguments.len()).map_err(|_| "too many arguments".to_owned())?;
        let arguments = Pinned::new(arguments.into_boxed_slice());
        let interface = Pinned::new(Box::new(ffi_cif::default()));
        let types = arguments.0.as_ptr().cast();
        let (place, abi) = (interface.0.as_ptr(), ffi_abi_FFI_DEFAULT_ABI);
        let status = match fixed {
            // SAFETY: interface and descriptions are alive, not yet shared, and stay where they are: the value returned
            // below owns them.
            None => unsafe { ffi_prep_cif(place, abi, count, result, types) },
            Some(fixed) if fixed == 0 || fixed > count => {
                return Err(format!("{fixed} of {count} arguments are before a variadic tail"));
            }
            // SAFETY: as above; of `count` arguments, `fixed` are before the tail, at least one (the check above).
            Some(fixed) => unsafe { ffi_prep_cif_var(place, abi, fixed, count, result, types) },
        };
        if status != ffi_status_FFI_OK {
            return Err(format!("libffi refuses the signature (status {status})"));
        }
        Ok(Cif { interface, result, _arguments: arguments, _structs: structs })
    }

    /// What libffi knows of the signature, at an address that does not change while this lives.
    pub(super) fn interface(&self) -> *mut ffi_cif {
        self.interface.0.as_ptr()
    }

    /// Calls `code` with the argument values that `arguments` points to and stores what it returns in `result`.
    ///
    /// libffi widens an integer result narrower than a register: all 8 bytes at `result` are then written, zero- or
    /// sign-extended by the declared type, so that on a little-endian machine the value can be read in its own width
    /// or in any larger one up to 8.
    ///
    /// # Safety
    /// - `code` is a function of this signature, in the C convention, that stays loaded until it returns.
    /// - `result` is writable for the size of the result type and for at least 8 bytes, and aligned to 8; it may be
    ///   anything if the result is void.
    /// - `arguments` points to one pointer for each argument, each to a readable, aligned value of its type. libffi may
    ///   overwrite these pointers.
    /// - What the function does with its arguments is within what they allow.
    #[inline]
    pub unsafe fn call(&self, code: *const c_void, result: *mut c_void, arguments: *mut *mut c_void) {
        // SAFETY: by the caller's promise it is a function; libffi calls it by the prepared signature, not by this type.
        let code = unsafe { std::mem::transmute::<*const c_void, Option<unsafe extern "C" fn()>>(code) };
        // SAFETY: the interface is prepared, and `ffi_call` does not write to it; the rest is the caller's promise.
        unsafe { ffi_call(self.interface.0.as_ptr(), code, result, arguments) };
    }
}

/// Size and alignment in bytes, as libffi lays the type out. Void is `(0, 1)`.
///
/// # Errors
/// What is wrong with the type: void or nothing inside a struct.
pub fn size_align(of: &AbiType) -> Result<(usize, usize), String> {
    if *of == AbiType::Void {
        return Ok((0, 1));
    }
    // Preparing it as a result makes libffi fill in the description.
    let cif = Cif::new(of, &[])?;
    // SAFETY: owned by `cif` or static; nothing writes to it any more.
    let description = unsafe { &*cif.result };
    Ok((description.size, usize::from(description.alignment)))
}

/// libffi's description of a type; those that are not static are added to `structs`, which has to outlive it.
fn describe(of: &AbiType, structs: &mut Vec<StructType>) -> Result<*mut ffi_type, String> {
    Ok(match of {
        AbiType::Void => &raw mut libffi_sys::ffi_type_void,
        AbiType::I8 => &raw mut libffi_sys::ffi_type_sint8,
        AbiType::U8 => &raw mut libffi_sys::ffi_type_uint8,
        AbiType::I16 => &raw mut libffi_sys::ffi_type_sint16,
        AbiType::U16 => &raw mut libffi_sys::ffi_type_uint16,
        AbiType::I32 => &raw mut libffi_sys::ffi_type_sint32,
        AbiType::U32 => &raw mut libffi_sys::ffi_type_uint32,
        AbiType::I64 => &raw mut libffi_sys::ffi_type_sint64,
        AbiType::U64 => &raw mut libffi_sys::ffi_type_uint64,
        AbiType::F32 => &raw mut libffi_sys::ffi_type_float,
        AbiType::F64 => &raw mut libffi_sys::ffi_type_double,
        AbiType::Pointer => &raw mut libffi_sys::ffi_type_pointer,
        AbiType::Struct(fields) => describe_struct(fields, structs)?,
    })
}

/// Descriptions of values: of arguments, or of fields.
fn describe_all(types: &[AbiType], structs: &mut Vec<StructType>) -> Result<Vec<*mut ffi_type>, String> {
    let value =
        |of: &AbiType| if *of == AbiType::Void { Err("void is no value".to_owned()) } else { describe(of, structs) };
    types.iter().map(value).collect()
}

fn describe_struct(fields: &[AbiType], structs: &mut Vec<StructType>) -> Result<*mut ffi_type, String> {
    if fields.is_empty() {
        return Err("a struct by value needs a field".to_owned());
    }
    let mut elements = describe_all(fields, structs)?;
    elements.push(std::ptr::null_mut()); // libffi's end of list
    let elements = Pinned::new(elements.into_boxed_slice());
    let description = ffi_type { type_: FFI_TYPE_STRUCT, elements: elements.0.as_ptr().cast(), ..ffi_type::default() };
    let description = Pinned::new(Box::new(description));
    let address = description.0.as_ptr();
    structs.push(StructType { _description: description, _elements: elements });
    Ok(address)
}
