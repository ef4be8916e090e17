// Turns each cpp/<topic>.c or .cpp into the shared library cpp/build/lib<topic>.<suffix>, when it is out of date.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(import.meta.url)
const sourceDir = dirname(script)
const buildDir = join(sourceDir, 'build')
const suffix = { darwin: 'dylib', win32: 'dll' }[process.platform] ?? 'so'
const commonFlags = ['-shared', '-fPIC', '-pthread', '-O1', '-g', '-Wall', '-Wextra', '-Werror']

const languages = {
  '.c': { name: 'C', variable: 'CC', command: 'cc', package: 'gcc', flags: ['-std=gnu11'] },
  '.cpp': { name: 'C++', variable: 'CXX', command: 'c++', package: 'g++', flags: ['-std=gnu++17'] },
}

const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

function missingCompiler(language, program) {
  const chosen = process.env[language.variable] ? ` (${language.variable}=${program} does not run)` : ''
  const advice =
    { darwin: 'macOS: xcode-select --install' }[process.platform] ?? 'Debian: apt-get install build-essential'
  return new Error(`holdfast: no ${language.name} compiler found${chosen}: install ${language.package} (${advice})`)
}

/** Compiles one source file; the finished library replaces the old one in one step, as a process may have that loaded. */
function compile(source, library, extraFlags) {
  const language = languages[extname(source)]
  // CC may carry arguments of its own, as in "ccache gcc".
  const [program, ...leading] = (process.env[language.variable] || language.command).trim().split(/\s+/)
  const unfinished = `${library}.${process.pid}`
  const args = [...leading, ...language.flags, ...commonFlags, ...extraFlags, '-o', unfinished, source]
  const run = spawnSync(program, args, { encoding: 'utf8' })
  if (run.error?.code === 'ENOENT') throw missingCompiler(language, program)
  if (run.error || run.status !== 0) {
    rmSync(unfinished, { force: true })
    throw new Error(`holdfast: ${program} could not compile ${source}:\n${run.error?.message ?? run.stderr}`)
  }
  renameSync(unfinished, library)
}

/**
 * Builds every fixture library that is missing or older than its source or this script.
 * @param {{ force?: boolean, into?: string, flags?: string[] }} [options] `force` rebuilds them all; `into` is another
 *   folder than cpp/build, for libraries compiled with more `flags`.
 * @returns {string[]} the topics that were built.
 * @throws Error naming the package to install when there is no compiler, or quoting the compiler's complaint.
 */
export function buildFixtures({ force = false, into = buildDir, flags = [] } = {}) {
  mkdirSync(into, { recursive: true })
  const built = []
  for (const file of readdirSync(sourceDir).sort()) {
    const extension = extname(file)
    if (!(extension in languages)) continue
    const topic = file.slice(0, -extension.length)
    const source = join(sourceDir, file)
    const library = join(into, `lib${topic}.${suffix}`)
    if (!force && modifiedAt(library) >= Math.max(modifiedAt(source), modifiedAt(script))) continue
    compile(source, library, flags)
    console.log(`holdfast: built ${relative(dirname(sourceDir), library)}`)
    built.push(topic)
  }
  return built
}

if (process.argv[1] && realpathSync(process.argv[1]) === script) {
  try {
    buildFixtures({ force: process.argv.includes('--force') })
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
