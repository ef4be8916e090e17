// Turns measured lanes into rows, and rows into Markdown: the table, its footnotes, the targets and the details.

import { groupByCase } from './rounds.mjs'

const PEERS = ['koffi', 'ffi-rs']
const OURS = 'holdfast'

/** What a run prints: the table, its footnotes and, with Holdfast in it, the targets. */
export function summary(lanes, drivers) {
  const rows = rowsOf(lanes)
  const parts = [mainTable(rows, drivers)]
  if (drivers.some(({ name }) => name === OURS)) parts.push(targetsTable(rows))
  return parts.join('\n\n')
}

/** The whole of RESULTS.md. */
export function resultsPage(where, lanes, drivers, { rounds, warmUpMs, loops, loopMs }) {
  const rows = rowsOf(lanes)
  return `# Benchmark results

Written by \`node bench/run.mjs --write\`; nothing in it is typed by hand.

${where}

## Times

${mainTable(rows, drivers)}

## Method

- Each driver, form of call and case runs in a process of its own; ${rounds} rounds, the drivers of a case one after
  another in each, in changing order.
- In a process: results are checked first (a wrong one is an error, not a time), then ${warmUpMs} ms or more of warm-up,
  then ${loops} loops of about ${loopMs} ms. The table has the median over the rounds of the fastest loop.
- The loop itself and what it does with the result are included, and are the same for every driver.
- ffi-rs is timed through \`load\` (types built once) and through \`define\`; the table has the faster. Strings and
  Buffers are eight in turn, returned texts four.
- Holdfast runs with every check on.

## Targets

${targetsTable(rows)}

## Details

${detailsTable(lanes)}
`
}

/** One row a case: for each driver its fastest form, in ns per call, or a form that has no number, with the reason. */
function rowsOf(lanes) {
  return groupByCase(lanes).map((group) => {
    const cells = {}
    for (const lane of group) {
      const cell = { lane, ns: headline(lane) }
      const best = cells[lane.driver.name]
      if (!best || (cell.ns ?? Infinity) < (best.ns ?? Infinity)) cells[lane.driver.name] = cell
    }
    return { bench: group[0].bench, cells }
  })
}

/** The median over the rounds of each child's fastest loop: the loop that other work on the machine disturbed least. */
function headline({ rounds, gap, failure }) {
  return gap || failure ? undefined : median(rounds.map((loops) => Math.min(...loops)))
}

/** Targets as lines: required, measured, met or not met; a row without both numbers is not measured. */
function targetsOf(rows) {
  return rows.flatMap(({ bench, cells }) => {
    const required = bench.literal ? bench.targets : { koffi: 1, ...bench.targets }
    return Object.entries(required).map(([peer, factor]) => {
      const ratio = ratioOf(cells, peer)
      const verdict = ratio === undefined ? 'not measured' : ratio >= factor ? 'met' : 'not met'
      return [
        bench.title,
        peer,
        `>= ${factor.toFixed(1)}x`,
        ratio === undefined ? '-' : `${ratio.toFixed(2)}x`,
        verdict,
      ]
    })
  })
}

function ratioOf(cells, peer) {
  const [theirs, ours] = [cells[peer]?.ns, cells[OURS]?.ns]
  return theirs === undefined || ours === undefined ? undefined : theirs / ours
}

/** The main table and its footnotes. */
function mainTable(rows, drivers) {
  const notes = []
  const names = drivers.map((driver) => driver.name)
  const compared = names.includes(OURS) ? PEERS.filter((peer) => names.includes(peer)) : []
  const header = ['ns per call', ...names, ...compared.map((peer) => `${peer} / ${OURS}`)]
  const lines = rows.map(({ bench, cells }) => [
    bench.title,
    ...names.map((name) => numberOrNote(cells[name], notes)),
    ...compared.map((peer) => {
      const ratio = ratioOf(cells, peer)
      return ratio === undefined ? '-' : `${ratio.toFixed(2)}x`
    }),
  ])
  return [table(header, lines), ...notes.map((note, index) => `[${index + 1}] ${note}`)].join('\n\n')
}

function numberOrNote({ lane, ns }, notes) {
  if (ns !== undefined) return nanoseconds(ns)
  const note = `${lane.driver.name}, ${lane.bench.title}: ${lane.failure ?? lane.gap}.`
  if (!notes.includes(note)) notes.push(note)
  return `n/a [${notes.indexOf(note) + 1}]`
}

/** Targets with their verdicts. */
function targetsTable(rows) {
  return table(['case', 'peer', 'required', 'measured', 'verdict'], targetsOf(rows))
}

/** Every form measured: fastest loop, median loop, and the range of the fastest loop over the rounds. */
function detailsTable(lanes) {
  const lines = lanes
    .filter((lane) => headline(lane) !== undefined)
    .map((lane) => {
      const best = lane.rounds.map((loops) => Math.min(...loops))
      return [
        lane.bench.title,
        `${lane.driver.name} ${lane.form}`,
        nanoseconds(median(best)),
        nanoseconds(median(lane.rounds.map(median))),
        `${nanoseconds(Math.min(...best))} to ${nanoseconds(Math.max(...best))}`,
      ]
    })
  return table(['case', 'form', 'fastest loop', 'median loop', 'fastest loop over the rounds'], lines)
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function nanoseconds(ns) {
  return ns < 1000 ? ns.toFixed(1) : Math.round(ns).toLocaleString('en-US')
}

function table(header, lines) {
  const widths = header.map((cell, column) => Math.max(cell.length, ...lines.map((line) => line[column].length)))
  const row = (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [row(header), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.map(row)].join('\n')
}
