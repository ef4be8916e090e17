// Turns pointers that C functions returned into cohorts, whose records are released many at a time.
//
// To watch each such pointer would cost more than the call that made it. Pointers made in a row share one token instead;
// when the last of them is collected, the token is, and all their records are released. One live pointer so keeps the
// records of at most 63 others. Pointers that own memory are taken out again and watched each alone: what 63 of them own
// may be any amount.

import { native } from '../native.js'

const SIZE = 64

/** What the pointers of a cohort have in common. */
export class Cohort {}

/** Slot, generation, count; slot, generation, count ... A record named several times in a row is entered once. */
const entries = new Uint32Array(3 * SIZE)

let current = new Cohort()
let end = 0

/** Enters a record into the current cohort. The pointer object keeps the result. */
export function enroll(slot: number, generation: number): Cohort {
  if (end !== 0 && entries[end - 3] === slot && entries[end - 2] === generation) {
    entries[end - 1] = (entries[end - 1] as number) + 1
    return current
  }
  if (end === 3 * SIZE) startCohort()
  entries[end] = slot
  entries[end + 1] = generation
  entries[end + 2] = 1
  end += 3
  return current
}

/** Takes a record that was entered out of the current cohort; false when that has ended. */
export function withdraw(slot: number, generation: number): boolean {
  for (let at = end - 3; at >= 0; at -= 3) {
    if (entries[at] !== slot || entries[at + 1] !== generation) continue
    const count = (entries[at + 2] as number) - 1
    entries[at + 2] = count
    if (count === 0) {
      end -= 3
      entries.copyWithin(at, end, end + 3)
    }
    return true
  }
  return false
}

/** Begins a new cohort, so that the one before can be collected with its pointers. */
export function startCohort(): void {
  if (end === 0) return
  const [token, length] = [current, end]
  current = new Cohort()
  end = 0
  native.watchMany(token, entries, length)
}
