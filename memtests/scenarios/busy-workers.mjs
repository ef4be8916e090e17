// Turns workers that end while C runs their calls, calls them back or waits for their answers, into nothing held.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

const program = new URL('../busy-worker.mjs', import.meta.url)

export const startsWorkers = true

export function setUp({ bind, build, ffi }) {
  // All environments of a process share the threads for calls.
  process.env.FFI_THREADS = '2'
  const { I32 } = ffi.DataType
  const c = bind('async', { add: [I32, I32, I32] })
  async function one(state) {
    const worker = new Worker(program, { workerData: { build, state } })
    const exited = once(worker, 'exit')
    await once(worker, 'message')
    if (state !== 'exiting') await worker.terminate()
    assert.equal((await exited)[0], state === 'exiting' ? 3 : 1)
    // The threads have been given back: what the worker had queued never runs, what ran is over soon.
    assert.equal(await c.add.async([1, 2]), 3)
  }
  return async () => {
    await Promise.all([one('calling'), one('told')])
    await Promise.all([one('answering'), one('exiting')])
    // Threads of C that got zero go on to their end.
    await pause(20)
  }
}
