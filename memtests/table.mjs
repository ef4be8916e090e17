// Turns the results of runs into tables of tools x scenarios and tools x faults, with times.
import { writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { TOOLS } from './tools/index.mjs'

const TOOL_NAMES = Object.keys(TOOLS)

/** What a cell says: nothing where the tool does not claim anything. */
function cell(results, { kind, name, engine, tool }) {
  const found = results.find(
    (one) => one.kind === kind && one.name === name && one.engine === engine && one.tool === tool,
  )
  if (found === undefined) return '-'
  const good = kind === 'fault' ? 'caught' : 'clean'
  return `${found.problems.length === 0 ? good : 'FAILED'}, ${found.seconds.toFixed(1)} s`
}

function rows(results, kind, label) {
  const lines = new Map()
  for (const { kind: its, name, engine } of results) if (its === kind) lines.set(`${name} ${engine}`, { name, engine })
  return [...lines.values()].map(({ name, engine }) => {
    const cells = TOOL_NAMES.map((tool) => cell(results, { kind, name, engine, tool }))
    return `| ${label(name, engine)} | ${cells.join(' | ')} |`
  })
}

function section(results, kind, heading, label) {
  const lines = rows(results, kind, label)
  if (lines.length === 0) return []
  return ['', `| ${heading} | ${TOOL_NAMES.join(' | ')} |`, `|---|${TOOL_NAMES.map(() => '---').join('|')}|`, ...lines]
}

/** The tables as Markdown. */
export function table(results) {
  return [
    ...section(results, 'scenario', 'Scenario, engine', (name, engine) => `${name}, ${engine}`),
    ...section(results, 'core', 'Test program', (name) => name),
    ...section(results, 'fault', 'Planted fault', (name) => name),
  ]
    .slice(1)
    .join('\n')
}

/** Growth that the plain runs measured, and the growth that they rule out. */
function slopes(results) {
  const kib = (bytes) => (bytes / 1024).toFixed(1)
  const measured = results.filter(({ kind, slopes: found }) => kind === 'scenario' && found)
  const lines = measured.map(({ name, engine, slopes: found }) => {
    const [resident, heap] = Object.values(found).map(({ slope, bound }) => `${kib(slope)} (${kib(bound)})`)
    const cells = [resident, heap ?? '-']
    return `| ${name}, ${engine} | ${cells.join(' | ')} |`
  })
  const head = ['| Scenario, engine | outside the JavaScript heap | JavaScript heap |', '|---|---|---|']
  return lines.length > 0 ? ['', ...head, ...lines] : []
}

/** Writes memtests/RESULTS.md. */
export function writeResults({ results, budget }) {
  const machine = `Node ${process.versions.node}, Linux ${release()}, ${process.arch}, ${cpus().length} processors`
  const seconds = results.reduce((sum, { seconds: its }) => sum + its, 0)
  const text = `# Memory runs

Written by \`node memtests/run.mjs --tool all --budget ${budget} --write\` on ${machine}: ${results.length} runs, ${seconds.toFixed(0)} seconds
of processor lanes. \`-\` where a tool claims nothing. See [the guide](../docs/guides/memory-testing.md).

${table(results)}

Growth in KiB a round of the plain runs, and in brackets what it surely exceeds (99.9%); above 0 is a leak.
${slopes(results).join('\n')}
`
  writeFileSync(new URL('RESULTS.md', import.meta.url), text)
}
