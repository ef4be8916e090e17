//! Names functions of the C library that change what all of Holdfast stands on: whose memory is whose, and which process it is.

/// Functions after which two processes have one environment's memory, its locks as other threads left them, and none of
/// those threads (glibc, musl, macOS).
const FORKING: &[&str] = &["_Fork", "clone", "daemon", "fork", "forkpty", "vfork"];

/// What a function does with the block that is its first argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Gives it back.
    Frees,
    /// Gives another for it: the old address means nothing afterwards.
    Moves,
}

pub(super) fn is_forking(name: &str) -> bool {
    FORKING.contains(&name)
}

pub(super) fn ending(name: &str) -> Option<Ending> {
    match name {
        "free" | "cfree" => Some(Ending::Frees),
        "realloc" | "reallocarray" | "reallocf" => Some(Ending::Moves),
        _ => None,
    }
}
