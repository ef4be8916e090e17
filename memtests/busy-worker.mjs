// Turns a worker thread of the scenario `busy-workers` into calls of which one is in C, or in a callback, when it ends.
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

const { build, state } = workerData
const ffi = await import(pathToFileURL(`${build}dist/index.mjs`).href)
const { I32, I64, U8, U64, External, Void, String: Text } = ffi.DataType
for (const library of ['async', 'threads', 'callbacks']) ffi.open({ library, path: `${build}lib${library}.so` })
const intToInt = ffi.funcConstructor({ paramsType: [I32], retType: I32 })
const telling = ffi.funcConstructor({ paramsType: [Text, I32], retType: Void })
const c = ffi.define({
  sleep_and_return: { library: 'async', retType: I32, paramsType: [I32, I32] },
  fill: { library: 'async', retType: Void, paramsType: [External, U64, U8, I32] },
  sum_i32: { library: 'callbacks', retType: I64, paramsType: [intToInt, I32] },
  tell: { library: 'threads', retType: Void, paramsType: [External, I32] },
})
const ready = () => parentPort.postMessage('in the middle')

const STATES = {
  /** Calls run and wait for a thread, with memory of this environment in their hands, one of it freed already. */
  calling() {
    const [kept, freed] = ffi.createPointer({ paramsType: [U64, U64], paramsValue: [1n, 2n] })
    for (const pointer of [kept, freed]) c.fill.async([pointer, 8, 1, 20]).catch(() => {})
    for (let i = 0; i < 20; i++) c.sleep_and_return.async([1, i]).catch(() => {})
    freed.free()
    ready()
    setInterval(() => {}, 1000)
  },
  /** C calls back all the time. */
  answering() {
    ready()
    for (;;) c.sum_i32((value) => value, 1000)
  },
  /** The worker ends itself inside a callback. */
  exiting() {
    ready()
    c.sum_i32(() => process.exit(3), 2)
  },
  /** Threads of C wait for answers, which are slow to come. */
  async told() {
    const [block] = ffi.createPointer({ paramsType: [telling], paramsValue: [() => {}] })
    for (let i = 0; i < 3; i++) c.tell(ffi.unwrapPointer([block])[0], 100)
    ready()
    for (;;) await pause(1)
  },
}

await STATES[state]()
