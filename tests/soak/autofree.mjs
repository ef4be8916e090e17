// Turns 10,000,000 lost pointers into the memory that they never took: `node tests/soak/autofree.mjs [count] [sync|turns|inner|owned]`, exit code 1 if it grew.
// `sync`: one synchronous loop; `turns`: with turns of the event loop; `inner`: the inner pointers are what is lost last;
// `owned`: memory of a C library, which a function of it releases.
import { setImmediate as turn } from 'node:timers/promises'
import { counters, createPointer, DataType, define, frees, open, owned, unwrapPointer } from 'holdfast'

const count = Number(process.argv[2] ?? 10_000_000)
const way = process.argv[3] ?? 'sync'
const LIMIT = 400e6
const text = { paramsType: [DataType.String], paramsValue: ['x'.repeat(1015)] }

const suffix = process.platform === 'darwin' ? 'dylib' : 'so'
open({ library: 'ownership', path: new URL(`../../cpp/build/libownership.${suffix}`, import.meta.url).pathname })
const { box_new } = define({
  box_new: { library: 'ownership', retType: owned(DataType.External, 'box_free'), paramsType: [DataType.I32] },
})

let peak = 0
let most = 0
const look = () => {
  peak = Math.max(peak, process.memoryUsage.rss())
  most = Math.max(most, way === 'owned' ? counters().records : counters().blocks)
}

const started = process.hrtime.bigint()
for (let i = 0; i < count; i++) {
  if (way === 'owned') {
    box_new(i)
  } else {
    const made = createPointer(text)
    if (way === 'inner') unwrapPointer(made)
  }
  if (i % 10_000 === 0) {
    look()
    if (way === 'turns') await turn()
  }
}
const each = Number(process.hrtime.bigint() - started) / count
const megabytes = Math.round(peak / 1e6)
console.log(
  `${process.version} ${way} ${count}: peak ${megabytes} MB, at most ${most} held, ${each.toFixed(0)} ns each`,
  frees(),
)
if (peak > LIMIT) process.exitCode = 1
