// Turns 8 workers that open, call and close distinct keys into a process that survives: `node tests/soak/workers.mjs [seconds]`.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { close, counters, createPointer, DataType, define, open } from 'holdfast'

const { I32, I32Array, String: Text, U64, U8, U8Array, Void } = DataType
const suffix = process.platform === 'darwin' ? 'dylib' : 'so'
const path = new URL(`../../cpp/build/libasync.${suffix}`, import.meta.url).pathname

async function work({ number, until }) {
  let rounds = 0
  for (; Date.now() < until; rounds++) {
    const library = `key ${number}.${rounds % 11}`
    open({ library, path })
    const of = { library }
    const c = define({
      add: { ...of, retType: I32, paramsType: [I32, I32] },
      join: { ...of, retType: Text, paramsType: [Text, Text], freeResultMemory: true },
      fill: { ...of, retType: Void, paramsType: [U8Array, U64, U8, I32] },
    })
    if (c.add(rounds, number) !== rounds + number) throw new Error('add')
    if (c.join('a', 'b') !== 'ab') throw new Error('join')
    const buffer = Buffer.alloc(16)
    const calls = [c.add.async([rounds, number]), c.fill.async([buffer, 16, 1, 0]), c.join.async(['x', 'y'])]
    if (rounds % 2) close(library)
    const [sum, , text] = await Promise.all(calls)
    if (sum !== rounds + number || text !== 'xy' || buffer[15] !== 1) throw new Error('async')
    if (!(rounds % 2)) close(library)
    const [pointer] = createPointer({ paramsType: [I32Array], paramsValue: [[1, 2, 3]] })
    pointer.free()
  }
  const { libraries, blocks, asyncCalls, pins } = counters()
  parentPort.postMessage({ rounds, left: libraries + blocks + asyncCalls + pins })
}

async function main() {
  const seconds = Number(process.argv[2] ?? 15)
  const until = Date.now() + seconds * 1000
  const workers = Array.from({ length: 8 }, (_, number) => {
    return new Worker(new URL(import.meta.url), { workerData: { number, until } })
  })
  const ends = await Promise.all(
    workers.map(async (worker) => {
      const exit = once(worker, 'exit')
      const [end] = await once(worker, 'message')
      await exit
      return end
    }),
  )
  const rounds = ends.map((end) => end.rounds)
  console.log(`8 workers for ${seconds} s: ${rounds.reduce((a, b) => a + b)} rounds (${rounds.join(', ')})`)
  if (ends.some((end) => end.left !== 0)) throw new Error('something is left')
}

await (isMainThread ? main() : work(workerData))
