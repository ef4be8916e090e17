//! Turns a crash inside a foreign call into a report that names the call, then lets the crash go on as without us.
//!
//! Three parts. The [`Journal`] of each thread's environment, or of a thread that calls for environments
//! ([`ThreadJournal`]), says, in plain words of memory, what runs there now. The handler (Linux; elsewhere there is none) finds the journal of the thread that crashed. The
//! [`Witness`], which the journal leads to, knows functions and memory. Nothing here locks or allocates once installed,
//! and nothing is recovered: after the report the signal goes to the handler that was there before.

#[cfg(target_os = "linux")]
mod handler;
mod journal;
mod report;
#[cfg(target_os = "linux")]
mod stack;
mod thread;

pub use journal::{Interrupted, Journal, Watch};
pub use report::Report;
pub use thread::{OwnCode, ThreadJournal};

/// Foreign calls that a journal remembers.
pub const REMEMBERED: usize = 16;

/// What was running on the thread that crashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A foreign function.
    Foreign,
    /// JavaScript that a foreign function called back.
    JavaScript,
    /// Our own code: what the witness knows may be half changed.
    Own,
}

/// A crash as the witness sees it. Plain data.
#[derive(Debug, Clone, Copy)]
pub struct Crash {
    /// What was running.
    pub place: Place,
    /// The foreign function that was running, or that called JavaScript back; 0 for none.
    pub function: u32,
    /// The address that could not be accessed, where the signal tells one.
    pub address: Option<usize>,
    /// How many callbacks are running.
    pub callbacks: u32,
    /// The functions called last, newest first; 0 for none.
    pub recent: [u32; REMEMBERED],
}

/// What knows the functions and the memory of an environment. Asked from a signal handler, on the environment's own
/// thread: it neither locks nor allocates nor panics.
pub trait Witness {
    /// Whether our own code is changing what the witness knows.
    fn is_busy(&self) -> bool;

    /// Says what is known of the crash. Not asked while busy.
    fn testify(&self, crash: &Crash, report: &mut Report);
}

/// Whether crashes are reported in this process.
#[must_use]
pub fn is_installed() -> bool {
    #[cfg(target_os = "linux")]
    return handler::is_installed();
    #[cfg(not(target_os = "linux"))]
    return false;
}

/// Makes crashes reported, unless `FFI_CRASH_REPORT` is 0. Once per process; later calls return at once.
///
/// Reports go to stderr and, if `FFI_CRASH_FILE` names one, are appended to a file. Call it after V8 has installed its
/// WebAssembly trap handler and before `fault::install`, whose faults are never crashes.
pub fn install() {
    #[cfg(target_os = "linux")]
    handler::install();
}
