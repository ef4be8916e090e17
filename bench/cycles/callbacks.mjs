// Turns a million callbacks, each created and freed, into counters back at their baseline and the growth of memory.
import { counters, createPointer, DataType, funcConstructor } from 'holdfast'

const CYCLES = Number(process.argv[2] ?? 1_000_000)
const WARM_UP = 500_000
const MAX_GROWTH = 8 * 2 ** 20

const type = funcConstructor({ paramsType: [DataType.I32], retType: DataType.I32 })

async function cycle(count) {
  for (let i = 0; i < count; i++) {
    const [callback] = createPointer({ paramsType: [type], paramsValue: [(value) => value + i] })
    callback.free()
    // Lets finalizers run, as a program would.
    if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

await cycle(WARM_UP)
const held = counters()
const before = await cycle(1)
const begun = process.hrtime.bigint()
const after = await cycle(CYCLES)
const seconds = Number(process.hrtime.bigint() - begun) / 1e9
const growth = after - before
console.log(
  `${CYCLES} callbacks created and freed in ${seconds.toFixed(1)} s; RSS grew ${(growth / 2 ** 20).toFixed(1)} MiB`,
)
const left = Object.entries(counters()).filter(([name, count]) => count !== held[name])
if (left.length > 0) console.error(`not back at the baseline: ${left.join(' ')}`)
if (left.length > 0 || growth > MAX_GROWTH) process.exitCode = 1
