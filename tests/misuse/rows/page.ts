// Turns the rows of the matrix into docs/MISUSE.md.
import { type Row, rows } from './rows.js'

const NOTHING = 'not measured'

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
  const cells = [
    id,
    row.operation,
    row.state,
    row.misuse,
    answer(row),
    ...[row.koffi, row.ffiRs, row.nodeFfi].map((it) => it ?? NOTHING),
  ]
  return `| ${cells.join(' | ')} |`
}

const INTRODUCTION = `# Misuse

What Holdfast answers to each mistake, and what its peers do. \`tests/misuse/rows/rows.ts\` has this table as data; a test compares
this page with it (\`npx vitest run --config tests/vitest.config.ts tests/misuse/rows -u\` writes it anew), and each row
that is not open is one test beside it: what is right works, the mistake gives exactly these codes, nothing that is counted has
changed where something was refused, and what is right works again.

The peers are koffi 3.3.4 and ffi-rs 1.3.7 on Node 20, and \`node:ffi\` of Node 26, on Linux x64. "${NOTHING}" means just that.
`

/** By number and letter; rows with names behind those with numbers, as they were written. */
function inOrder([a]: [string, Row], [b]: [string, Row]): number {
  const [first, second] = [a, b].map((id) => Number.parseInt(id, 10) || Number.POSITIVE_INFINITY) as [number, number]
  if (first !== second) return first - second
  return first === Number.POSITIVE_INFINITY ? 0 : a.localeCompare(b)
}

/** The page. */
export function page(): string {
  const all: [string, Row][] = Object.entries(rows).sort(inOrder)
  const open = all.filter(([, row]) => row.open !== undefined)
  const lines = [
    INTRODUCTION,
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
