//! Turns canonical text into types, refusing everything it does not know with the place where it stopped.

use super::{Aggregate, Scalar, Signature, Target, Type};
use crate::error::{Code, Refusal, Result};

/// Deeper nesting is refused, so that no later walk over a type can exhaust the machine's stack.
const MAX_DEPTH: u32 = 64;

/// Reads a whole signature, e.g. `f64(i32,str,{u8,[3]f32})`, or of one call of a variadic function `i32(str;i32,f64)`.
///
/// # Errors
/// `ERR_FFI_SIGNATURE` with the byte position of the first thing that does not belong.
pub fn read_signature(text: &str) -> Result<Signature> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let result = reader.read_type()?;
    reader.expect(b'(')?;
    let mut parameters = reader.read_parameters()?;
    let fixed = if reader.take(b';') { Some(reader.read_tail(&mut parameters)?) } else { None };
    reader.expect(b')')?;
    reader.finish()?;
    Ok(Signature { result, parameters, fixed })
}

/// Reads one type.
///
/// # Errors
/// `ERR_FFI_SIGNATURE` with the byte position of the first thing that does not belong.
pub fn read_type(text: &str) -> Result<Type> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let read = reader.read_type()?;
    reader.finish()?;
    Ok(read)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
}

impl Reader<'_> {
    /// A function's type behind `fn`, in parentheses of its own.
    fn read_function(&mut self) -> Result<Type> {
        self.expect(b'(')?;
        let result = self.read_type()?;
        self.expect(b'(')?;
        let parameters = self.read_parameters()?;
        self.expect(b')')?;
        self.expect(b')')?;
        Ok(Type::Pointer(Target::Function(Box::new(Signature { result, parameters, fixed: None }))))
    }

    /// Types up to the first byte that belongs to none.
    fn read_parameters(&mut self) -> Result<Vec<Type>> {
        let mut parameters = Vec::new();
        if matches!(self.peek(), Some(b')' | b';')) {
            return Ok(parameters);
        }
        loop {
            let parameter = self.read_type()?;
            if parameter == Type::Scalar(Scalar::Void) {
                return Err(self.refuse("a parameter cannot be void"));
            }
            parameters.push(parameter);
            if !self.take(b',') {
                return Ok(parameters);
            }
        }
    }

    /// The types behind `...`, as C promotes them, added to those before it. Returns how many those were.
    fn read_tail(&mut self, parameters: &mut Vec<Type>) -> Result<u32> {
        if parameters.is_empty() {
            return Err(self.refuse("a variadic function has a parameter before its tail"));
        }
        let fixed = parameters.len() as u32;
        let tail = self.read_parameters()?;
        if tail.iter().any(|of| matches!(of, Type::Scalar(scalar) if !scalar.is_promoted())) {
            return Err(self.refuse("C promotes float to double and integers below int to int in a variadic tail"));
        }
        parameters.extend(tail);
        Ok(fixed)
    }

    fn read_type(&mut self) -> Result<Type> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.refuse("types are nested too deeply"));
        }
        let read = match self.peek() {
            Some(b'*') => {
                self.at += 1;
                Ok(Type::Pointer(Target::To(Box::new(self.read_value_type()?))))
            }
            Some(b'[') => self.read_array(),
            Some(b'{') => Ok(Type::Struct(self.read_aggregate(b'}')?)),
            Some(b'<') => Ok(Type::Union(self.read_aggregate(b'>')?)),
            _ => self.read_name(),
        };
        self.depth -= 1;
        read
    }

    /// A type that occupies memory: everything but `void`.
    fn read_value_type(&mut self) -> Result<Type> {
        match self.read_type()? {
            Type::Scalar(Scalar::Void) => Err(self.refuse("void has no size")),
            other => Ok(other),
        }
    }

    fn read_array(&mut self) -> Result<Type> {
        self.expect(b'[')?;
        let count = self.read_number()?;
        self.expect(b']')?;
        Ok(Type::Array(Box::new(self.read_value_type()?), count))
    }

    fn read_aggregate(&mut self, close: u8) -> Result<Aggregate> {
        self.at += 1;
        let pack = self.read_override(b'#')?;
        let align = self.read_override(b'@')?;
        let mut members = vec![self.read_value_type()?];
        while self.take(b',') {
            members.push(self.read_value_type()?);
        }
        self.expect(close)?;
        Ok(Aggregate { members, pack, align })
    }

    fn read_override(&mut self, mark: u8) -> Result<Option<u32>> {
        if !self.take(mark) {
            return Ok(None);
        }
        let value = self.read_number()?;
        if !value.is_power_of_two() || value > 4096 {
            return Err(self.refuse("an alignment is a power of two up to 4096"));
        }
        self.expect(b';')?;
        Ok(Some(value))
    }

    fn read_number(&mut self) -> Result<u32> {
        let digits = self.span(|b| b.is_ascii_digit());
        digits.parse().map_err(|_| self.refuse("expected a number below 2^32"))
    }

    fn read_name(&mut self) -> Result<Type> {
        let start = self.at;
        let name = self.span(|b| b.is_ascii_alphanumeric());
        match name {
            "ptr" => Ok(Type::Pointer(Target::Opaque)),
            "str" => Ok(Type::Pointer(Target::Text)),
            "wstr" => Ok(Type::Pointer(Target::WideText)),
            "fn" => self.read_function(),
            _ => match Scalar::from_name(name) {
                Some(scalar) => Ok(Type::Scalar(scalar)),
                None => {
                    self.at = start;
                    Err(self.refuse("expected a type"))
                }
            },
        }
    }

    fn span(&mut self, keep: impl Fn(u8) -> bool) -> &str {
        let start = self.at;
        while self.peek().is_some_and(&keep) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.refuse(&format!("expected '{}'", byte as char))) }
    }

    fn finish(&mut self) -> Result<()> {
        if self.at == self.text.len() { Ok(()) } else { Err(self.refuse("expected the end")) }
    }

    fn refuse(&self, what: &str) -> Refusal {
        Refusal::new(Code::Signature, format!("{what} at {} of '{}'", self.at, self.text))
    }
}
