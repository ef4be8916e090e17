// Turns random sequences of calls into outcomes, each compared with what a simple model says.
import { expect, it } from 'vitest'
import { planned, play } from './play.js'

const plan = planned(100_000)

it(
  'random sequences of calls give what the model says, and leave nothing behind',
  async () => {
    const { before, after } = await play(plan)
    expect(after).toEqual(before)
  },
  10 * plan.steps + 60_000,
)
