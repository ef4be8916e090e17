// Turns what an environment holds into a baseline that a scenario must return to, exactly.
import { setImmediate as turn } from 'node:timers/promises'

const same = (a, b) => Object.keys(a).every((key) => a[key] === b[key])

/** Collects, and lets the finalizers run, which takes turns of the event loop. */
export async function clean() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await turn()
  }
}

/** Collects until the counters are those of `baseline`, or for some time. @returns what they are then. */
export async function settle(counters, baseline) {
  for (let attempt = 0; attempt < 40 && !same(baseline, counters()); attempt++) {
    await clean()
  }
  return counters()
}

/** Collects until two looks in a row see the same. @returns it. */
export async function stable(counters) {
  let last
  for (let attempt = 0; attempt < 40; attempt++) {
    await clean()
    const now = counters()
    if (last !== undefined && same(last, now)) return now
    last = now
  }
  return last
}

/** What differs, in words; empty when nothing does. */
export function differences(baseline, now) {
  return Object.keys(baseline)
    .filter((key) => baseline[key] !== now[key])
    .map((key) => `${key}: ${baseline[key]} before, ${now[key]} after`)
}
