// Turns threads of C and workers that call, free, close and end at random (tests/soak/threads.mjs) into nothing held.
import assert from 'node:assert/strict'
import { expectPlanned, stress } from '../../tests/soak/threads.mjs'

/** What takes its time by the clock has no slope to measure in a reasonable one. */
export const tools = ['valgrind', 'asan', 'ubsan']

/** What C hands over is looked at before it is freed, if such a call comes to its end in the time. */
export const probes = 'sometimes'

export function setUp({ build, n }) {
  expectPlanned()
  let seed = 1
  return async () => {
    const { failures } = await stress({ seconds: n / 100, seed: seed++, build })
    assert.deepEqual(failures, [])
  }
}
