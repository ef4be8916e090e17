// Turns the collection of pointer objects into the release of their records, many at a time.
//
// One FinalizationRegistry entry for each pointer would cost more than the call that made it. Pointers made in a row
// share one token instead; when the last of them is collected, the token is, and all their records are released. One live
// pointer so keeps the records of at most 63 others: 48 bytes each, and no memory of theirs.

import { native } from '../native.js'

const SIZE = 64

/** What the pointers of a cohort have in common. */
export class Cohort {}

/** Slot, generation, count; slot, generation, count ... A record named several times in a row is entered once. */
type Entries = number[]

const registry = new FinalizationRegistry((entries: Entries) => native.release(Uint32Array.from(entries)))

let current = new Cohort()
let entries: Entries = []

registry.register(current, entries)

/** Enters a record into the current cohort. The pointer object keeps the result. */
export function enroll(slot: number, generation: number): Cohort {
  const end = entries.length
  if (end !== 0 && entries[end - 3] === slot && entries[end - 2] === generation) {
    entries[end - 1] = (entries[end - 1] as number) + 1
    return current
  }
  if (end === 3 * SIZE) startCohort()
  entries.push(slot, generation, 1)
  return current
}

/** Begins a new cohort, so that the one before can be collected with its pointers. */
export function startCohort(): void {
  if (entries.length === 0) return
  current = new Cohort()
  entries = []
  registry.register(current, entries)
}
