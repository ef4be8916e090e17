// Turns a call during which C calls back into what it must give: its value, or the first error met in its callbacks.
import type { Model, Outcome } from '../model.js'
import { type Checked, outcome, Planned, same } from './step.js'

/** So many later errors of one call are warnings of their own; another one counts the rest. */
const MAX_LATER = 8

/** A call that may call back. Errors of callbacks are thrown from the outermost of those that run. */
export function calls(model: Model, refused: string | undefined, act: () => Outcome, value: () => Outcome): Checked {
  if (model.depth++ === 0) model.calls++
  const got = outcome(act, same)
  if (--model.depth > 0 || model.failure === undefined) return { got, expected: refused ?? value() }
  const { outcome: expected, later } = model.failure
  model.failure = undefined
  model.warnings += later > MAX_LATER ? MAX_LATER + 1 : later
  return { got, expected }
}

/** A callback is about to fail in this way; C gets zero. */
export function fails(model: Model, expected: Outcome): void {
  if (model.failure === undefined) model.failure = { outcome: expected, later: 0 }
  else model.failure.later++
}

let thrown = 0

/** Throws an error that is not mistaken for another. */
export function failOnPurpose(model: Model): never {
  const error = new Planned(`planned ${++thrown}`)
  fails(model, error.message)
  throw error
}
