// Turns an action into what came of it, beside what was to come.
import { FfiError, type Pointer } from 'holdfast'
import type { Held, Model, Outcome, Place } from '../model.js'

/** Three numbers of which each step makes what it needs. */
export type Numbers = readonly [number, number, number]

/** One step: what was to come, and what has come. */
export interface Checked {
  readonly expected: Outcome
  readonly got: Outcome
}

/**
 * What a step does to the model, with a pointer chosen for it; undefined when it does not apply. `inner` runs some of the
 * steps that follow, once: in a scope, or in a callback.
 */
export type Step = (model: Model, held: Held, numbers: Numbers, inner: () => void) => Checked | undefined

/** An error of the program's own, thrown from a callback. */
export class Planned extends Error {}

/** What an action gives; `keep` makes a value of its result. */
export function outcome<T>(act: () => T, keep: (result: T) => Outcome): Outcome {
  let result: T
  try {
    result = act()
  } catch (error) {
    if (error instanceof FfiError) return error.code
    if (error instanceof Planned) return error.message
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

/** A step that gives a new pointer to `place`. */
export function gives(
  model: Model,
  refused: string | undefined,
  place: () => Place | null,
  act: () => Pointer,
): Checked {
  return check(refused, act, ok, (pointer) => {
    model.hold(pointer, place())
    return 'ok'
  })
}

/** A difference between two outcomes is noted, as what a callback throws may get lost. */
export function compare(model: Model, name: string, { got, expected }: Checked): void {
  if (Object.is(got, expected)) return
  model.wrong ??= new Error(`${name}: expected ${expected}, got ${got}`)
  throw model.wrong
}

export const nothing = () => undefined
export const ok = () => 'ok'
export const same = <T>(value: T) => value
