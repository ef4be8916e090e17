//! Turns every way a call or an access can be refused into one stable code with its explanation.
#![forbid(unsafe_code)]

use std::fmt;

macro_rules! codes {
    ($($variant:ident = $number:literal, $name:literal, $doc:literal;)*) => {
        /// Why something was refused. The number crosses to JavaScript in the frame's status word, the name is public API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Code {
            $(#[doc = $doc] $variant = $number,)*
        }

        impl Code {
            /// Every code, in the order of its number.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The public name, stable across releases.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }
        }
    };
}

codes! {
    Unbound = 1, "ERR_FFI_LIBRARY_NOT_OPEN", "The function was never bound to a library's symbol.";
    LibraryClosed = 2, "ERR_FFI_LIBRARY_CLOSED", "The library of the function was closed.";
    LibraryLoad = 3, "ERR_FFI_LIBRARY_LOAD", "The loader refused the file.";
    SymbolNotFound = 4, "ERR_FFI_SYMBOL_NOT_FOUND", "The library has no such symbol.";
    SymbolNotFunction = 5, "ERR_FFI_SYMBOL_NOT_FUNCTION", "The symbol names data.";
    Variadic = 6, "ERR_FFI_VARIADIC", "The symbol is a variadic C function.";
    Signature = 7, "ERR_FFI_SIGNATURE", "A type or signature cannot be laid out or called.";
    StackOverflow = 8, "ERR_FFI_STACK_OVERFLOW", "The frame does not fit the call stack.";
    UseAfterFree = 9, "ERR_FFI_USE_AFTER_FREE", "The pointer's memory was freed.";
    DoubleFree = 10, "ERR_FFI_DOUBLE_FREE", "The pointer's memory was freed before.";
    AllocatorMismatch = 11, "ERR_FFI_ALLOCATOR_MISMATCH", "The memory belongs to another allocator.";
    NotOwner = 12, "ERR_FFI_NOT_OWNER", "The pointer does not own what it points to.";
    OutOfBounds = 13, "ERR_FFI_OUT_OF_BOUNDS", "The access leaves the memory's known extent.";
    BadAddress = 14, "ERR_FFI_BAD_ADDRESS", "No readable memory at this address.";
    NullPointer = 15, "ERR_FFI_NULL_POINTER", "The pointer is NULL.";
    Misaligned = 16, "ERR_FFI_MISALIGNED", "The address is not a multiple of the type's alignment.";
    PointerType = 17, "ERR_FFI_POINTER_TYPE", "The memory holds no pointer where the type has one.";
    BufferDetached = 18, "ERR_FFI_BUFFER_DETACHED", "The JavaScript buffer behind the memory was detached.";
    OutOfMemory = 19, "ERR_FFI_OUT_OF_MEMORY", "The allocation failed or exceeds the limit.";
    Unterminated = 20, "ERR_FFI_STRING_UNTERMINATED", "No NUL within the memory's known extent.";
    Internal = 21, "ERR_FFI_INTERNAL", "A defect of Holdfast itself; nothing was called.";
    Overrun = 22, "ERR_FFI_OVERRUN", "C wrote outside of guarded memory.";
    NotPinnable = 23, "ERR_FFI_NOT_PINNABLE", "The memory cannot be kept for an asynchronous call.";
    QueueFull = 24, "ERR_FFI_QUEUE_FULL", "Too many asynchronous calls are pending.";
    CallbackThrew = 25, "ERR_FFI_CALLBACK_THREW", "A callback threw, and what it threw could not be kept.";
    CallbackReleased = 26, "ERR_FFI_CALLBACK_RELEASED", "C called a callback that was released.";
    CallbackDeadlock = 27, "ERR_FFI_CALLBACK_DEADLOCK", "A thread waited for JavaScript, which waited for the call.";
    Moved = 28, "ERR_FFI_MOVED", "The pointer's memory was handed over to C.";
    Fork = 29, "ERR_FFI_FORK", "The function would fork the process.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A refusal with its explanation, for paths where building a sentence does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// What was expected and what was met, without the code.
    pub message: String,
}

impl Refusal {
    /// A refusal that explains itself.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Refusal { code, message: message.into() }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Refusal { code, message: String::new() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

/// What most of the core returns.
pub type Result<T> = std::result::Result<T, Refusal>;

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn numbers_are_dense_so_that_the_status_word_can_index_a_table() {
        for (i, code) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, i + 1);
            assert!(code.name().starts_with("ERR_FFI_"));
        }
    }
}
