// Turns loops that are long enough to be optimised into one line of JSON: what went wrong in each, and how refusals came out.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { close, createPointer, DataType, define, freePointer, open } from 'holdfast'

const paths = isMainThread ? JSON.parse(process.argv[2]) : workerData
const { I32, U64, Double, String: Text, External, U8Array, Void } = DataType
for (const [library, path] of Object.entries(paths)) open({ library, path })
const of = (library, retType, ...paramsType) => ({ library, retType, paramsType })

/** A function under a name of its own for C's symbol: every form of `id_ptr` is a separate wrapper. */
const only = (symbol, description) => define({ [symbol]: description })[symbol]

const noop = only('noop', of('scalars', Void))
const counted = only('counted', of('scalars', I32, I32))
const doubles = only('doubles12', of('scalars', Double, ...new Array(12).fill(Double)))
const addressOf = only('address_of', of('pointers', U64, External))
const idPointer = only('id_ptr', of('pointers', External, External))
const textAt = only('id_ptr', of('pointers', Text, External))
const length = only('string_length', of('strings', I32, Text))
const echo = only('echo', of('strings', Text, Text))
const nullText = only('null_string', of('strings', Text))
const low = only('low_address', of('pointers', Text))
const readByte = only('read_byte', of('pointers', I32, U8Array, U64))

const ROUNDS = 60_000

/** How often the body did not give `true`. */
function wrongs(body) {
  let wrong = 0
  for (let i = 0; i < ROUNDS; i++) if (body(i) !== true) wrong++
  return wrong
}

/** The code of what a body throws after it was optimised. */
function codeOf(body) {
  try {
    return `returned ${body()}`
  } catch (error) {
    return error.code ?? String(error)
  }
}

const strings = Array.from({ length: 600 }, (_, i) => (i < 40 ? 'x'.repeat(i) : `text ${i * 7919}`))
const texts = strings.map((text) => createPointer({ paramsType: [Text], paramsValue: [text] })[0])
const charsOf = define({ read_ptr: of('pointers', External, External) }).read_ptr
const chars = texts.map((pointer) => charsOf([pointer]))
const blocks = Array.from({ length: 100 }, (_, i) => createPointer({ paramsType: [I32], paramsValue: [i] })[0])
const buffers = Array.from({ length: 7 }, (_, i) => new Uint8Array(i + 1).fill(i + 1))
const address = blocks.map((block) => addressOf(block))

const loops = {
  noop: wrongs(() => noop() === undefined),
  counted: wrongs((i) => counted(i) === i),
  doubles: wrongs((i) => doubles(i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5) > 0),
  addresses: wrongs((i) => addressOf(blocks[i % 100]) === address[i % 100]),
  pointers: wrongs((i) => idPointer(blocks[i % 100]).address === BigInt(address[i % 100])),
  texts: wrongs((i) => textAt(chars[i % 600]) === strings[i % 600]),
  lengths: wrongs((i) => length(strings[i % 600]) === strings[i % 600].length),
  echo: wrongs((i) => echo(strings[i % 600]) === strings[i % 600]),
  nullText: wrongs(() => nullText() === null),
  bytes: wrongs((i) => readByte(buffers[i % 7], i % ((i % 7) + 1)) === (i % 7) + 1),
  dataViews: wrongs((i) => readByte(new DataView(buffers[i % 7].buffer), 0) === (i % 7) + 1),
  arrays: wrongs((i) => readByte([i & 255], 0) === (i & 255)),
}

const detached = new Uint8Array(8)
structuredClone(detached.buffer, { transfer: [detached.buffer] })
freePointer({ paramsType: [I32], paramsValue: [blocks[0]], pointerType: 0 })
const refusals = {
  freed: codeOf(() => addressOf(blocks[0])),
  detached: codeOf(() => readByte(detached, 0)),
  badText: codeOf(() => low()),
  number: codeOf(() => counted('1')),
  pointer: codeOf(() => addressOf({})),
  arity: codeOf(() => counted()),
}
// A closed library is refused in code that has called it ever so often, and found again once it is open.
close('scalars')
refusals.closed = codeOf(() => counted(1))
open({ library: 'scalars', path: paths.scalars })
refusals.reopened = codeOf(() => counted(7))

const outcome = { loops, refusals }
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: paths })
  worker.once('message', (inWorker) => console.log(JSON.stringify({ ...outcome, inWorker })))
  worker.once('error', (error) => console.log(JSON.stringify({ error: String(error) })))
} else {
  parentPort.postMessage(outcome)
}
