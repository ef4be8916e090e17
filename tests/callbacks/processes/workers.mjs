// Workers are terminated in the middle of a loop of callbacks, and while threads of theirs wait for an answer.
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createPointer, DataType, define, funcConstructor, open, unwrapPointer } from 'holdfast'

const { I32, I64, External } = DataType
const type = funcConstructor({ paramsType: [I32], retType: I32 })

async function supervise() {
  const [, , threads, callbacks] = process.argv
  for (let round = 0; round < 12; round++) {
    const inside = round % 2 === 0
    const worker = new Worker(new URL(import.meta.url), { workerData: { threads, callbacks, inside } })
    await once(worker, 'message')
    await setTimeout(round)
    await worker.terminate()
  }
  console.log('end')
}

function loopInCallbacks(path) {
  open({ library: 'callbacks', path })
  const { sum_i32 } = define({ sum_i32: { library: 'callbacks', retType: I64, paramsType: [type, I32] } })
  parentPort.postMessage('ready')
  for (;;) sum_i32((value) => value, 100_000)
}

function letThreadsWait(path) {
  open({ library: 'threads', path })
  const { start } = define({ start: { library: 'threads', retType: External, paramsType: [External, I32] } })
  const made = createPointer({ paramsType: [type], paramsValue: [(value) => value] })
  for (let i = 0; i < 4; i++) start(unwrapPointer(made)[0], 1_000_000)
  parentPort.postMessage('ready')
  setInterval(() => {}, 1000)
}

if (isMainThread) await supervise()
else if (workerData.inside) loopInCallbacks(workerData.callbacks)
else letThreadsWait(workerData.threads)
