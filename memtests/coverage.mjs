// Turns the tests and the scenarios into how much of src/ and native/ they reach: `npm run coverage [-- rust|js]`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildFixtures } from '../cpp/build.mjs'
import { buildAddon, copyIfChanged, runCargo } from '../native/build.mjs'
import { buildSource } from '../src/build.mjs'
import { root } from './builds.mjs'
import { ENGINES, planTool } from './plan.mjs'
import { reachOfUnsafe } from './unsafe-reach.mjs'

const build = `${root}memtests/build/coverage/`
const raw = `${build}raw/`
const C8 = `${root}node_modules/c8/bin/c8.js`

/** LLVM's tools read what is not newer than they are: rustc's own, or a distribution's from 19 on. */
const LLVM = [`${sysroot()}/lib/rustlib/x86_64-unknown-linux-gnu/bin/`, ...[23, 22, 21, 20, 19].map((n) => `-${n}`)]
const toolOf = (place, name) => (place.endsWith('/') ? `${place}${name}` : `${name}${place}`)
const given = process.env.LLVM_BIN ? [`${process.env.LLVM_BIN.replace(/\/$/, '')}/`] : []
const llvm = [...given, ...LLVM].find((place) => spawnSync(toolOf(place, 'llvm-cov'), ['--version']).status === 0)

function sysroot() {
  return spawnSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).stdout?.trim()
}

/** Runs a program to its end. @returns what it printed. @throws when it fails. */
function run(program, args, env = {}) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, ...env } }
  const { status, stdout, stderr, error } = spawnSync(program, args, options)
  if (status !== 0)
    throw new Error(`${program} ${args[0]} failed: ${error?.message ?? `${stdout}${stderr}`.slice(-2000)}`)
  return stdout
}

const CARGO = {
  ...process.env,
  // Counters that lie in the file itself (`%c` in its name) are there when a process ends by a signal.
  RUSTFLAGS: '-Cinstrument-coverage -Cllvm-args=-runtime-counter-relocation',
  // Build scripts are instrumented too.
  LLVM_PROFILE_FILE: `${build}scripts/%p.profraw`,
}
/** One file for each program, which all its processes share. */
const PROFILE = { LLVM_PROFILE_FILE: `${raw}%c%m.profraw` }
const targetFlags = ['--target-dir', 'target/coverage']

/** Builds the core's test programs and the addon with counters in them. @returns the programs. */
async function buildNative() {
  const args = ['test', '--locked', '--no-run', '-p', 'holdfast-core', ...targetFlags]
  const told = run('cargo', [...args, '--message-format', 'json-render-diagnostics'], CARGO)
  const messages = told.split('\n').filter((line) => line.startsWith('{'))
  const addon = runCargo('dev', { flags: targetFlags, env: CARGO })
  await buildSource()
  mkdirSync(`${build}dist`, { recursive: true })
  for (const file of ['package.json', 'dist/index.cjs', 'dist/index.mjs'])
    copyIfChanged(`${root}${file}`, `${build}${file}`)
  copyIfChanged(addon, `${build}dist/holdfast.node`)
  buildFixtures({ into: build, flags: [] })
  return messages.map((line) => JSON.parse(line).executable).filter(Boolean)
}

/** One round of every scenario, on both engines. */
async function runScenarios(env) {
  const child = fileURLToPath(new URL('child.mjs', import.meta.url))
  const tasks = await planTool({ tool: 'plain', engines: ENGINES, budget: 'short' })
  for (const task of tasks.filter(({ kind }) => kind === 'scenario')) {
    const job = { ...task.job, build, slope: false, n: 20, warmUp: 1, rounds: 1 }
    const engine = task.engine === 'libffi' ? 'libffi' : ''
    const settings = { NODE_NO_WARNINGS: '1', FFI_ENGINE: engine, ...task.env, ...env }
    run(process.execPath, ['--expose-gc', child, JSON.stringify(job)], settings)
  }
}

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/vitest.config.ts']

/** vitest on both engines. What counts is slow and takes memory: a test may fail for that, and what it reached counts. */
function runTests(counting) {
  for (const engine of ['', 'libffi']) {
    const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 }
    const env = { ...process.env, ...counting, FFI_ENGINE: engine, NO_COLOR: '1' }
    const { stdout } = spawnSync(process.execPath, vitest, { ...options, env })
    const [ending = stdout.slice(-2000)] = /^ +Tests .*$/m.exec(stdout) ?? []
    console.log(`vitest, ${engine || 'direct'} engine: ${ending.trim()}`)
  }
}

/** The tests with the addon that counts in the place of the built one. */
function runTestsWith(addon) {
  copyIfChanged(addon, `${root}dist/holdfast.node`)
  try {
    runTests(PROFILE)
  } finally {
    buildAddon()
  }
}

async function coverRust() {
  const programs = await buildNative()
  const addon = `${build}dist/holdfast.node`
  rmSync(raw, { recursive: true, force: true })
  for (const program of programs) run(program, [], { ...PROFILE, HOLDFAST_FUZZ_ROUNDS: '500' })
  await runScenarios(PROFILE)
  runTestsWith(addon)
  const profile = `${build}native.profdata`
  const files = readdirSync(raw).map((name) => `${raw}${name}`)
  run(toolOf(llvm, 'llvm-profdata'), ['merge', '-sparse', ...files, '-o', profile])
  const objects = [...programs, addon].flatMap((file, i) => (i === 0 ? [file] : ['-object', file]))
  const ignored = '--ignore-filename-regex=cargo/registry|/rustc/|/tests\\.rs$|/tests/.*\\.rs$'
  const common = [...objects, `-instr-profile=${profile}`, ignored]
  const exported = run(toolOf(llvm, 'llvm-cov'), ['export', '-format=lcov', ...common])
  const summary = JSON.parse(run(toolOf(llvm, 'llvm-cov'), ['export', '-summary-only', ...common])).data[0].totals
  const percent = (key) => `${summary[key].percent.toFixed(1)}% of ${key}`
  console.log(`native/: ${['lines', 'regions', 'functions'].map(percent).join(', ')}`)
  const { reached, missed } = reachOfUnsafe(exported)
  console.log(`native/: ${reached} of ${reached + missed.length} blocks of unsafe code reached; not reached:`)
  for (const place of missed) console.log(`  ${place.replace(root, '')}`)
}

/** vitest on both engines. Processes that a test ends by a signal hand nothing in. */
function coverJavaScript() {
  const folder = `${build}v8`
  rmSync(folder, { recursive: true, force: true })
  runTests({ NODE_V8_COVERAGE: folder })
  // What is counted is dist/, and the source map leads back: a filter by place would leave out the bundle itself.
  const places = ['--temp-directory', folder, '--reports-dir', `${build}js`, '--exclude-after-remap']
  const others = ['tests/**', 'examples/**', 'memtests/**'].flatMap((place) => ['--exclude', place])
  run(process.execPath, [C8, 'report', ...places, ...others, '--reporter', 'json-summary'])
  const { total } = JSON.parse(readFileSync(`${build}js/coverage-summary.json`, 'utf8'))
  const percent = (key) => `${total[key].pct}% of ${key}`
  console.log(`src/: ${['lines', 'branches', 'functions'].map(percent).join(', ')}`)
}

const PARTS = { rust: coverRust, js: coverJavaScript }
const needs = {
  rust: llvm ? undefined : 'llvm-cov of LLVM 19 or later is missing: rustup component add llvm-tools, or set LLVM_BIN',
  js: existsSync(C8) ? undefined : 'c8 is missing: npm install --no-save c8@12',
}
const wanted = process.argv[2] === undefined ? Object.keys(PARTS) : [process.argv[2]]
const missing = wanted.map((part) => (part in PARTS ? needs[part] : `coverage of rust or js, not of ${part}`))
for (const line of missing.filter(Boolean)) console.error(`holdfast: ${line}`)
if (missing.some(Boolean)) process.exitCode = 1
else for (const part of wanted) await PARTS[part]()
