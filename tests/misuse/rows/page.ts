// Turns the rows of the matrix, and what was measured of the peers, into docs/MISUSE.md.
import { type Class, cell, countMistakes, countRows, PEER_NAMES, PEERS, type Peer, results } from './peers.js'
import { type Row, rows } from './rows.js'

/** Whether nothing of a row is caught yet, so that it has no test. */
export function isOpen({ codes, outcome, open }: Row): boolean {
  return open !== undefined && codes.length === 0 && outcome === undefined
}

function answer(row: Row): string {
  const codes = row.codes.map((code) => `\`${code}\``).join(', ')
  const only = row.only && `only with \`${row.only}\``
  return isOpen(row) ? 'open' : [codes, row.outcome, only].filter(Boolean).join('; ')
}

function line(id: string, row: Row): string {
  const cells = [id, row.operation, row.state, row.misuse, answer(row), ...PEERS.map((peer) => cell(id, peer))]
  return `| ${cells.join(' | ')} |`
}

function measuredPeers(): string {
  const peers = PEERS.map((peer) => ({ peer, ...results.peers[peer] }))
  return peers
    .map(({ peer, version, node }) =>
      version === node ? `\`node:ffi\` of Node ${node}` : `${peer} ${version} on Node ${node}`,
    )
    .join(', ')
}

const INTRODUCTION = `# Misuse

What Holdfast answers to each mistake, and what its peers do. \`tests/misuse/rows/rows.ts\` has this table as data; a test compares
this page with it (\`npx vitest run --config tests/vitest.config.ts tests/misuse/rows -u\` writes it anew), and each row
that is not open is one test beside it: what is right works, the mistake gives exactly these codes, nothing that is counted has
changed where something was refused, and what is right works again.

The peers' columns are a measurement too, \`bench/misuse/results.json\`: \`node bench/misuse/run.mjs --write\` makes each mistake
with each peer, used as its documentation shows, in processes of their own, three times, for at most ten seconds. Measured
${results.date} on ${results.platform}: ${measuredPeers()}.

- A signal is how the process died; "later" is after the mistake had gone through, when the heap was used again.
- "wrong data": memory that was freed or is another's, or a value that nobody wrote, was taken for the right one.
- "nothing is said": the mistake went through without an error. What else it did could not be seen.
- "not expressible": the peer has nothing with which this could be done.
- Mistakes that a row has several of are named before what they came to; "or" stands between what differed from time to time.
`

/** By number and letter; rows with names behind those with numbers, as they were written. */
function inOrder([a]: [string, Row], [b]: [string, Row]): number {
  const [first, second] = [a, b].map((id) => Number.parseInt(id, 10) || Number.POSITIVE_INFINITY) as [number, number]
  if (first !== second) return first - second
  return first === Number.POSITIVE_INFINITY ? 0 : a.localeCompare(b)
}

const COLUMNS: Record<Class, string> = {
  crashes: 'crashes or hangs',
  silent: 'goes on in silence',
  refuses: 'refuses, or throws',
  right: 'comes out right',
  none: 'not expressible',
}

const CLASSES = Object.keys(COLUMNS) as Class[]

/** How often each peer came to what. */
function table(title: string, classes: readonly Class[], countOf: (peer: Peer) => Record<Class, number>): string[] {
  return [
    `| ${title} | ${classes.map((name) => COLUMNS[name]).join(' | ')} |`,
    `|---|${'---|'.repeat(classes.length)}`,
    ...PEERS.map((peer) => `| ${[PEER_NAMES[peer], ...classes.map((name) => countOf(peer)[name])].join(' | ')} |`),
    '',
  ]
}

function summary(ids: readonly string[]): string[] {
  return [
    `The matrix has ${ids.length} rows. Each counts by the worst that a peer came to in it:`,
    '',
    ...table('Rows', CLASSES, (peer) => countRows(ids, peer)),
    'Many rows have several mistakes. Each of those that a peer can make, by the worst of its runs:',
    '',
    ...table('Mistakes', CLASSES.slice(0, -1), (peer) => countMistakes(ids, peer)),
  ]
}

/** The page. */
export function page(): string {
  const all: [string, Row][] = Object.entries(rows).sort(inOrder)
  const open = all.filter(([, row]) => row.open !== undefined)
  const lines = [
    INTRODUCTION,
    '## The peers in numbers',
    '',
    ...summary(all.map(([id]) => id)),
    '## The matrix',
    '',
    '| Row | Operation | On what | Misuse | Holdfast | koffi | ffi-rs | `node:ffi` |',
    '|---|---|---|---|---|---|---|---|',
    ...all.map(([id, row]) => line(id, row)),
    '',
    '## Open',
    '',
    `Of ${all.length} rows ${all.filter(([, row]) => isOpen(row)).length} are open as a whole and have no test. What is not caught yet, and what it waits for:`,
    '',
    ...open.map(([id, row]) => `- **${id}**, ${row.misuse}: ${row.open}.`),
    '',
  ]
  return lines.join('\n')
}
