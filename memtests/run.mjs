// Turns scenarios and planted faults into verdicts: `node memtests/run.mjs --tool plain|valgrind|asan|ubsan|all`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { capture } from '../.ci/capture.mjs'
import { buildVariant, root } from './builds.mjs'
import { judgeFault, judgeProgram, judgeScenario } from './judge.mjs'
import { ENGINES, planTool } from './plan.mjs'
import { table, writeResults } from './table.mjs'
import { TOOLS } from './tools/index.mjs'

const child = fileURLToPath(new URL('child.mjs', import.meta.url))
const say = (line) => console.log(`holdfast: ${line}`)
/** A run that takes longer hangs. */
const LIMITS = { short: 6 * 60_000, full: 20 * 60_000 }

/** @returns a verdict for each thing that a task shows. */
function judge(task, seen) {
  if (task.kind === 'scenario') return [{ name: task.name, ...judgeScenario({ ...task, ...seen }) }]
  if (task.kind === 'core') return [{ name: task.name, ...judgeProgram(seen) }]
  return task.faults.map((fault) => ({ name: `${fault.by}:${fault.name}`, ...judgeFault({ ...task, ...seen, fault }) }))
}

/** Runs one task in a process of its own, and judges it. */
async function runTask(task, { logs, number, budget }) {
  const { tool, engine, job } = task
  const log = join(logs, `${number}`)
  const args = task.kind === 'core' ? ['--test-threads=2', ...task.args] : ['--expose-gc', child, JSON.stringify(job)]
  const command = TOOLS[tool].command(args, log, task.program)
  // Warnings are looked at by those scenarios that cause them.
  const settings = { FFI_ENGINE: engine === 'libffi' ? 'libffi' : '', NODE_NO_WARNINGS: '1', ...task.env }
  const env = { ...process.env, ...command.env, ...settings }
  // A tool is tens of times slower than what the targets' own budget is made for.
  if (task.kind === 'core') {
    const { n } = TOOLS[tool].budgets[budget]
    Object.assign(env, { HOLDFAST_FUZZ_ROUNDS: String(n * 20), HOLDFAST_STRESS_ROUNDS: String(Math.ceil(n / 4)) })
  }
  const begun = performance.now()
  const run = await capture(command.program, command.args, { cwd: root, env, limit: LIMITS[budget] })
  const seconds = (performance.now() - begun) / 1000
  const verdicts = judge(task, { run, found: TOOLS[tool].read(log) })
  return verdicts.map((verdict) => ({ kind: task.kind, tool, engine, seconds, ...verdict }))
}

function report({ kind, tool, engine, name, seconds, problems, caught }) {
  const subject = kind === 'scenario' ? `${name}, ${engine} engine` : `${kind} ${name}`
  say(
    `${problems.length > 0 ? 'FAILED' : 'ok'}  ${tool}, ${subject} (${seconds.toFixed(1)} s)${caught ? `: ${caught}` : ''}`,
  )
  for (const problem of problems) console.log(problem.replace(/^/gm, '    '))
}

/** Runs tasks, as many at a time as there are processors. */
async function runAll(tasks, budget) {
  const logs = mkdtempSync(join(tmpdir(), 'holdfast-memtests-'))
  const results = []
  let next = 0
  async function lane() {
    while (next < tasks.length) {
      const number = next++
      results[number] = await runTask(tasks[number], { logs, number, budget })
      results[number].forEach(report)
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, lane))
  rmSync(logs, { recursive: true })
  return results.flat()
}

const OPTIONS = {
  tool: { type: 'string', default: 'all' },
  scenario: { type: 'string' },
  engine: { type: 'string', default: 'all' },
  budget: { type: 'string', default: 'short' },
  write: { type: 'boolean', default: false },
}

/** One of a list, or `all` of it. @throws Error that names the list. */
function choose(what, value, list) {
  if (value === 'all') return list
  if (!list.includes(value)) throw new Error(`--${what} is one of ${[...list, 'all'].join(', ')}; got ${value}`)
  return [value]
}

async function main() {
  const { values } = parseArgs({ options: OPTIONS })
  const { scenario, write } = values
  const [budget] = values.budget === 'all' ? [] : choose('budget', values.budget, Object.keys(LIMITS))
  if (budget === undefined) throw new Error('--budget is short or full')
  const tools = choose('tool', values.tool, Object.keys(TOOLS))
  const engines = choose('engine', values.engine, ENGINES)
  const missing = tools.map((tool) => TOOLS[tool].missing()).filter((line) => line !== undefined)
  if (missing.length > 0) throw new Error(missing.join('; '))
  for (const variant of new Set(tools.map((tool) => TOOLS[tool].build))) await buildVariant(variant)
  const tasks = []
  for (const tool of tools) tasks.push(...(await planTool({ tool, engines, budget, scenario })))
  if (tasks.length === 0) throw new Error(`nothing is called ${scenario} under ${tools.join(', ')}`)
  const results = await runAll(tasks, budget)
  const failed = results.filter(({ problems }) => problems.length > 0).length
  mkdirSync(`${root}.ci/results`, { recursive: true })
  const counts = { passed: results.length - failed, failed }
  writeFileSync(`${root}.ci/results/memtests.json`, JSON.stringify({ ...counts, budget, results }, null, 2))
  console.log(`\n${table(results)}\n`)
  if (write) writeResults({ results, budget })
  say(`${counts.passed} memory runs as expected, ${failed} not`)
  return failed > 0 ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`holdfast: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
