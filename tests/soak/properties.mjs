// Turns millions of random calls, each compared with the model of tests/properties, into exit code 0 when all agree.
//
// `node --expose-gc tests/soak/properties.mjs [steps] [seed] [--build folder]`: the folder is one of memtests/build/.
import { parseArgs } from 'node:util'
import { bundled } from '../properties/bundle.mjs'

const { values, positionals } = parseArgs({ options: { build: { type: 'string' } }, allowPositionals: true })
const { planned, play, done } = await bundled(values.build && `${values.build.replace(/\/$/, '')}/`)
const plan = planned(Number(positionals[0] ?? 1_000_000))
plan.seed ??= Number(positionals[1] ?? Date.now() % 2 ** 31)

// A crash leaves no other message.
console.log(`seed ${plan.seed}, ${plan.steps} steps`)
const begun = performance.now()
try {
  const { before, after } = await play(plan)
  const seconds = (performance.now() - begun) / 1000
  const rate = Math.round(done.steps / seconds)
  const size = Math.round(process.memoryUsage.rss() / 2 ** 20)
  console.log(`${done.steps} steps in ${seconds.toFixed(1)} s, ${rate} a second, ${size} MiB resident`)
  for (const [outcome, times] of [...done.outcomes].sort()) console.log(`${times} ${outcome}`)
  for (const key of Object.keys(before)) {
    if (before[key] === after[key]) continue
    console.error(`${key}: ${before[key]} before, ${after[key]} after`)
    process.exitCode = 1
  }
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
