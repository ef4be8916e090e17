// Turns the fuzz targets of the core into verdicts: `node memtests/fuzz.mjs [--target NAME] [--runs N | --seconds N] [--seed N]`.
//
// libFuzzer, guided by coverage, over the bodies of native/core/tests/fuzz, with AddressSanitizer.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { capture } from '../.ci/capture.mjs'
import { ASAN_CARGO, root, TARGET } from './builds.mjs'

const folder = `${root}native/core/fuzz`
const targetFolder = `${root}target/fuzz`
const say = (line) => console.log(`holdfast: ${line}`)

/** How LLVM counts what is reached and tells what was compared with what; cargo-fuzz passes the same. */
const COVERAGE = ['inline-8bit-counters', 'pc-table', 'trace-compares']
  .map((what) => ` -Cllvm-args=-sanitizer-coverage-${what}`)
  .join('')
const RUSTFLAGS = `${ASAN_CARGO.env.RUSTFLAGS} -Ccodegen-units=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4${COVERAGE}`

/** A mistake that only a fuzzer which is guided finds, and only a sanitizer sees. */
const PLANTED = 'planted'

export const FUZZ_TARGETS = readdirSync(`${folder}/targets`)
  .map((file) => file.replace('.rs', ''))
  .sort()

/** @throws when cargo fails. */
function build() {
  const flags = ['--locked', '--release', '--target', TARGET, '--target-dir', targetFolder]
  const env = { ...ASAN_CARGO.env, RUSTFLAGS }
  const { status } = spawnSync('cargo', ['build', ...flags], {
    cwd: folder,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) throw new Error('cargo build of the fuzz targets failed (above)')
}

/** What is wrong with how a target ended; undefined if nothing. */
function problemOf(target, { code, output }) {
  if (target === PLANTED) return /heap-buffer-overflow/.test(output) ? undefined : 'the planted fault was not found'
  if (code !== 0) return `ended with ${code}`
  const [first, last] = [/INITED cov: (\d+)/, /DONE +cov: (\d+)/].map((line) => Number(line.exec(output)?.[1]))
  return last > first ? undefined : `nothing new was reached: ${first} places at first, ${last} at last`
}

async function runTarget(target, { budget, seed }) {
  const artifacts = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'))
  const program = `${targetFolder}/${TARGET}/release/${target}`
  // Leaks are looked for at the end; after each round it would take longer than the round.
  const args = [...budget, `-seed=${seed}`, '-timeout=60', '-max_len=512', `-artifact_prefix=${artifacts}/`]
  if (target === 'text') args.push(`-dict=${folder}/signature.dict`)
  const begun = performance.now()
  const run = await capture(program, args, { cwd: folder, limit: 60 * 60_000 })
  const problem = problemOf(target, run)
  const [, runs = 'no', places = '?'] = /#(\d+)\s+DONE\s+cov: (\d+)/.exec(run.output) ?? []
  const what = target === PLANTED ? 'found and seen' : `${runs} runs, ${places} places reached`
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  say(problem ? `FAILED  fuzz ${target}: ${problem}` : `ok  fuzz ${target}: ${what} (${seconds} s)`)
  if (problem) console.log(run.output.split('\n').slice(-60).join('\n'))
  // libFuzzer prints the input in its last lines (Base64), so that it can be run again.
  rmSync(artifacts, { recursive: true })
  return problem === undefined
}

/** Builds the targets and runs them one after the other. @returns {Promise<{ passed: number, failed: number }>} */
export async function fuzz({ target, runs = '50000', seconds, seed = '1' } = {}) {
  build()
  const budget = seconds === undefined ? [`-runs=${runs}`] : [`-max_total_time=${seconds}`]
  const counts = { passed: 0, failed: 0 }
  for (const name of FUZZ_TARGETS.filter((one) => target === undefined || one === target)) {
    // The planted fault is found after some ten thousand runs.
    const its = name === PLANTED ? ['-runs=5000000'] : budget
    counts[(await runTarget(name, { budget: its, seed })) ? 'passed' : 'failed']++
  }
  return counts
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const type = 'string'
  const { values } = parseArgs({ options: { target: { type }, runs: { type }, seconds: { type }, seed: { type } } })
  const { passed, failed } = await fuzz(values)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
}
