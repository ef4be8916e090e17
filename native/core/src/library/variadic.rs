//! Names the C library's variadic functions, which a fixed signature cannot call.

/// ISO C and POSIX functions declared with `...` (the `stdio.h`, `fcntl.h`, `unistd.h`, `syslog.h`, `err.h`, `wchar.h`
/// and `sys/*` headers of glibc, musl and macOS).
const VARIADIC: &[&str] = &[
    "asprintf", "dprintf", "err", "error", "errx", "execl", "execle", "execlp", "fcntl", "fprintf", "fscanf",
    "fwprintf", "fwscanf", "ioctl", "mq_open", "open", "open64", "openat", "openat64", "prctl", "printf", "ptrace",
    "scanf", "sem_open", "semctl", "snprintf", "sprintf", "sscanf", "strfmon", "swprintf", "swscanf", "syscall",
    "syslog", "ulimit", "warn", "warnx", "wprintf", "wscanf",
];

/// Whether the C library declares this name with `...`.
pub(super) fn is_variadic(name: &str) -> bool {
    VARIADIC.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_sorted_for_its_search() {
        assert!(super::VARIADIC.is_sorted());
    }
}
