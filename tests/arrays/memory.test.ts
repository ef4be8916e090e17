// Turns JavaScript memory of every kind into what C changes in place, and refuses memory that is gone.
import { DataType, define } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('arrays')
const { U8, U8Array, I32, U64, Void } = DataType
const fill = (memory: unknown, count: number, first = 1) =>
  call('fill_bytes', Void, [U8Array, I32, U8], [memory, count, first])
const bytesOf = (view: ArrayBufferView) => Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, i) => first + i)

const views: [string, (buffer: ArrayBufferLike) => ArrayBufferView][] = [
  ['Buffer', (buffer) => Buffer.from(buffer)],
  ['Uint8Array', (buffer) => new Uint8Array(buffer)],
  ['Uint8ClampedArray', (buffer) => new Uint8ClampedArray(buffer)],
  ['Int8Array', (buffer) => new Int8Array(buffer)],
  ['Int16Array', (buffer) => new Int16Array(buffer)],
  ['Uint16Array', (buffer) => new Uint16Array(buffer)],
  ['Int32Array', (buffer) => new Int32Array(buffer)],
  ['Uint32Array', (buffer) => new Uint32Array(buffer)],
  ['Float32Array', (buffer) => new Float32Array(buffer)],
  ['Float64Array', (buffer) => new Float64Array(buffer)],
  ['BigInt64Array', (buffer) => new BigInt64Array(buffer)],
  ['BigUint64Array', (buffer) => new BigUint64Array(buffer)],
  ['DataView', (buffer) => new DataView(buffer)],
]

describe.each(views)('%s', (_, viewOf) => {
  it('is written by C in place', () => {
    const view = viewOf(new ArrayBuffer(16))
    expect(fill(view, 16)).toBeUndefined()
    expect(bytesOf(view)).toEqual(upTo(16))
  })

  it('is written in place over shared memory', () => {
    const view = viewOf(new SharedArrayBuffer(8))
    fill(view, 8)
    expect(bytesOf(view)).toEqual(upTo(8))
  })
})

// A detached DataView throws where others say that they are empty; see below for it.
it.each(views.filter(([kind]) => kind !== 'DataView'))(
  'refuses a %s over a detached buffer with ERR_FFI_BUFFER_DETACHED',
  (_, viewOf) => {
    const buffer = new ArrayBuffer(16)
    const view = viewOf(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    expect(() => fill(view, 0)).toThrow(refusal('ERR_FFI_BUFFER_DETACHED', { functionName: 'fill_bytes', position: 0 }))
  },
)

it('writes an ArrayBuffer and a SharedArrayBuffer in place', () => {
  for (const buffer of [new ArrayBuffer(8), new SharedArrayBuffer(8)]) {
    fill(buffer, 8, 250)
    expect(Array.from(new Uint8Array(buffer))).toEqual([250, 251, 252, 253, 254, 255, 0, 1])
  }
})

it('writes from the offset of a view', () => {
  const buffer = Buffer.alloc(10)
  fill(buffer.subarray(3, 7), 4)
  expect([...buffer]).toEqual([0, 0, 0, 1, 2, 3, 4, 0, 0, 0])
  const view = new DataView(buffer.buffer, buffer.byteOffset + 8, 2)
  fill(view, 2, 40)
  expect([...buffer]).toEqual([0, 0, 0, 1, 2, 3, 4, 0, 40, 41])
})

it('refuses a detached ArrayBuffer with ERR_FFI_BUFFER_DETACHED', () => {
  const buffer = new ArrayBuffer(16)
  structuredClone(buffer, { transfer: [buffer] })
  expect(() => fill(buffer, 0)).toThrow(refusal('ERR_FFI_BUFFER_DETACHED', { functionName: 'fill_bytes', position: 0 }))
})

it('refuses a detached typed array or DataView where numbers are declared with ERR_FFI_BUFFER_DETACHED', () => {
  for (const list of [new Int32Array(4), new DataView(new ArrayBuffer(16))]) {
    structuredClone(list.buffer, { transfer: [list.buffer] })
    const sum = () => call('sum_i32', DataType.I64, [DataType.I32Array, I32], [list, 0])
    expect(sum).toThrow(refusal('ERR_FFI_BUFFER_DETACHED', { functionName: 'sum_i32', position: 0 }))
  }
})

it('passes an empty view', () => {
  expect(call('sum_u8', U64, [U8Array, I32], [Buffer.alloc(0), 0])).toBe(0)
  expect(call('sum_u8', U64, [U8Array, I32], [new ArrayBuffer(0), 0])).toBe(0)
})

it('writes any buffer in place where numbers are declared', () => {
  const buffer = new ArrayBuffer(8)
  new Int32Array(buffer).set([5, -6])
  for (const memory of [buffer, new DataView(buffer)]) {
    call('twice_i32', Void, [DataType.I32Array, I32], [memory, 2])
  }
  expect(Array.from(new Int32Array(buffer))).toEqual([20, -24])
})

it('passes one buffer twice in a call', () => {
  const lib = define({
    memcpy: { library: 'arrays', retType: DataType.External, paramsType: [U8Array, U8Array, DataType.Usize] },
  })
  const buffer = Buffer.from('abcd0000')
  lib.memcpy(buffer.subarray(4), buffer, 4)
  expect(buffer.toString()).toBe('abcdabcd')
})

it('writes 10 MB in place', () => {
  const memory = new Uint8Array(10 << 20)
  fill(memory, memory.length, 0)
  expect([memory[0], memory[255], memory[256], memory[memory.length - 1]]).toEqual([0, 255, 0, 255])
  expect(call('sum_u8', U64, [U8Array, I32], [memory, memory.length])).toBe((10 << 20) * 127.5)
})

it('sees what C wrote in repeated calls of a defined function', () => {
  const lib = define({ fill_bytes: { library: 'arrays', retType: Void, paramsType: [U8Array, I32, U8] } })
  const buffer = Buffer.alloc(4)
  for (let first = 0; first < 100; first++) {
    lib.fill_bytes(buffer, 4, first)
    expect([...buffer]).toEqual(upTo(4, first))
  }
})

it.each(['text', 5, undefined, {}, true])('refuses %o for bytes with ERR_FFI_TYPE', (value) => {
  expect(() => fill(value, 0)).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'fill_bytes', position: 0 }))
})
