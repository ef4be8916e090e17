// Turns an action into what came of it, beside what was to come.
import { FfiError } from 'holdfast'
import type { Held, Model, Outcome } from './model.js'

/** Three numbers of which each step makes what it needs. */
export type Numbers = readonly [number, number, number]

/** One step: what was to come, and what has come. */
export interface Checked {
  readonly expected: Outcome
  readonly got: Outcome
}

/** What a step does to the model, with a pointer chosen for it; undefined when it does not apply. */
export type Step = (model: Model, held: Held, numbers: Numbers) => Checked | undefined

/** What an action gives; `keep` makes a value of its result. */
function outcome<T>(act: () => T, keep: (result: T) => Outcome): Outcome {
  let result: T
  try {
    result = act()
  } catch (error) {
    if (error instanceof FfiError) return error.code
    throw error
  }
  return keep(result)
}

/** A step that either is refused as expected, or gives what `use` makes of its result. */
export function check<T>(
  refused: string | undefined,
  act: () => T,
  expected: () => Outcome,
  use: (result: T) => Outcome,
): Checked {
  const got = outcome(act, use)
  return { expected: refused ?? expected(), got }
}

export const nothing = () => undefined
export const ok = () => 'ok'
