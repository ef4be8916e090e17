//! Turns a signal that ends the process into a report, if a foreign call or our own code raised it, and passes it on (Linux).

use super::journal::{self, Seat};
use super::{Crash, Place, Report};
use crate::sys::signal::{Chain, is_default, is_real};
use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, c_int, c_void, siginfo_t};
use std::ffi::CString;
use std::fmt::Write;
use std::os::unix::ffi::OsStringExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Acquire, Ordering::Release};

static CHAINS: [Chain; 5] =
    [Chain::new(SIGSEGV), Chain::new(SIGBUS), Chain::new(SIGFPE), Chain::new(SIGILL), Chain::new(SIGABRT)];

/// Set once by `install`, which decides: the file that reports are appended to, if any, or that there are none.
static FILE: OnceLock<Option<CString>> = OnceLock::new();
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// The thread that writes a report, 0 for none: two at once would be mixed, and a crash of the handler has no end.
static WRITER: AtomicI32 = AtomicI32::new(0);

/// See `super::install`.
pub(super) fn install() {
    FILE.get_or_init(|| {
        if std::env::var_os("FFI_CRASH_REPORT").is_some_and(|value| value == "0") {
            return None;
        }
        for chain in &CHAINS {
            chain.install(on_crash);
        }
        INSTALLED.store(true, Release);
        let file = std::env::var_os("FFI_CRASH_FILE").filter(|file| !file.is_empty())?;
        CString::new(file.into_vec()).ok()
    });
}

/// Whether crashes are reported.
pub(super) fn is_installed() -> bool {
    INSTALLED.load(Acquire)
}

extern "C" fn on_crash(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(chain) = CHAINS.iter().find(|chain| chain.signal() == signal) else { return };
    let Some((seat, crash)) = journal::crash_here() else { return chain.forward(info, context) };
    // Inside JavaScript a fault may be WebAssembly's, which V8's handler makes an exception of. It knows by the program
    // counter, so it is asked first, and the report is written only if it has given the process up.
    if crash.place != Place::JavaScript {
        report(seat, crash, signal, info, context);
        return chain.forward(info, context);
    }
    chain.forward(info, context);
    if is_default(signal) {
        report(seat, crash, signal, info, context);
    }
}

fn report(seat: &Seat, crash: Crash, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    if !become_writer() {
        return;
    }
    let file = open_file();
    let mut report = Report::to([libc::STDERR_FILENO, file]);
    let crash = Crash { address: fault_address(signal, info), ..crash };
    // Writing into a report never fails.
    let _ = head(&mut report, &crash, signal, info);
    let _ = registers(&mut report, &crash, context);
    seat.testify(&crash, &mut report);
    let _ = report.write_str("holdfast: end of the report; the signal goes on\n");
    report.flush();
    if file >= 0 {
        // SAFETY: async-signal-safe; opened a few lines above, closed once.
        unsafe { libc::close(file) };
    }
    WRITER.store(0, Release);
}

/// Waits for another thread's report, which this thread's end would cut short, but not for ever, nor for its own.
fn become_writer() -> bool {
    const TRIES: u32 = 200;
    let millisecond = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    let me = thread();
    (0..TRIES).any(|_| match WRITER.compare_exchange(0, me, Acquire, Acquire) {
        Ok(_) => true,
        Err(writer) if writer == me => false,
        Err(_) => {
            // SAFETY: async-signal-safe; a valid time, and no place for what is left of it.
            unsafe { libc::nanosleep(&raw const millisecond, std::ptr::null_mut()) };
            false
        }
    })
}

fn open_file() -> c_int {
    let Some(path) = FILE.get().and_then(Option::as_ref) else { return -1 };
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC | libc::O_NOCTTY;
    // SAFETY: async-signal-safe; a C string that lives until the process ends.
    unsafe { libc::open(path.as_ptr(), flags, 0o600) }
}

/// The address that could not be accessed. The kernel tells none for one that is no address at all.
fn fault_address(signal: c_int, info: *mut siginfo_t) -> Option<usize> {
    const SI_KERNEL: c_int = 0x80;
    if !is_real(info) || !matches!(signal, SIGSEGV | SIGBUS) {
        return None;
    }
    // SAFETY: not null, as it is a real fault's.
    let info = unsafe { &*info };
    // SAFETY: these two signals' siginfo has the field.
    let address = unsafe { info.si_addr() }.addr();
    (info.si_code != SI_KERNEL).then_some(address)
}

fn head(report: &mut Report, crash: &Crash, signal: c_int, info: *mut siginfo_t) -> std::fmt::Result {
    let place = match crash.place {
        Place::Foreign => "in a foreign call",
        Place::JavaScript => "in JavaScript that a foreign call called back",
        Place::Own => "inside holdfast's own code, or in what it called: records may be half changed and are not shown",
    };
    // SAFETY: the kernel's siginfo, or null from a handler that passes on no more than the signal's number.
    let code = unsafe { info.as_ref() }.map_or(0, |info| info.si_code);
    writeln!(report, "holdfast: {} ({}) {place}", name_of(signal), cause_of(signal, code))
}

fn name_of(signal: c_int) -> &'static str {
    match signal {
        SIGSEGV => "SIGSEGV",
        SIGBUS => "SIGBUS",
        SIGFPE => "SIGFPE",
        SIGILL => "SIGILL",
        _ => "SIGABRT",
    }
}

/// What the kernel says of a signal; `sigaction(2)`, "siginfo_t", si_code.
fn cause_of(signal: c_int, code: c_int) -> &'static str {
    match (signal, code) {
        (_, ..=0) => "sent by abort, raise or kill",
        (SIGSEGV, 1) => "address not mapped",
        (SIGSEGV, 2) => "access not permitted",
        (SIGSEGV, 0x80) => "no valid address",
        (SIGBUS, 1) => "misaligned address",
        (SIGBUS, 2) => "no memory behind the address",
        (SIGFPE, 1) => "integer division by zero",
        (SIGFPE, 2) => "integer overflow",
        (SIGFPE, _) => "arithmetic",
        (SIGILL, _) => "illegal instruction",
        _ => "a fault",
    }
}

/// Whether a fault at `address` is one of a stack that has come to its end at `stack`. What lies above a stack pointer that can
/// be read is other memory: the stack of a thread may have any neighbour.
fn is_overflow(address: usize, stack: usize) -> bool {
    /// A stack grows downwards in steps of less than this, but for one large local variable.
    const NEAR: usize = 64 << 10;
    address.abs_diff(stack) < NEAR && (address < stack || !is_readable(stack))
}

/// Asks the kernel, as a fault inside of the handler would be the end.
fn is_readable(address: usize) -> bool {
    let mut byte = 0u8;
    let into = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    let from = libc::iovec { iov_base: std::ptr::with_exposed_provenance_mut(address), iov_len: 1 };
    // SAFETY: has no way to fail.
    let own = unsafe { libc::getpid() };
    // SAFETY: the kernel checks the source, and writes one byte of this frame's.
    unsafe { libc::process_vm_readv(own, &raw const into, 1, &raw const from, 1, 0) == 1 }
}

fn registers(report: &mut Report, crash: &Crash, context: *mut c_void) -> std::fmt::Result {
    if let Some(address) = crash.address {
        writeln!(report, "holdfast: fault address {address:#x}")?;
    }
    // SAFETY: the third argument of the running handler, checked for null by the function itself.
    let Some((code, stack)) = (unsafe { place_of(context) }) else { return Ok(()) };
    writeln!(report, "holdfast: code address {code:#x}, thread {}", thread())?;
    match crash.address {
        Some(address) if is_overflow(address, stack) => {
            writeln!(report, "holdfast: the fault is at the end of the stack: a stack overflow")
        }
        _ => Ok(()),
    }
}

fn thread() -> c_int {
    // SAFETY: asks the kernel for a number; it cannot fail.
    unsafe { libc::gettid() }
}

/// The program counter and the stack pointer that the signal interrupted.
///
/// # Safety
/// - `context` is the third argument of a running `SA_SIGINFO` handler, or null.
#[cfg(target_arch = "x86_64")]
unsafe fn place_of(context: *mut c_void) -> Option<(usize, usize)> {
    // SAFETY: null or the kernel's `ucontext_t`, by the caller's promise.
    let registers = unsafe { context.cast::<libc::ucontext_t>().as_ref() }?.uc_mcontext.gregs;
    Some((registers[libc::REG_RIP as usize] as usize, registers[libc::REG_RSP as usize] as usize))
}

/// The program counter and the stack pointer that the signal interrupted.
///
/// # Safety
/// - `context` is the third argument of a running `SA_SIGINFO` handler, or null.
#[cfg(target_arch = "aarch64")]
unsafe fn place_of(context: *mut c_void) -> Option<(usize, usize)> {
    // SAFETY: null or the kernel's `ucontext_t`, by the caller's promise.
    let machine = unsafe { context.cast::<libc::ucontext_t>().as_ref() }?.uc_mcontext;
    Some((machine.pc as usize, machine.sp as usize))
}

/// Not known of other processors.
///
/// # Safety
/// - None; the others have some.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn place_of(_context: *mut c_void) -> Option<(usize, usize)> {
    None
}
