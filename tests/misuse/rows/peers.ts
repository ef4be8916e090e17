// Turns the measurement of the peers, bench/misuse/results.json, into the cells and the summary of docs/MISUSE.md.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Kind = 'signal' | 'hung' | 'garbage' | 'silent' | 'uncaught' | 'threw' | 'right'

/** What a process came to that made a mistake. */
interface Outcome {
  readonly kind: Kind
  readonly signal?: string
  readonly name?: string
  readonly code?: string | number
  readonly note?: string
  /** What the mistake itself came to, where the process died later. */
  readonly after?: { readonly kind: Kind }
}
/** The peer has nothing to make the mistake with. */
interface None {
  readonly none: string
}
/** The mistakes of a row by name, each with the outcomes that were seen. */
type Mistakes = Readonly<Record<string, readonly Outcome[] | None>>
type Measured = Mistakes | None

interface Results {
  readonly date: string
  readonly platform: string
  readonly peers: Readonly<Record<Peer, { readonly version: string; readonly node: string }>>
  readonly rows: Readonly<Record<string, Readonly<Record<Peer, Measured>>>>
}

export const PEERS = ['koffi', 'ffi-rs', 'node-ffi'] as const
export type Peer = (typeof PEERS)[number]
export const PEER_NAMES: Record<Peer, string> = { koffi: 'koffi', 'ffi-rs': 'ffi-rs', 'node-ffi': '`node:ffi`' }

const file = join(import.meta.dirname, '..', '..', '..', 'bench', 'misuse', 'results.json')
export const results = JSON.parse(readFileSync(file, 'utf8')) as Results

const isNone = (measured: Measured | readonly Outcome[]): measured is None =>
  typeof Reflect.get(measured, 'none') === 'string'

/** Names of errors that say nothing. */
const GENERAL = ['Error', 'TypeError', 'RangeError']

function thrown({ name = 'Error', code }: Outcome): string {
  const said = typeof code === 'string' ? code : GENERAL.includes(name) ? undefined : name
  return said === undefined ? 'throws' : `throws \`${said}\``
}

function died({ signal, after }: Outcome): string {
  if (after === undefined) return `${signal}`
  return after.kind === 'garbage' ? `wrong data, ${signal} later` : `${signal} later`
}

/** How each kind of outcome reads. */
const TEXTS: Record<Kind, (outcome: Outcome) => string> = {
  signal: died,
  hung: ({ note }) => note ?? 'hangs',
  garbage: ({ note }) => note ?? 'wrong data',
  silent: ({ note }) => note ?? 'nothing is said',
  uncaught: () => 'an `uncaughtException`',
  threw: thrown,
  right: ({ note }) => note ?? 'comes out right',
}

const textOf = (seen: readonly Outcome[]) =>
  [...new Set(seen.map((outcome) => TEXTS[outcome.kind](outcome)))].join(' or ')

function measuredOf(id: string, peer: Peer): Measured {
  const measured = results.rows[id]?.[peer]
  if (measured === undefined)
    throw new Error(`row ${id} was not measured with ${peer}: node bench/misuse/run.mjs --write`)
  return measured
}

/** What a peer does in a row: mistakes that come to the same are named together. */
export function cell(id: string, peer: Peer): string {
  const measured = measuredOf(id, peer)
  if (isNone(measured)) return `not expressible: ${measured.none}`
  const names = new Map<string, string[]>()
  for (const [name, seen] of Object.entries(measured)) {
    const text = isNone(seen) ? `not expressible (${seen.none})` : textOf(seen)
    names.set(text, [...(names.get(text) ?? []), name])
  }
  if (names.size === 1) return [...names.keys()].join()
  return Array.from(names, ([text, mistakes]) => `${mistakes.join(', ')}: ${text}`).join('; ')
}

/** From the worst; a row counts by the worst that was seen in it. */
const CLASSES = {
  crashes: ['signal', 'hung'],
  silent: ['garbage', 'silent'],
  refuses: ['threw', 'uncaught'],
  right: ['right'],
} as const satisfies Record<string, readonly Kind[]>

export type Class = keyof typeof CLASSES | 'none'

function worstOf(seen: readonly Outcome[]): Class {
  const kinds = new Set<Kind>(seen.map(({ kind }) => kind))
  const classes = Object.keys(CLASSES) as (keyof typeof CLASSES)[]
  return classes.find((name) => CLASSES[name].some((kind) => kinds.has(kind))) ?? 'none'
}

/** The outcomes of each mistake of a row that the peer can make. */
function made(id: string, peer: Peer): (readonly Outcome[])[] {
  const measured = measuredOf(id, peer)
  return isNone(measured) ? [] : Object.values(measured).filter((seen): seen is readonly Outcome[] => !isNone(seen))
}

function tally(worst: readonly Class[]): Record<Class, number> {
  const counts: Record<Class, number> = { crashes: 0, silent: 0, refuses: 0, right: 0, none: 0 }
  for (const one of worst) counts[one]++
  return counts
}

/** In how many of the rows a peer does what. */
export const countRows = (ids: readonly string[], peer: Peer): Record<Class, number> =>
  tally(ids.map((id) => worstOf(made(id, peer).flat())))

/** After how many of the single mistakes that it can make a peer does what. */
export const countMistakes = (ids: readonly string[], peer: Peer): Record<Class, number> =>
  tally(ids.flatMap((id) => made(id, peer).map(worstOf)))

/** What docs/SAFETY.md says of the peers. */
export function sentence(ids: readonly string[]): string {
  const parts = PEERS.map((peer) => {
    const { crashes, silent, refuses } = countRows(ids, peer)
    return `${PEER_NAMES[peer]} crashes or hangs in ${crashes}, goes on in silence in ${silent} and refuses ${refuses}`
  })
  return `It has ${ids.length} rows: by the worst that was measured in each, ${parts.join('; ')}.`
}
