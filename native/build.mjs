// Turns the Rust workspace into dist/holdfast.node: `node native/build.mjs [--profile memtest]`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const addon = `${root}dist/holdfast.node`

/**
 * Runs cargo, which itself knows what is stale, with more `flags` and another `env` for builds that no release is.
 * @returns path of the shared library that it built or found fresh. @throws when cargo fails.
 */
export function runCargo(profile, { flags = [], env = process.env } = {}) {
  const build = ['build', '--locked', '--package', 'holdfast-node', '--profile', profile, ...flags]
  const { status, error, stdout } = spawnSync('cargo', [...build, '--message-format', 'json-render-diagnostics'], {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error) throw error
  if (status !== 0) throw new Error(`cargo build --profile ${profile} failed (above)`)
  const messages = stdout.split('\n').filter((line) => line.startsWith('{'))
  const artifact = messages.map((line) => JSON.parse(line)).find((message) => message.target?.kind.includes('cdylib'))
  const library = artifact?.filenames.find((name) => /\.(so|dylib|dll)$/.test(name))
  if (!library) throw new Error('cargo reported no shared library for holdfast-node')
  return library
}

/** @returns whether `target` was different from `source` and was replaced. */
export function copyIfChanged(source, target) {
  const content = readFileSync(source)
  if (existsSync(target) && readFileSync(target).equals(content)) return false
  // Renamed into place: a process that has the old file loaded keeps it, where writing into it would crash that process.
  const fresh = `${target}.${process.pid}`
  writeFileSync(fresh, content, { mode: 0o755 })
  renameSync(fresh, target)
  return true
}

/**
 * Builds the addon with a profile of Cargo.toml and puts it beside the JavaScript that loads it.
 * @returns whether the addon changed. @throws when cargo fails.
 */
export function buildAddon({ profile = 'release' } = {}) {
  const library = runCargo(profile)
  mkdirSync(`${root}dist`, { recursive: true })
  // Debuggers look for the symbols that were kept apart under the name of the file with .dwp after it.
  if (existsSync(`${library}.dwp`) && profile === 'release') copyIfChanged(`${library}.dwp`, `${addon}.dwp`)
  else rmSync(`${addon}.dwp`, { force: true })
  return copyIfChanged(library, addon)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { profile: { type: 'string' } } })
  console.log(buildAddon(values) ? 'dist/holdfast.node built' : 'dist/holdfast.node is up to date')
}
