// Turns a list of drivers and cases into measurements: interleaved rounds, one child process for each timing.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const child = fileURLToPath(new URL('child.mjs', import.meta.url))
const TIMEOUT_MS = 120_000

/** Every (case, driver, form) to be timed, or with the reason why there is nothing to time. */
export function lanesOf(cases, drivers) {
  return cases.flatMap((bench) =>
    drivers.flatMap((driver) => {
      const gap = bench.literal ? driver.noLiteral : driver.lacks?.[bench.id]
      if (gap) return [{ bench, driver, gap, rounds: [] }]
      const forms = bench.literal ? [driver.literal] : driver.forms
      return forms.map((form) => ({ bench, driver, form, rounds: [] }))
    }),
  )
}

/**
 * Fills `rounds` of each lane with the loop times of its children, in ns per call, and returns the versions they ran.
 * A case's drivers run next to each other, and in another order each round: what else the machine does at that time
 * meets all of them. A lane that fails gets `gap` or `failure` and is not run again.
 */
export async function measure(lanes, { rounds, node, library, profile, tell }) {
  let versions
  for (let round = 0; round < rounds; round++) {
    for (const group of groupByCase(lanes)) {
      tell(`round ${round + 1} of ${rounds}: ${group[0].bench.id}`)
      const turn = round % group.length
      for (const lane of [...group.slice(turn), ...group.slice(0, turn)]) {
        if (lane.gap || lane.failure) continue
        const outcome = await timeInChild(lane, { node, library, profile })
        versions ??= outcome.versions
        if (outcome.ns) lane.rounds.push(outcome.ns)
        if (outcome.crash && lane.driver.mayCrash) lane.gap = outcome.crash
        else lane.failure = outcome.crash ?? outcome.error
      }
    }
  }
  return versions
}

/** Lanes of one case together, cases in their own order. */
export function groupByCase(lanes) {
  const benches = [...new Set(lanes.map((lane) => lane.bench))]
  return benches.map((bench) => lanes.filter((lane) => lane.bench === bench))
}

async function timeInChild({ driver, form, bench }, { node, library, profile }) {
  const args = [child, driver.name, form, bench.id, library, JSON.stringify(profile)]
  try {
    const { stdout } = await promisify(execFile)(node, args, { timeout: TIMEOUT_MS })
    const { ns, error, node: nodeVersion, v8 } = JSON.parse(stdout.trim().split('\n').at(-1))
    return { ns, error, versions: { node: nodeVersion, v8 } }
  } catch (error) {
    if (error.killed) return { error: `no answer within ${TIMEOUT_MS / 1000} s` }
    return { crash: error.signal ? `the process died of ${error.signal}` : firstLine(error) }
  }
}

function firstLine(error) {
  return String(error.stderr || error.message)
    .trim()
    .split('\n')[0]
}
