// Turns the counters of what is held into a baseline that everything must return to.
import { setImmediate as turn } from 'node:timers/promises'
import { type Counters, counters } from 'holdfast'
import { expect } from 'vitest'

type Held = Pick<Counters, 'records' | 'blocks' | 'blockBytes' | 'libraries'>

/** What is held; compiled types and functions are left out, as they are kept to be found again. */
export function held(): Held {
  const { records, blocks, blockBytes, libraries } = counters()
  return { records, blocks, blockBytes, libraries }
}

/** Collects until no more is held than in the baseline. Records of borrowed memory go with their pointer objects. */
export async function expectBaseline(baseline: Held): Promise<void> {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('run with --expose-gc')
  for (let attempt = 0; attempt < 50 && held().records !== baseline.records; attempt++) {
    gc()
    await turn()
  }
  expect(held()).toEqual(baseline)
}
