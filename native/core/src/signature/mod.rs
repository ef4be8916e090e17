//! Turns canonical signature text (`i32(*i8,{f64,f64})`, variadic `i32(str;i32,f64)`) into a tree of C types.
//!
//! The canonical form is what every front end (ffi-rs descriptions today, C prototypes later) is reduced to. It names
//! no fields: two structs of the same shape are the same type here.
#![forbid(unsafe_code)]

mod reader;
mod scalar;
#[cfg(test)]
mod tests;

pub use reader::{read_signature, read_type};
pub use scalar::{Class, Scalar};

/// What a pointer points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `ptr`: nothing is known; JavaScript sees a handle.
    Opaque,
    /// `str`: UTF-8 up to a NUL.
    Text,
    /// `wstr`: `wchar_t` units up to a zero unit.
    WideText,
    /// `fn(result(parameters))`: code; JavaScript passes a function or sees a handle.
    Function(Box<Signature>),
    /// `*T`: one value of a known type (an array type for `T[n]`).
    To(Box<Type>),
}

/// A C type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// A row of the scalar table.
    Scalar(Scalar),
    /// A pointer.
    Pointer(Target),
    /// `[n]T`: n items in place.
    Array(Box<Type>, u32),
    /// `{T,T}` in place.
    Struct(Aggregate),
    /// `<T,T>`: all members at offset 0.
    Union(Aggregate),
}

/// The members of a struct or union and what overrides their natural layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// In declaration order.
    pub members: Vec<Type>,
    /// `#n;`: no member is aligned to more than n (like `#pragma pack(n)`).
    pub pack: Option<u32>,
    /// `@n;`: the whole is aligned to at least n (like `alignas(n)`).
    pub align: Option<u32>,
}

/// A function's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// What it returns; `void` for nothing.
    pub result: Type,
    /// What it takes, in order; never `void`.
    pub parameters: Vec<Type>,
    /// How many parameters come before C's `...`, the rest being the tail of one call; none when there is no `...`.
    pub fixed: Option<u32>,
}
