//! Shows what becomes of signals that are not ours, each in a child process that runs one role of this test binary.

use crate::sys::fault::{copy, install, scan};
use libc::{SIG_DFL, SIG_IGN, SIGSEGV, c_int, c_void, siginfo_t};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

const ROLE: &str = "FAULT_TEST_ROLE";
const SEEN_BY_PREVIOUS: c_int = 42;
const FOREIGN: usize = 0x30;

/// Runs `role` in a child process. Core dumps are off there.
fn run(role: &str) -> ExitStatus {
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("{module}::plays_a_role_in_a_child_process")]).env(ROLE, role);
    child.output().unwrap().status
}

extern "C" fn exit_if_complete(_: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the handler under test passes on what the kernel gave it.
    let info = unsafe { &*info };
    // SAFETY: the siginfo of a SIGSEGV, which has an address.
    let address = unsafe { info.si_addr() };
    let is_complete = address.addr() == FOREIGN && !context.is_null();
    // SAFETY: async-signal-safe, and meant to end the process.
    unsafe { libc::_exit(if is_complete { SEEN_BY_PREVIOUS } else { 1 }) };
}

fn set_previous(handler: usize) {
    // SAFETY: all zero is a valid `sigaction`: no flags (as Node installs V8's handler), an empty mask.
    let mut action = unsafe { std::mem::zeroed::<libc::sigaction>() };
    action.sa_sigaction = handler;
    // SAFETY: the handler is one of this file, or SIG_DFL or SIG_IGN.
    assert_eq!(unsafe { libc::sigaction(SIGSEGV, &raw const action, std::ptr::null_mut()) }, 0);
}

fn fault_in_foreign_code() {
    // SAFETY: not sound, on purpose: C reads where nothing is, and the process is meant to end.
    let len = unsafe { libc::strlen(std::ptr::without_provenance(FOREIGN)) };
    std::hint::black_box(len);
}

fn send() {
    // SAFETY: a signal to this thread.
    unsafe { libc::raise(SIGSEGV) };
}

#[test]
fn plays_a_role_in_a_child_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let no_cores = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid limit, of this process.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const no_cores) };
    let (previous, act): (usize, fn()) = match role.as_str() {
        "handled" => ((exit_if_complete as *const ()).addr(), fault_in_foreign_code),
        "default" => (SIG_DFL, fault_in_foreign_code),
        "default, sent" => (SIG_DFL, send),
        "ignored" => (SIG_IGN, fault_in_foreign_code),
        "ignored, sent" => (SIG_IGN, send),
        role => panic!("no role {role}"),
    };
    set_previous(previous);
    install();
    assert!(scan(std::ptr::without_provenance(0x10), 1).is_err());
    act();
}

#[test]
fn a_fault_in_foreign_code_reaches_the_previous_handler_with_all_its_arguments() {
    assert_eq!(run("handled").code(), Some(SEEN_BY_PREVIOUS));
}

#[test]
fn a_fault_in_foreign_code_kills_where_nothing_handled_it_before() {
    assert_eq!(run("default").signal(), Some(SIGSEGV));
    assert_eq!(run("ignored").signal(), Some(SIGSEGV));
}

#[test]
fn a_sent_signal_kills_by_default_and_is_ignored_where_it_was() {
    assert_eq!(run("default, sent").signal(), Some(SIGSEGV));
    assert_eq!(run("ignored, sent").code(), Some(0));
}

#[test]
fn a_page_that_a_shrunken_file_lost_is_a_fault() {
    use std::os::fd::AsRawFd;
    let path = std::env::temp_dir().join(format!("holdfast-fault-{}", std::process::id()));
    let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file.set_len(4096).unwrap();
    // SAFETY: a fresh mapping, at an address of the kernel's choice.
    let mapped = unsafe {
        libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0).cast::<u8>()
    };
    assert_ne!(mapped.cast(), libc::MAP_FAILED);
    file.set_len(0).unwrap();
    let mut local = [0; 8];
    // SAFETY: the local bytes are ours; reading the lost page raises SIGBUS, which is what this is about.
    let fault = unsafe { copy(local.as_mut_ptr(), mapped.wrapping_add(8), 8) }.unwrap_err();
    assert_eq!(fault.address, mapped.addr() + 8);
    // SAFETY: the mapping made above; nothing refers to it any more.
    unsafe { libc::munmap(mapped.cast(), 4096) };
}
