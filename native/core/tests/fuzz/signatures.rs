//! Turns random signatures, whole and broken, into the reader: what is well formed is read as it was meant, and nothing
//! else brings it down.

use holdfast_core::error::Code;
use holdfast_core::plan::{CallPlan, Options};
use holdfast_core::signature::{Aggregate, Scalar, Signature, Target, Type, read_signature, read_type};

use super::random::Random;

/// A random type that has a size, and no more than `depth` levels.
pub(crate) fn type_of(random: &mut Random, depth: usize) -> Type {
    let scalar = |random: &mut Random| loop {
        let scalar = *random.pick(Scalar::ALL);
        if scalar != Scalar::Void {
            return Type::Scalar(scalar);
        }
    };
    if depth == 0 {
        return scalar(random);
    }
    match random.below(10) {
        0 => Type::Pointer(Target::Opaque),
        1 => Type::Pointer(Target::Text),
        2 => Type::Pointer(Target::WideText),
        3 => Type::Pointer(Target::To(Box::new(type_of(random, depth - 1)))),
        4 => Type::Array(Box::new(type_of(random, depth - 1)), random.below(20) as u32),
        5 => Type::Struct(aggregate(random, depth)),
        6 => Type::Union(aggregate(random, depth)),
        7 => Type::Pointer(Target::Function(Box::new(callback(random, depth)))),
        _ => scalar(random),
    }
}

fn callback(random: &mut Random, depth: usize) -> Signature {
    let parameters = (0..random.below(4)).map(|_| type_of(random, depth - 1)).collect();
    let result = if random.once_in(3) { Type::Scalar(Scalar::Void) } else { type_of(random, depth - 1) };
    Signature { result, parameters, fixed: None }
}

fn aggregate(random: &mut Random, depth: usize) -> Aggregate {
    let members = (0..1 + random.below(5)).map(|_| type_of(random, depth - 1)).collect();
    let power = |random: &mut Random| random.once_in(4).then(|| 1 << random.below(13));
    Aggregate { members, pack: power(random), align: power(random) }
}

/// The canonical text of a type, written independently of what prints plans.
pub(crate) fn text_of(kind: &Type) -> String {
    match kind {
        Type::Scalar(scalar) => scalar.name().to_owned(),
        Type::Pointer(Target::Opaque) => "ptr".to_owned(),
        Type::Pointer(Target::Text) => "str".to_owned(),
        Type::Pointer(Target::WideText) => "wstr".to_owned(),
        Type::Pointer(Target::To(target)) => format!("*{}", text_of(target)),
        Type::Pointer(Target::Function(signature)) => {
            let parameters: Vec<_> = signature.parameters.iter().map(text_of).collect();
            format!("fn({}({}))", text_of(&signature.result), parameters.join(","))
        }
        Type::Array(item, count) => format!("[{count}]{}", text_of(item)),
        Type::Struct(inner) => format!("{{{}}}", text_of_members(inner)),
        Type::Union(inner) => format!("<{}>", text_of_members(inner)),
    }
}

fn text_of_members(aggregate: &Aggregate) -> String {
    let mark = |sign: char, value: Option<u32>| value.map_or(String::new(), |value| format!("{sign}{value};"));
    let members: Vec<_> = aggregate.members.iter().map(text_of).collect();
    format!("{}{}{}", mark('#', aggregate.pack), mark('@', aggregate.align), members.join(","))
}

/// Changes a few bytes: removes, repeats, or puts another one there.
fn broken(random: &mut Random, text: &str) -> String {
    const SIGNS: &[u8] = b"{}<>[]()*,;#@0123456789iufnpstrw ";
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len().max(1)).min(bytes.len());
        match random.below(4) {
            0 if at < bytes.len() => drop(bytes.remove(at)),
            1 => bytes.insert(at, *random.pick(SIGNS)),
            2 if at < bytes.len() => bytes[at] = *random.pick(SIGNS),
            _ => bytes.extend_from_within(at..),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is written is read again.
pub(crate) fn write_type(random: &mut Random) {
    let kind = type_of(random, 4);
    assert_eq!(read_type(&text_of(&kind)), Ok(kind));
}

/// Signatures are compiled or refused, whole and broken ones.
pub(crate) fn write_signature(random: &mut Random) {
    let count = random.below(14);
    let parameters: Vec<_> = (0..count).map(|_| text_of(&type_of(random, 3))).collect();
    let whole = format!("{}({})", text_of(&type_of(random, 3)), parameters.join(","));
    compile(&if random.once_in(2) { broken(random, &whole) } else { whole });
}

/// Bytes of any kind are refused or read.
pub(crate) fn read_bytes(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(kind) = read_type(&text) {
        assert_eq!(read_type(&text_of(&kind)), Ok(kind));
    }
    compile(&text);
}

fn compile(text: &str) {
    let signature = match read_signature(text) {
        Ok(signature) => signature,
        Err(refusal) => return assert_eq!(refusal.code, Code::Signature, "{text}"),
    };
    match CallPlan::compile(text, &signature, Options::default()) {
        Err(refusal) => assert_eq!(refusal.code, Code::Signature, "{text}"),
        Ok(plan) => check_plan(&plan, &signature, text),
    }
}

fn check_plan(plan: &CallPlan, signature: &Signature, text: &str) {
    assert_eq!(plan.parameters.len(), signature.parameters.len());
    let mut offsets: Vec<_> = plan.parameters.iter().map(|parameter| parameter.offset).collect();
    offsets.sort_unstable();
    let first = CallPlan::RESULT + plan.result.size.max(8);
    assert!(offsets.first().is_none_or(|offset| *offset >= first), "{text}");
    assert!(offsets.windows(2).all(|pair| pair[1] - pair[0] == 8), "{text}");
    assert!(offsets.last().is_none_or(|offset| offset + 8 <= plan.frame_size), "{text}");
}
