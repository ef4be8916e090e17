//! Turns a C type into sizes, alignments and offsets, as the platform's C compiler lays it out.

use crate::error::{Code, Refusal, Result};
use crate::signature::{Aggregate, Scalar, Target, Type};

/// A type above this size is refused: offsets stay within 31 bits, with room to add a frame's own.
pub const MAX_SIZE: u32 = 1 << 30;

/// Where a pointer leads, with the layout of what is there.
#[derive(Debug, PartialEq, Eq)]
pub enum Pointee {
    /// Unknown; JavaScript sees a handle.
    Opaque,
    /// UTF-8 up to a NUL.
    Text,
    /// `wchar_t` units up to a zero unit.
    WideText,
    /// A value of this layout.
    To(Box<Layout>),
}

/// What a layout is made of.
#[derive(Debug, PartialEq, Eq)]
pub enum Shape {
    /// A row of the scalar table.
    Scalar(Scalar),
    /// A pointer.
    Pointer(Pointee),
    /// Items one after the other.
    Array {
        /// How many.
        count: u32,
        /// Layout of each.
        item: Box<Layout>,
    },
    /// Members of a struct or union with their offsets.
    Members(Vec<(u32, Layout)>),
}

/// An immutable layout. Owns its children; plain data, usable from any thread.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes, trailing padding included.
    pub size: u32,
    /// A power of two.
    pub align: u32,
    /// Holds no pointer anywhere in place, so that a copy of its bytes is a copy of its value.
    pub flat: bool,
    /// What it is made of.
    pub shape: Shape,
}

impl Layout {
    /// Lays out a type.
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE` when the type exceeds [`MAX_SIZE`].
    pub fn of(kind: &Type) -> Result<Layout> {
        match kind {
            Type::Scalar(scalar) => Ok(Layout {
                size: scalar.size(),
                align: scalar.size().max(1),
                flat: true,
                shape: Shape::Scalar(*scalar),
            }),
            Type::Pointer(target) => Layout::pointer(target),
            Type::Array(item, count) => Layout::array(Layout::of(item)?, *count),
            Type::Struct(aggregate) => Layout::members(aggregate, false),
            Type::Union(aggregate) => Layout::members(aggregate, true),
        }
    }

    fn pointer(target: &Target) -> Result<Layout> {
        let pointee = match target {
            // Nothing is read where code lies: like any address of unknown contents.
            Target::Opaque | Target::Function(_) => Pointee::Opaque,
            Target::Text => Pointee::Text,
            Target::WideText => Pointee::WideText,
            Target::To(kind) => Pointee::To(Box::new(Layout::of(kind)?)),
        };
        let word = size_of::<usize>() as u32;
        Ok(Layout { size: word, align: word, flat: false, shape: Shape::Pointer(pointee) })
    }

    fn array(item: Layout, count: u32) -> Result<Layout> {
        let size = u64::from(item.size) * u64::from(count);
        Ok(Layout {
            size: within_limit(size)?,
            align: item.align,
            flat: item.flat,
            shape: Shape::Array { count, item: Box::new(item) },
        })
    }

    fn members(aggregate: &Aggregate, overlap: bool) -> Result<Layout> {
        let mut members = Vec::with_capacity(aggregate.members.len());
        let (mut end, mut widest) = (0u64, 1u32);
        for member in &aggregate.members {
            let layout = Layout::of(member)?;
            let align = layout.align.min(aggregate.pack.unwrap_or(u32::MAX));
            let offset = if overlap { 0 } else { end.next_multiple_of(u64::from(align)) };
            end = end.max(offset + u64::from(layout.size));
            widest = widest.max(align);
            members.push((within_limit(offset)?, layout));
        }
        let align = widest.max(aggregate.align.unwrap_or(1));
        Ok(Layout {
            size: within_limit(end.next_multiple_of(u64::from(align)))?,
            align,
            flat: members.iter().all(|(_, layout)| layout.flat),
            shape: Shape::Members(members),
        })
    }

    /// Whether following a typed pointer at `offset` makes sense in memory of this type: there is a pointer, or bytes
    /// or 64-bit integers that may hold an address, or nothing is known of that place.
    #[must_use]
    pub fn may_hold_pointer(&self, offset: u32) -> bool {
        match &self.shape {
            Shape::Pointer(_) => offset == 0,
            Shape::Scalar(scalar) => {
                matches!(scalar, Scalar::U8 | Scalar::I8)
                    || (offset == 0 && matches!(scalar, Scalar::I64 | Scalar::U64 | Scalar::Isize | Scalar::Usize))
            }
            Shape::Array { item, .. } => item.size != 0 && item.may_hold_pointer(offset % item.size),
            Shape::Members(members) => members
                .iter()
                .any(|(at, member)| offset >= *at && offset - at < member.size && member.may_hold_pointer(offset - at)),
        }
    }

    /// The layout in preorder as numbers, for the front end: size, align, then each member's offset before the
    /// member itself; arrays and typed pointers are followed by their item.
    pub fn describe(&self, out: &mut Vec<u32>) {
        out.extend([self.size, self.align]);
        match &self.shape {
            Shape::Scalar(_) | Shape::Pointer(Pointee::Opaque | Pointee::Text | Pointee::WideText) => {}
            Shape::Pointer(Pointee::To(item)) | Shape::Array { item, .. } => item.describe(out),
            Shape::Members(members) => {
                for (offset, member) in members {
                    out.push(*offset);
                    member.describe(out);
                }
            }
        }
    }
}

fn within_limit(size: u64) -> Result<u32> {
    match u32::try_from(size) {
        Ok(size) if size <= MAX_SIZE => Ok(size),
        _ => Err(Refusal::new(Code::Signature, format!("a type of {size} bytes exceeds the limit of {MAX_SIZE}"))),
    }
}
