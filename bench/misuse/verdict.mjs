// Turns what a driver saw after its mistake into a verdict, for the case that the process lives to tell.
import { isDeepStrictEqual } from 'node:util'

/** What a driver did right went wrong before its mistake: nothing was measured. */
export class Broken extends Error {}

/** The peer has nothing with which to make this mistake. */
export const none = (reason) => ({ none: reason })

/** The mistake went through, and nothing tells of it. `note` is what it did, in a few words. */
export const silent = (note) => ({ kind: 'silent', note })

/** What came back is not what the program could mean: freed, foreign or made up. */
export const garbage = (got, note) => ({ kind: 'garbage', got: show(got), note })

/** No harm: it came out right in spite of the mistake, or because the peer takes care. */
export const right = (note) => ({ kind: 'right', note })

/** Right or garbage, where only the right value says that the peer takes care. */
export const fine = (got, expected) => (isDeepStrictEqual(got, expected) ? right() : garbage(got))

/** Garbage or silence, where even the right value says only that nobody has used the memory yet. */
export const stale = (got, expected) => (isDeepStrictEqual(got, expected) ? silent() : garbage(got))

/** @throws Broken when what is right does not work. */
export function sound(got, expected) {
  if (!isDeepStrictEqual(got, expected)) throw new Broken(`got ${show(got)}, expected ${show(expected)}`)
}

/** What must work for the mistake to be made. */
export function legit(act) {
  return (...values) => {
    try {
      return act(...values)
    } catch (error) {
      throw new Broken(error.message, { cause: error })
    }
  }
}

const show = (value) =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))?.slice(0, 200)
