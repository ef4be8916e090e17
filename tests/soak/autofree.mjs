// Turns 10,000,000 lost pointers into the memory that they never took: `node tests/soak/autofree.mjs [count] [sync|turns|inner]`, exit code 1 if it grew.
// `sync`: one synchronous loop; `turns`: with turns of the event loop; `inner`: the inner pointers are what is lost last.
import { setImmediate as turn } from 'node:timers/promises'
import { counters, createPointer, DataType, frees, unwrapPointer } from 'holdfast'

const count = Number(process.argv[2] ?? 10_000_000)
const way = process.argv[3] ?? 'sync'
const LIMIT = 400e6
const text = { paramsType: [DataType.String], paramsValue: ['x'.repeat(1015)] }

let peak = 0
let most = 0
const look = () => {
  peak = Math.max(peak, process.memoryUsage.rss())
  most = Math.max(most, counters().blocks)
}

const started = process.hrtime.bigint()
for (let i = 0; i < count; i++) {
  const made = createPointer(text)
  if (way === 'inner') unwrapPointer(made)
  if (i % 10_000 === 0) {
    look()
    if (way === 'turns') await turn()
  }
}
const each = Number(process.hrtime.bigint() - started) / count
const megabytes = Math.round(peak / 1e6)
console.log(
  `${process.version} ${way} ${count}: peak ${megabytes} MB, at most ${most} blocks, ${each.toFixed(0)} ns each`,
  frees(),
)
if (peak > LIMIT) process.exitCode = 1
