// Turns each platform that gets a prebuilt addon into its package: what npm must know of it, and what its file looks like.

/** Bytes at the beginning of a shared library: format and machine, in the order of the file. */
const elf = (machine) => ({ at: 18, magic: '7f454c4602', machine })
const machO = (machine) => ({ at: 4, magic: 'cffaedfe', machine })
/** The machine lies behind the signature that the word at 0x3c points to. */
const pe = (machine) => ({ at: 'pe', magic: '4d5a', machine })

/** By the part of the package's name after `holdfast-`; `rust` is the target of rustc. */
export const TARGETS = {
  'linux-x64-gnu': { os: 'linux', cpu: 'x64', libc: 'glibc', rust: 'x86_64-unknown-linux-gnu', file: elf('3e00') },
  'linux-x64-musl': { os: 'linux', cpu: 'x64', libc: 'musl', rust: 'x86_64-unknown-linux-musl', file: elf('3e00') },
  'linux-arm64-gnu': { os: 'linux', cpu: 'arm64', libc: 'glibc', rust: 'aarch64-unknown-linux-gnu', file: elf('b700') },
  'linux-arm64-musl': {
    os: 'linux',
    cpu: 'arm64',
    libc: 'musl',
    rust: 'aarch64-unknown-linux-musl',
    file: elf('b700'),
  },
  'darwin-x64': { os: 'darwin', cpu: 'x64', rust: 'x86_64-apple-darwin', file: machO('07000001') },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64', rust: 'aarch64-apple-darwin', file: machO('0c000001') },
  'win32-x64-msvc': { os: 'win32', cpu: 'x64', rust: 'x86_64-pc-windows-msvc', file: pe('6486') },
  'win32-arm64-msvc': { os: 'win32', cpu: 'arm64', rust: 'aarch64-pc-windows-msvc', file: pe('64aa') },
}

export const packageOf = (target) => `holdfast-${target}`

/** Whether the bytes are a shared library for a target's machine. */
export function isFor(target, bytes) {
  const { at, magic, machine } = TARGETS[target].file
  if (!bytes.subarray(0, magic.length / 2).equals(Buffer.from(magic, 'hex'))) return false
  const place = at === 'pe' ? bytes.readUInt32LE(0x3c) + 4 : at
  return bytes.subarray(place, place + machine.length / 2).equals(Buffer.from(machine, 'hex'))
}
