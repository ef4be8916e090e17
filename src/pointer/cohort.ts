// Turns the collection of pointer objects into the release of their records, many at a time.
//
// One FinalizationRegistry entry for each pointer would cost more than the call that made it. Pointers made in a row
// share one token instead; when the last of them is collected, the token is, and all their records are released. One live
// pointer so keeps the records of at most 63 others: 48 bytes each, and no memory of theirs.

import { native } from '../native.js'

const SIZE = 64

/** What the pointers of a cohort have in common. */
export class Cohort {}

const registry = new FinalizationRegistry((pairs: Uint32Array) => native.release(pairs))

let current = new Cohort()
let pairs = new Uint32Array(2 * SIZE)
let count = 0

registry.register(current, pairs)

/** Enters a record into the current cohort. The pointer object keeps the result. */
export function enroll(slot: number, generation: number): Cohort {
  if (count === 2 * SIZE) startCohort()
  pairs[count++] = slot
  pairs[count++] = generation
  return current
}

/** Begins a new cohort, so that the one before can be collected with its pointers. */
export function startCohort(): void {
  if (count === 0) return
  current = new Cohort()
  pairs = new Uint32Array(2 * SIZE)
  count = 0
  registry.register(current, pairs)
}
