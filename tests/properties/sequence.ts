// Turns one sequence of numbers into calls of the API, and everything that they have made into nothing.
import { setImmediate as turn } from 'node:timers/promises'
import { close, counters, createPointer, DataType, freePointer, PointerType } from 'holdfast'
import { collect } from '../autofree/collecting.js'
import { c, other } from './functions.js'
import { type Held, Model } from './model.js'
import { settle } from './steps/asynchronous.js'
import { steps } from './steps/index.js'
import { countBoxes } from './steps/ownership.js'
import { runInAsyncScope } from './steps/scopes.js'
import { type Checked, compare, type Numbers } from './steps/step.js'

/** One step: which, with which pointer, and three numbers more. */
export type Raw = readonly [kind: number, on: number, ...numbers: Numbers]

/** Steps that wait, by numbers above those of the others; in scopes and callbacks that do not, only the garbage goes. */
export const SETTLE = steps.length
export const COLLECT = steps.length + 1
export const ASYNC_SCOPE = steps.length + 2

/** What was done so far, by all sequences. */
export const done = { steps: 0, outcomes: new Map<string, number>(), warnings: 0 }

function count({ got }: Checked): void {
  const kind = typeof got === 'string' ? got.replace(/ \d+$/, '') : 'a value'
  done.outcomes.set(kind, (done.outcomes.get(kind) ?? 0) + 1)
}

/** Runs some of a sequence. What scopes and callbacks enclose is taken in one go. */
async function run(model: Model, sequence: readonly Raw[], from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const [kind, , length] = sequence[i] as Raw
    if (kind === ASYNC_SCOPE) {
      const end = Math.min(to, i + 1 + (length % 30))
      const first = i + 1
      await wait(model)
      await runInAsyncScope(model, () => run(model, sequence, first, end))
      i = end - 1
    } else if (kind === SETTLE) await wait(model)
    else if (kind === COLLECT) await afterCollection(model)
    else i += step(model, sequence, i, to)
    if (model.wrong !== undefined) throw model.wrong
  }
}

/** One step. Returns how many more it has taken with it. */
function step(model: Model, sequence: readonly Raw[], i: number, to: number): number {
  const [kind, on, ...numbers] = sequence[i] as Raw
  done.steps++
  if (kind === COLLECT) collect()
  const [name, act] = steps[kind] ?? []
  if (name === undefined || act === undefined) return 0
  let taken = 0
  const inner = () => {
    if (taken > 0) return
    const end = Math.min(to, i + 1 + (numbers[2] % 20))
    taken = end - i - 1
    for (let at = i + 1; at < end; at++) at += step(model, sequence, at, end)
  }
  const checked = act(model, model.held[on % model.held.length] as Held, numbers, inner)
  if (checked !== undefined) {
    count(checked)
    compare(model, name, checked)
  }
  return taken
}

/** Everything that goes on elsewhere comes to its end. */
async function wait(model: Model): Promise<void> {
  await settle(model)
  await turn()
  compare(model, 'boxes', countBoxes(model))
  compare(model, 'warnings', { got: done.warnings, expected: model.warnings })
}

/** Nothing that something held leads to may go. */
async function afterCollection(model: Model): Promise<void> {
  await wait(model)
  collect()
  await turn()
  const [least, blocks] = [model.reachable(), counters().blocks]
  compare(model, `${least} blocks at least`, { got: blocks >= least || blocks, expected: true })
}

/** Releases what is left. */
function end(model: Model): void {
  other.keep(null)
  c.shelf_empty()
  for (const { pointer, place } of model.kept.values()) {
    const beginning = place.offset === 0 ? pointer : c.offset_ptr(pointer, -place.offset)
    const list = { paramsType: [DataType.External], paramsValue: [beginning] }
    freePointer(place.block.kind === 'c' ? { ...list, pointerType: PointerType.CPointer } : list)
  }
  for (const key of model.libraries.keys()) close(key)
}

/** Releases what can be released after a difference, so that the next sequence is not judged by this one's remains. */
async function abandon(model: Model): Promise<void> {
  other.keep(null)
  await Promise.allSettled(model.pending.map(({ promise }) => promise))
  await turn()
  c.shelf_empty()
  for (const { pointer } of model.kept.values()) pointer[Symbol.dispose]()
  for (const key of model.libraries.keys()) close(key)
}

/** Runs a sequence from its beginning. @throws where it differs from the model */
export async function runFresh(sequence: readonly Raw[]): Promise<void> {
  const model = new Model(c.live_count(), done.warnings)
  const [first] = createPointer({ paramsType: [DataType.Double], paramsValue: [0] })
  model.made(first, 8)
  try {
    await run(model, sequence, 0, sequence.length)
    await wait(model)
  } catch (error) {
    await abandon(model)
    throw error
  }
  end(model)
}
