// Turns workers that end by themselves, by process.exit and by terminate, in the middle of calls, into nothing held.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const program = new URL('../worker.mjs', import.meta.url)

export const startsWorkers = true

export function setUp({ ffi, bind, n, build }) {
  const { I32, External } = ffi.DataType
  const c = bind('pointers', { read_int: [I32, External] })
  const [kept] = ffi.createPointer({ paramsType: [I32], paramsValue: [42] })
  async function one(end) {
    const worker = new Worker(program, { workerData: { build, n, end } })
    const exited = once(worker, 'exit')
    await once(worker, 'message')
    if (end === 'terminated') await worker.terminate()
    const [code] = await exited
    assert.equal(code, { natural: 0, exit: 3, terminated: 1 }[end])
    assert.equal(c.read_int(kept), 42)
  }
  return async () => {
    await Promise.all([one('natural'), one('terminated')])
    await one('exit')
  }
}
