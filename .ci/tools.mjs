// Turns what this machine has into lines that name what must be installed before Holdfast can be built.
import { spawnSync } from 'node:child_process'

const OLDEST_NODE = 20
/** Of the 1.x series; the same as `rust-version` in Cargo.toml. */
const OLDEST_CARGO = 88

const onWindows = process.platform === 'win32'

function versionOf(command) {
  // CC and CXX may carry arguments of their own, as in "ccache gcc".
  const [program, ...leading] = command.trim().split(/\s+/)
  const { status, stdout } = spawnSync(program, [...leading, '--version'], { encoding: 'utf8' })
  return status === 0 ? stdout : undefined
}

function nodeProblem() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return undefined
  return `Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or later`
}

function cargoProblem() {
  const version = versionOf('cargo')
  const install = `install Rust 1.${OLDEST_CARGO} or later with rustup`
  if (version === undefined) return `cargo is missing: ${install} (Debian 12's own is too old)`
  const minor = Number(/^cargo 1\.(\d+)/.exec(version)?.[1])
  return minor < OLDEST_CARGO ? `${version.trim()} is too old: ${install}` : undefined
}

function compilerProblem({ command, what, debian }) {
  if (versionOf(command) !== undefined) return undefined
  return `${command} (${what}) is missing: install it (Debian: apt-get install ${debian}; macOS: xcode-select --install)`
}

/** One line for each tool that is missing or too old. */
export function missingTools() {
  // On Windows libffi is built with MSVC, which cargo finds or asks for by itself.
  const compilers = onWindows
    ? []
    : [
        { command: process.env.CC || 'cc', what: 'a C compiler', debian: 'gcc libc6-dev' },
        { command: process.env.CXX || 'c++', what: 'a C++ compiler', debian: 'g++' },
        { command: 'make', what: 'for libffi', debian: 'make' },
      ]
  return [nodeProblem(), cargoProblem(), ...compilers.map(compilerProblem)].filter((line) => line !== undefined)
}

/** One line for each system library that the examples bind and the loader does not know; only glibc's can be asked. */
export function missingLibraries() {
  const { status, stdout } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' })
  if (process.platform !== 'linux' || status !== 0) return []
  return [
    { file: 'libsqlite3.so.0', use: 'the SQLite example', debian: 'libsqlite3-0' },
    { file: 'libz.so.1', use: 'the zlib example', debian: 'zlib1g' },
    { file: 'libcurl.so.4', use: 'the curl example', debian: 'libcurl4' },
  ]
    .filter(({ file }) => !stdout.includes(`\t${file} `))
    .map(({ file, use, debian }) => `${use} needs ${file}: install it (Debian: apt-get install ${debian})`)
}
