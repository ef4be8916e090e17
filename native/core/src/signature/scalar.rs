//! Turns a scalar's name into everything the core knows of it: one row a type.

/// How the C ABI carries a value of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// No value.
    Void,
    /// An integer register or slot.
    Integer {
        /// Sign-extended when widened.
        signed: bool,
    },
    /// A floating-point register or slot.
    Float,
}

macro_rules! scalars {
    ($($variant:ident $name:literal $size:expr, $class:expr;)*) => {
        /// A C scalar. Alignment equals size on every platform Holdfast supports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Scalar {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Scalar {
            /// Every row of the table.
            pub const ALL: &'static [Scalar] = &[$(Scalar::$variant),*];

            /// The name in a canonical signature.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Scalar::$variant => $name,)* }
            }

            /// Bytes in memory.
            #[must_use]
            pub const fn size(self) -> u32 {
                match self { $(Scalar::$variant => $size as u32,)* }
            }

            /// How the ABI carries it.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Scalar::$variant => $class,)* }
            }
        }
    };
}

const WORD: usize = size_of::<usize>();
const SIGNED: Class = Class::Integer { signed: true };
const UNSIGNED: Class = Class::Integer { signed: false };

scalars! {
    Void "void" 0, Class::Void;
    Bool "bool" 1, UNSIGNED;
    I8 "i8" 1, SIGNED;
    U8 "u8" 1, UNSIGNED;
    I16 "i16" 2, SIGNED;
    U16 "u16" 2, UNSIGNED;
    I32 "i32" 4, SIGNED;
    U32 "u32" 4, UNSIGNED;
    I64 "i64" 8, SIGNED;
    U64 "u64" 8, UNSIGNED;
    Isize "isize" WORD, SIGNED;
    Usize "usize" WORD, UNSIGNED;
    F32 "f32" 4, Class::Float;
    F64 "f64" 8, Class::Float;
}

impl Scalar {
    /// Whether C's default argument promotions (C11 6.5.2.2) leave the type as it is.
    #[must_use]
    pub fn is_promoted(self) -> bool {
        self.size() >= if self.class() == Class::Float { Scalar::F64.size() } else { Scalar::I32.size() }
    }

    /// The row of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Scalar> {
        Scalar::ALL.iter().copied().find(|s| s.name() == name)
    }
}
