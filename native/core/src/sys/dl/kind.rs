//! Turns the address of a symbol into what it is: a function, or data that must not be called.

use libc::c_void;

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "32"))]
use libc::Elf32_Sym as ElfSymbol;
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
use libc::Elf64_Sym as ElfSymbol;

/// What a symbol names. Owns nothing; plain data for any thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    /// Code that the symbol table declares to be a function.
    Function,
    /// A variable, or anything else in memory that cannot be executed.
    Data,
    /// The platform does not tell: code without a declared type (assembly), or no symbol table to ask.
    Unknown,
}

/// What the symbol at `address`, as the loader gave it, names.
///
/// On Linux the symbol table is asked first (glibc only) and believed when it has an entry for this very address. Where
/// it has none, memory that cannot be executed is data: this covers thread-local variables, whose address lies in no
/// image at all (but not under valgrind, which makes its whole heap executable). Elsewhere always `Unknown`.
#[must_use]
pub fn symbol_kind(address: *const c_void) -> SymbolKind {
    declared_kind(address).or_else(|| mapped_kind(address)).unwrap_or(SymbolKind::Unknown)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn declared_kind(address: *const c_void) -> Option<SymbolKind> {
    // Symbol types of <elf.h>.
    const STT_OBJECT: u8 = 1;
    const STT_FUNC: u8 = 2;
    const STT_COMMON: u8 = 5;
    const STT_TLS: u8 = 6;
    const STT_GNU_IFUNC: u8 = 10;

    let entry = table_entry(address)?;
    match entry.st_info & 0xf {
        STT_FUNC | STT_GNU_IFUNC => Some(SymbolKind::Function),
        STT_OBJECT | STT_COMMON | STT_TLS => Some(SymbolKind::Data),
        _ => None,
    }
}

/// The symbol table's entry for the symbol at exactly this address.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn table_entry<'image>(address: *const c_void) -> Option<&'image ElfSymbol> {
    const RTLD_DL_SYMENT: libc::c_int = 1; // <dlfcn.h>

    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    let mut entry = std::ptr::null_mut::<c_void>();
    // SAFETY: takes any address; both results are variables of our own.
    if unsafe { libc::dladdr1(address, info.as_mut_ptr(), &raw mut entry, RTLD_DL_SYMENT) } == 0 {
        return None;
    }
    // SAFETY: all zero is a valid `Dl_info`, and so is what a successful call has written over it.
    let info = unsafe { info.assume_init() };
    if info.dli_saddr.cast_const() != address {
        return None;
    }
    // SAFETY: with RTLD_DL_SYMENT and a symbol found, it is null or points into the symbol table of the loaded image
    // that `address` lies in, which whoever got the address from the loader keeps loaded.
    unsafe { entry.cast::<ElfSymbol>().as_ref() }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn declared_kind(_address: *const c_void) -> Option<SymbolKind> {
    None
}

/// `Data` if the kernel says that the address is mapped and not executable.
#[cfg(target_os = "linux")]
fn mapped_kind(address: *const c_void) -> Option<SymbolKind> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let permissions = maps.lines().find_map(|line| permissions_at(line, address.addr()))?;
    (!permissions.contains('x')).then_some(SymbolKind::Data)
}

#[cfg(not(target_os = "linux"))]
fn mapped_kind(_address: *const c_void) -> Option<SymbolKind> {
    None
}

/// The `r-xp` of a line `7f00a000-7f00b000 r-xp ...` of /proc/self/maps, if the address lies in its range.
#[cfg(target_os = "linux")]
fn permissions_at(line: &str, address: usize) -> Option<&str> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let start = usize::from_str_radix(start, 16).ok()?;
    let end = usize::from_str_radix(end, 16).ok()?;
    (start..end).contains(&address).then(|| fields.next())?
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod tests;
