// Turns fixture/bench.c into a shared library under fixture/build/ and returns its path.
import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SUFFIX = { darwin: 'dylib', win32: 'dll' }[process.platform] ?? 'so'
const source = fileURLToPath(new URL('fixture/bench.c', import.meta.url))
const folder = fileURLToPath(new URL('fixture/build/', import.meta.url))

/** Path of the compiled fixture, compiled first if the source is newer. @throws when the C compiler fails. */
export function buildFixture() {
  const library = `${folder}bench.${SUFFIX}`
  const built = statSync(library, { throwIfNoEntry: false })
  if (built && built.mtimeMs >= statSync(source).mtimeMs) return library
  mkdirSync(folder, { recursive: true })
  const cc = process.env.CC || 'cc'
  execFileSync(cc, ['-O2', '-Wall', '-Wextra', '-shared', '-fPIC', '-o', library, source], { stdio: 'inherit' })
  return library
}
