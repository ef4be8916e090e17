// Turns random sequences of calls, each compared with the model of tests/properties, into nothing held.
import assert from 'node:assert/strict'
import { bundled } from '../../tests/properties/bundle.mjs'

/** Freeing what C handed out looks for malloc's bookkeeping before it, which valgrind sees. */
export const probes = 'sometimes'

export const fewRounds = true

export async function setUp({ build, n }) {
  const { play } = await bundled(build)
  const steps = Number(process.env.FFI_PROPERTY_STEPS ?? 20 * n)
  return async () => {
    // The same each time: what is bound when it is first called is there after the first round.
    const { before, after } = await play({ steps, seed: 1 })
    assert.deepEqual(after, before)
  }
}
