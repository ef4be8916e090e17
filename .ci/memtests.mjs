// Turns the memory suites into counts for the gate: `node .ci/memtests.mjs [--full]`; `npm run memtest` is the full run.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const results = `${root}.ci/results`
const say = (line) => console.log(`holdfast: ${line}`)

const full = process.argv.includes('--full')
/** What the gate has minutes for: valgrind on one engine, everything else on both. The full run has it all. */
const PARTS = full
  ? [['--tool', 'all', '--budget', 'full', '--write']]
  : [
      ['--tool', 'plain', '--budget', 'short'],
      ['--tool', 'asan', '--budget', 'short'],
      ['--tool', 'ubsan', '--budget', 'short'],
      ['--tool', 'valgrind', '--budget', 'short', '--engine', 'direct'],
    ]

const run = (program, args) =>
  spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
const isThere = (program) => spawnSync(program, ['--version']).status === 0

/** In CI a missing valgrind is installed; elsewhere it is named, because that is the user's machine. */
function provideValgrind() {
  if (isThere('valgrind')) return true
  const mayInstall = process.env.CI === 'true' && process.getuid?.() === 0 && isThere('apt-get')
  const installed =
    mayInstall && run('apt-get', ['update', '-qq']) && run('apt-get', ['install', '-y', '-qq', 'valgrind'])
  if (!installed) console.error('holdfast: valgrind is missing: apt-get install valgrind')
  return installed
}

function readCounts() {
  try {
    return JSON.parse(readFileSync(`${results}/memtests.json`, 'utf8'))
  } catch {
    return undefined
  }
}

/** One part of the suites. @returns its counts; one failure when it left none. */
function runPart(args) {
  rmSync(`${results}/memtests.json`, { force: true })
  const ended = run(process.execPath, ['memtests/run.mjs', ...args])
  const { passed, failed } = readCounts() ?? { passed: 0, failed: 1 }
  return { passed, failed: failed === 0 && (!ended || passed === 0) ? 1 : failed }
}

async function main() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('the memory suites run on Linux x64; see docs/guides/memory-testing.md')
  }
  mkdirSync(results, { recursive: true })
  if (!provideValgrind()) return { passed: 0, failed: 1 }
  const { suppressionProblems } = await import('../memtests/suppressions/check.mjs')
  const problems = suppressionProblems()
  for (const problem of problems) console.error(`suppressions: ${problem}`)
  const counts = [{ passed: problems.length === 0 ? 1 : 0, failed: problems.length }, ...PARTS.map(runPart)]
  const { fuzz } = await import('../memtests/fuzz.mjs')
  counts.push(await fuzz(full ? { seconds: '120' } : {}))
  const { buildBoth } = await import('../bench/check.mjs')
  await buildBoth()
  const { verifyBuilds } = await import('../memtests/verify-build.mjs')
  counts.push(verifyBuilds())
  const sum = (key) => counts.reduce((total, part) => total + part[key], 0)
  return { passed: sum('passed'), failed: sum('failed') }
}

const counts = await main()
writeFileSync(`${results}/memory.json`, JSON.stringify(counts))
say(`memory suites: ${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0
