// Turns a million callbacks, each created and freed, into counters back at their baseline and the growth of memory.
import { setImmediate as turn } from 'node:timers/promises'
import { counters, createPointer, DataType, funcConstructor } from 'holdfast'

const CYCLES = Number(process.argv[2] ?? 1_000_000)
const PART = Math.max(1, CYCLES / 10)
const MAX_WARM_UP = 20
const MAX_GROWTH = 8 * 2 ** 20

const type = funcConstructor({ paramsType: [DataType.I32], retType: DataType.I32 })

/** @returns the sizes after one part of the cycles. */
async function part() {
  for (let i = 0; i < PART; i++) {
    const [callback] = createPointer({ paramsType: [type], paramsValue: [(value) => value + i] })
    callback.free()
    // Lets finalizers run, as a program would.
    if (i % 10_000 === 0) await turn()
  }
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await turn()
  }
  return process.memoryUsage()
}

/** V8 doubles its young generation when much of it survives, up to 32 MiB, which is not growth of the program's. */
async function warmUp() {
  let [now, steady] = [await part(), 0]
  for (let i = 0; i < MAX_WARM_UP && steady < 3; i++) {
    const next = await part()
    steady = next.heapTotal === now.heapTotal ? steady + 1 : 0
    now = next
  }
  return now
}

const first = await warmUp()
const held = counters()
const begun = performance.now()
const grown = { rss: 0, outside: 0, heapUsed: 0 }
for (let i = 0; i < 10; i++) {
  const { rss, heapTotal, heapUsed } = await part()
  grown.rss = Math.max(grown.rss, rss - first.rss)
  grown.outside = Math.max(grown.outside, rss - heapTotal - (first.rss - first.heapTotal))
  grown.heapUsed = Math.max(grown.heapUsed, heapUsed - first.heapUsed)
}
const seconds = (performance.now() - begun) / 1000
const mebibytes = (size) => (size / 2 ** 20).toFixed(1)
console.log(
  `${CYCLES} callbacks created and freed in ${seconds.toFixed(1)} s; RSS ${mebibytes(first.rss)} MiB, at most ` +
    `${mebibytes(grown.rss)} more (${mebibytes(grown.outside)} outside V8's heap, ${mebibytes(grown.heapUsed)} used in it)`,
)
const left = Object.entries(counters()).filter(([name, count]) => count !== held[name])
if (left.length > 0) console.error(`not back at the baseline: ${left.join(' ')}`)
if (left.length > 0 || grown.rss > MAX_GROWTH) process.exitCode = 1
