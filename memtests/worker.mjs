// Turns a worker thread of the scenario `workers` into calls, and ends as it is told while it holds memory.
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

const { build, n, end } = workerData
const ffi = await import(pathToFileURL(`${build}dist/index.mjs`).href)
const { I32, String: Text, External } = ffi.DataType
ffi.open({ library: 'p', path: `${build}libpointers.so` })
const c = ffi.define({
  static_int: { library: 'p', retType: External, paramsType: [] },
  read_int: { library: 'p', retType: I32, paramsType: [External] },
})

/** Held until the environment ends, by nobody but the environment. */
const held = []

function use() {
  const [number, text] = ffi.createPointer({ paramsType: [I32, Text], paramsValue: [7, 'kept'] })
  c.read_int(number)
  c.static_int().read(I32)
  ffi.createExternalBuffer(number, 4)
  if (held.length < 50) held.push(number, text)
  else {
    number.free()
    text.free()
  }
}

for (let i = 0; i < n; i++) use()
parentPort.postMessage('in the middle')
if (end === 'exit') process.exit(3)
while (end === 'terminated') use()
