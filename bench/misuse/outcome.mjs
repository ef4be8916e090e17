// Turns the end of a child process, and what it said before, into an outcome; and many outcomes into those that differ.
import { isDeepStrictEqual } from 'node:util'

/** How the process died, if it did. */
function death({ signal, code, stderr, timedOut }) {
  if (timedOut) return { kind: 'hung' }
  if (signal) return { kind: 'signal', signal, message: lastWords(stderr) }
  if (code !== 0) return { kind: 'uncaught', message: uncaughtError(stderr) ?? lastWords(stderr), code }
  return undefined
}

/** What libc, V8 or Rust say before they abort. */
function lastWords(stderr) {
  const words =
    /^(free\(\).*|munmap_chunk\(\).*|realloc\(\).*|malloc\(\).*|malloc_.*|double free.*|corrupted.*|.*panicked at.*|fatal runtime error.*|FATAL ERROR.*|# Fatal.*)$/m
  return words.exec(stderr)?.[1]
}

const uncaughtError = (stderr) => /^\w*Error\b.*$/m.exec(stderr)?.[0]

/** What a run of a mistake came to. A death after the verdict counts for more than the verdict. */
export function outcomeOf(end) {
  const dead = death(end)
  const said = end.said === '' ? undefined : JSON.parse(end.said)
  if (dead === undefined) return said ?? { kind: 'broken', message: `it said nothing; ${end.stderr}` }
  if (said === undefined) return dead
  if (said.kind === 'broken') return said
  if (said.ends && dead.kind === 'hung') return { kind: 'hung', note: 'the process does not end' }
  return { ...dead, after: said }
}

/** What the page tells apart. */
const essence = ({ kind, signal, note, after, code }) => ({ kind, signal, note, code, after: after?.kind })

/** Outcomes that differ, each with how often it was seen. */
export function tally(outcomes) {
  const seen = []
  for (const outcome of outcomes) {
    const same = seen.find((one) => isDeepStrictEqual(essence(one), essence(outcome)))
    if (same) same.times++
    else seen.push({ ...outcome, times: 1 })
  }
  return seen
}
