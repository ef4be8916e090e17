// Turns the test suites into counts: cargo's of the core, and vitest's on each engine and each version of Node.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { capture } from './capture.mjs'
import { nodeVersions } from './versions.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const results = `${root}.ci/results`
const ENGINES = ['direct', 'libffi']
/** A suite that takes longer hangs. */
const LIMITS = { cwd: root, limit: 10 * 60_000 }

const say = (line) => console.log(`holdfast: ${line}`)

/** A run that failed without a failed test (a crash, a file that does not load) or that ran none counts as one failure. */
function honest({ passed, failed }, code) {
  return { passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed }
}

async function runCargo() {
  const { code, output } = await capture('cargo', ['test', '--locked', '--color=never', '-p', 'holdfast-core'], LIMITS)
  const counts = { passed: 0, failed: 0 }
  for (const [, passed, failed] of output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed;/gm)) {
    counts.passed += Number(passed)
    counts.failed += Number(failed)
  }
  return { ...honest(counts, code), output }
}

function readReport(file) {
  try {
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(file, 'utf8'))
    return { passed, failed }
  } catch {
    // vitest died before it could write: the run fails by its exit code.
    return { passed: 0, failed: 0 }
  }
}

async function runVitest({ label, program }, engine, filters) {
  const report = `${results}/${label}-${engine}.json`
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/vitest.config.ts', ...reporters, ...filters]
  const env = { ...process.env }
  if (!process.stdout.isTTY) env.NO_COLOR = '1'
  if (engine === 'direct') delete env.FFI_ENGINE
  else env.FFI_ENGINE = engine
  const { code, output } = await capture(program, args, { ...LIMITS, env })
  return { ...honest(readReport(report), code), output }
}

/** Every run, in order. Filters name files of vitest, so with any of them cargo has nothing to run. */
function plan({ onlyCurrent, filters }) {
  const runs = filters.length > 0 ? [] : [{ name: 'cargo test -p holdfast-core', run: runCargo }]
  for (const version of nodeVersions({ onlyCurrent, say })) {
    for (const engine of ENGINES) {
      const name = `vitest, ${version.label}, ${engine} engine`
      runs.push({ name, run: () => runVitest(version, engine, filters) })
    }
  }
  return runs
}

async function measure({ name, run }) {
  const begun = performance.now()
  const { passed, failed, output } = await run()
  const seconds = (performance.now() - begun) / 1000
  if (failed > 0) console.log(output)
  say(`${failed > 0 ? 'FAILED' : 'ok'}  ${name}: ${passed} passed, ${failed} failed (${seconds.toFixed(1)} s)`)
  return { name, passed, failed, seconds }
}

/**
 * Runs the suites one after another, prints a line for each and the output of those that failed, and leaves the counts
 * in .ci/results/tests.json. `--current` keeps to this version of Node; what else is given goes to vitest.
 * @returns 0 when every test passed, else 1.
 */
export async function runTests(args) {
  rmSync(results, { recursive: true, force: true })
  mkdirSync(results, { recursive: true })
  const filters = args.filter((arg) => arg !== '--current')
  const runs = []
  for (const run of plan({ onlyCurrent: filters.length < args.length, filters })) runs.push(await measure(run))
  const sum = (key) => runs.reduce((total, run) => total + run[key], 0)
  const counts = { passed: sum('passed'), failed: sum('failed') }
  writeFileSync(`${results}/tests.json`, JSON.stringify({ ...counts, runs }, null, 2))
  say(`${counts.passed} tests passed, ${counts.failed} failed`)
  return counts.failed > 0 || counts.passed === 0 ? 1 : 0
}
