// Turns random sequences of calls into outcomes, each compared with what a simple model says.
import { writeSync } from 'node:fs'
import { expect, it } from 'vitest'
import { planned, play } from './play.js'

const plan = { seed: Date.now() % 2 ** 31, ...planned(100_000) }
// A crash leaves no other message.
writeSync(2, `tests/properties: FFI_PROPERTY_SEED=${plan.seed}\n`)

it(
  'random sequences of calls give what the model says, and leave nothing behind',
  async () => {
    const { before, after } = await play(plan)
    expect(after).toEqual(before)
  },
  10 * plan.steps + 60_000,
)
