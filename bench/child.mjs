// Turns one (driver, form, case) given on the command line into its timings, as one JSON line on standard output.
import { isDeepStrictEqual } from 'node:util'
import { cases } from './cases.mjs'

const [driver, form, id, library, profile] = process.argv.slice(2)

try {
  const { warmUpMs, loops, loopMs } = JSON.parse(profile)
  const bench = cases.find((entry) => entry.id === id)
  const { connect } = await import(`./drivers/${driver}.mjs`)
  const bound = bindAll(connect(library)[form], bench)
  verify(bench.checks(bound))
  const perLoop = warmUp(bench, bound, warmUpMs, loopMs)
  const timed = Array.from({ length: loops }, () => time(bench, bound, perLoop))
  report({ ns: timed.map(({ ms }) => (ms * 1e6) / perLoop), sink: timed.map(({ result }) => result) })
} catch (error) {
  report({ error: String(error?.message ?? error) })
}

function bindAll(bind, { bind: signatures = { fn: undefined } }) {
  return Object.fromEntries(Object.entries(signatures).map(([name, signature]) => [name, bind(signature)]))
}

function verify(pairs) {
  pairs.forEach(([got, expected], index) => {
    if (isDeepStrictEqual(got, expected)) return
    throw new Error(`wrong result in check ${index + 1}: got ${show(got)}, expected ${show(expected)}`)
  })
}

function show(value) {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? String(value)
}

/**
 * Runs ever longer loops until TurboFan has had `warmUpMs`, and returns how many calls fill `loopMs`.
 * Loops double, so that code is optimised both through its entry and on the stack, and the last ones are as long as
 * the timed ones: values that only long loops reach (sums beyond 31 bits) have been seen by then.
 */
function warmUp(bench, bound, warmUpMs, loopMs) {
  let calls = 64
  let spent = 0
  for (;;) {
    const { ms } = time(bench, bound, calls)
    spent += ms
    const fitting = Math.max(1, Math.round((calls * loopMs) / Math.max(ms, 0.001)))
    if (spent >= warmUpMs && ms >= loopMs / 4) return fitting
    calls = Math.min(calls * 2, fitting)
  }
}

function time(bench, bound, calls) {
  const start = process.hrtime.bigint()
  const result = bench.loop(bound, calls)
  return { ms: Number(process.hrtime.bigint() - start) / 1e6, result }
}

function report(outcome) {
  const { node, v8 } = process.versions
  process.stdout.write(`\n${show({ ...outcome, node, v8 })}\n`)
}
