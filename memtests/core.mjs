// Turns the tests of native/core into programs that a tool runs without Node.
import { spawnSync } from 'node:child_process'
import { ASAN_CARGO, root } from './builds.mjs'

const CARGO = {
  valgrind: { flags: ['--target-dir', 'target/core'], env: { ...process.env, CARGO_PROFILE_MEMTEST_LTO: 'off' } },
  asan: ASAN_CARGO,
}

/** Tools that run the core alone. UBSan is for C, and without a tool `npm test` runs it. */
export const CORE_TOOLS = Object.keys(CARGO)

/** Builds the test programs for a tool. @returns {{ name: string, program: string }[]} @throws when cargo fails. */
export function corePrograms(tool) {
  const { flags, env } = CARGO[tool]
  const args = ['test', '--locked', '--no-run', '-p', 'holdfast-core', '--profile', 'memtest', ...flags]
  const options = { cwd: root, env, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] }
  const { status, stdout } = spawnSync('cargo', [...args, '--message-format', 'json-render-diagnostics'], options)
  if (status !== 0) throw new Error('cargo test --no-run failed (above)')
  const messages = stdout.split('\n').filter((line) => line.startsWith('{'))
  const built = messages.map((line) => JSON.parse(line)).filter(({ executable }) => executable)
  return built.map(({ target, executable }) => ({
    name: target.kind[0] === 'lib' ? 'core' : `core/${target.name}`,
    program: executable,
  }))
}
