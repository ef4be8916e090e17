// Turns 1,000,000 asynchronous calls into what is left of them: `node --expose-gc tests/soak/async.mjs [calls]`, exit code 1 if anything.
import { setImmediate as turn } from 'node:timers/promises'
import { counters, createPointer, DataType, define, open } from 'holdfast'

const calls = Number(process.argv[2] ?? 1_000_000)
const batch = 1000
const { External, I32, String: Text, U8, U8Array, U64, Void } = DataType
const suffix = process.platform === 'darwin' ? 'dylib' : 'so'
open({ library: 'async', path: new URL(`../../cpp/build/libasync.${suffix}`, import.meta.url).pathname })
const of = { library: 'async' }
const c = define({
  add: { ...of, retType: I32, paramsType: [I32, I32] },
  join: { ...of, retType: Text, paramsType: [Text, Text], freeResultMemory: true },
  add_one: { ...of, retType: Void, paramsType: [U8Array, U8Array, U64] },
  same: { ...of, retType: External, paramsType: [External] },
  weigh: {
    ...of,
    retType: DataType.Double,
    paramsType: [
      {
        id: I32,
        name: Text,
        weights: { type: DataType.DoubleArray, length: 3, ffiTypeTag: DataType.StackArray },
      },
      I32,
    ],
  },
})
const bytes = new Uint8Array(256)
const [pointer] = createPointer({ paramsType: [U8], paramsValue: [1] })
const item = { id: 1, name: 'a', weights: [1, 2, 3] }
const kinds = [
  (i) => c.add.async([i, 1]),
  () => c.join.async(['some', 'text']),
  () => c.add_one.async([bytes, bytes, 256]),
  () => c.same.async([pointer]),
  () => c.weigh.async([item, 0]),
]

async function run(count) {
  for (let done = 0; done < count; done += batch) {
    await Promise.all(Array.from({ length: batch }, (_, i) => kinds[(done + i) % kinds.length](i)))
  }
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await turn()
  }
}

const megabytes = () => process.memoryUsage.rss() / 2 ** 20
// V8 sizes its heap by what the first rounds leave.
for (let part = 0; part < 3; part++) await run(calls / 10)
const [before, rss, begun] = [counters(), megabytes(), performance.now()]
let highest = rss
for (let part = 0; part < 10; part++) {
  await run(calls / 10)
  highest = Math.max(highest, megabytes())
}
const microseconds = ((performance.now() - begun) * 1000) / calls
const after = counters()
console.log(
  `${calls} calls, ${microseconds.toFixed(2)} us each; RSS ${rss.toFixed(1)} MiB before, at most ${highest.toFixed(1)}`,
)
const same = JSON.stringify(before) === JSON.stringify(after)
console.log(same ? 'every counter is where it was' : `counters ${JSON.stringify({ before, after })}`)
if (!same || highest - rss > 8) process.exitCode = 1
