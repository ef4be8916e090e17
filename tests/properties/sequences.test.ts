// Turns random sequences of calls into outcomes, each compared with what a simple model says.
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { close, counters, createPointer, DataType, freePointer, PointerType, scope } from 'holdfast'
import { afterAll, describe, expect, it } from 'vitest'
import { collect } from '../autofree/collecting.js'
import { c } from '../pointers/calls.js'
import { type Held, Model, type Outcome } from './model.js'
import type { Numbers } from './step.js'
import { steps } from './steps.js'

/** How many steps in all; long runs set it. */
const STEPS = Number(process.env['FFI_PROPERTY_STEPS'] ?? 100_000)
const LENGTH = 250
const SCOPE = steps.length
const SETTLE = steps.length + 1
const COLLECT = steps.length + 2

type Raw = readonly [kind: number, on: number, ...numbers: Numbers]

const kinds = fc.oneof(
  { weight: 300, arbitrary: fc.nat(steps.length - 1) },
  { weight: 15, arbitrary: fc.constant(SCOPE) },
  { weight: 6, arbitrary: fc.constant(SETTLE) },
  { weight: 1, arbitrary: fc.constant(COLLECT) },
)
const number = fc.nat(0xffff)
const sequence = fc.array(fc.tuple(kinds, number, number, number, number), {
  minLength: 1,
  maxLength: LENGTH,
  size: 'max',
})

let done = 0
const counts = new Map<string, number>()

function compare(name: string, got: Outcome, expected: Outcome): void {
  const outcome = typeof got === 'string' ? got : 'a value'
  counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  if (!Object.is(got, expected)) throw new Error(`${name}: expected ${expected}, got ${got}`)
}

/** Runs one sequence. What scopes of their own enclose runs in one go, as it must. */
async function run(model: Model, sequence: readonly Raw[]): Promise<void> {
  for (let i = 0; i < sequence.length; i++) {
    const raw = sequence[i] as Raw
    if (raw[0] === SETTLE) await settle(model)
    else if (raw[0] === COLLECT) await afterCollection(model)
    else i += step(model, sequence, i)
  }
}

/** One step. Returns how many more it has taken with it. */
function step(model: Model, sequence: readonly Raw[], i: number): number {
  const [kind, on, ...numbers] = sequence[i] as Raw
  done++
  if (kind === SCOPE) return runInScope(model, sequence, i, numbers)
  const [name, act] = steps[kind] ?? []
  if (name === undefined || act === undefined) return 0
  const checked = act(model, model.held[on % model.held.length] as Held, numbers)
  if (checked !== undefined) compare(name, checked.got, checked.expected)
  return 0
}

/** A scope around the steps that follow; every other one ends by an error. */
function runInScope(model: Model, sequence: readonly Raw[], at: number, [count, fails]: Numbers): number {
  if (model.scopes.length > 3) return 0
  const end = Math.min(sequence.length, at + 1 + (count % 20))
  const failure = new Error('on purpose')
  const body = () => {
    for (let i = at + 1; i < end; i++) i += step(model, sequence, i)
    if (fails % 2 === 0) throw failure
  }
  model.scopes.push({ blocks: new Set(), libraries: new Set() })
  try {
    scope(body)
  } catch (error) {
    if (error !== failure) throw error
  }
  model.endScope()
  return end - at - 1
}

async function settle(model: Model): Promise<void> {
  for (const { promise, expected } of model.pending.splice(0))
    compare('a promise', (await promise) as Outcome, expected)
}

/** Nothing that something held leads to may go. */
async function afterCollection(model: Model): Promise<void> {
  collect()
  await turn()
  expect(counters().blocks).toBeGreaterThanOrEqual(model.reachable())
}

async function inFresh(sequence: readonly Raw[]): Promise<void> {
  const model = new Model()
  const [first] = createPointer({ paramsType: [DataType.Double], paramsValue: [0] })
  model.made(first, 8)
  await run(model, sequence)
  await settle(model)
  for (const { pointer, place } of model.kept.values()) {
    const beginning = c.offset_ptr(pointer, -place.offset)
    const pointerType = place.block.kind === 'c' ? PointerType.CPointer : PointerType.RsPointer
    freePointer({ paramsType: [DataType.External], paramsValue: [beginning], pointerType })
  }
  for (const key of model.libraries.keys()) close(key)
}

describe('random sequences of calls', () => {
  it(
    'give what the model says, and leave nothing behind',
    async () => {
      const before = counters()
      // Lengths are spread from 1 on.
      const numRuns = Math.ceil((2 * STEPS) / LENGTH)
      await fc.assert(fc.asyncProperty(sequence, inFresh), { numRuns, endOnFailure: STEPS > 1_000_000 })
      for (let attempt = 0; attempt < 50 && counters().records > before.records; attempt++) {
        collect()
        await turn()
      }
      const { records, blocks, blockBytes, libraries, pins, asyncCalls } = counters()
      const { records: r, blocks: b, blockBytes: bytes, libraries: l } = before
      expect({ records, blocks, blockBytes, libraries, pins, asyncCalls }).toEqual({
        records: r,
        blocks: b,
        blockBytes: bytes,
        libraries: l,
        pins: 0,
        asyncCalls: 0,
      })
    },
    10 * STEPS + 60_000,
  )

  afterAll(() => {
    if (STEPS > 100_000) console.log(done, Object.fromEntries(counts))
  })
})
