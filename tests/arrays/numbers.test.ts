// Turns arrays of every number type, plain and typed, into what C reads, changes and returns.
import { arrayConstructor, DataType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('arrays')
const { I32, I64, U64, Double } = DataType
const FLT_MAX = 3.4028234663852886e38

const kinds = [
  { name: 'u8', type: DataType.U8Array, item: DataType.U8, total: U64, Typed: Uint8Array, min: 0, max: 255 },
  { name: 'i16', type: DataType.I16Array, item: DataType.I16, total: I64, Typed: Int16Array, min: -32768, max: 32767 },
  { name: 'i32', type: DataType.I32Array, item: I32, total: I64, Typed: Int32Array, min: -(2 ** 31), max: 2 ** 31 - 1 },
  {
    name: 'u32',
    type: DataType.U32Array,
    item: DataType.U32,
    total: U64,
    Typed: Uint32Array,
    min: 0,
    max: 2 ** 32 - 1,
  },
  {
    name: 'i64',
    type: DataType.I64Array,
    item: I64,
    total: I64,
    Typed: BigInt64Array,
    min: -(2n ** 63n),
    max: 2n ** 63n - 1n,
  },
  { name: 'u64', type: DataType.U64Array, item: U64, total: U64, Typed: BigUint64Array, min: 0, max: 2n ** 64n - 1n },
  {
    name: 'f32',
    type: DataType.FloatArray,
    item: DataType.Float,
    total: Double,
    Typed: Float32Array,
    min: -FLT_MAX,
    max: FLT_MAX,
  },
  {
    name: 'f64',
    type: DataType.DoubleArray,
    item: Double,
    total: Double,
    Typed: Float64Array,
    min: -Number.MAX_VALUE,
    max: Number.MAX_VALUE,
  },
]

describe.each(kinds)('$name', ({ name, type, item, total, Typed, min, max }) => {
  const long = name.endsWith('64') && name !== 'f64'
  const typed = (...values: number[]) =>
    long ? new (Typed as BigInt64ArrayConstructor)(values.map(BigInt)) : new (Typed as Int32ArrayConstructor)(values)
  const result = (length: number) => arrayConstructor({ type, length })
  const listed = (value: unknown) => Array.from(value as ArrayLike<unknown>)
  const sum = (list: unknown, count: number) => call(`sum_${name}`, total, [type, I32], [list, count])
  const at = (list: unknown, index: number) => call(`item_${name}`, item, [type, I32], [list, index])

  it('passes a plain array', () => {
    expect(sum([1, 2, 3, 100], 4)).toBe(106)
    expect(sum([], 0)).toBe(0)
  })

  it('passes every item, the limits among them, to its place', () => {
    const list = [min, max, 0, 1, 7]
    expect(list.map((_, i) => at(list, i))).toEqual([min, max, 0, 1, 7])
  })

  it('passes a typed array of its kind in place', () => {
    const list = typed(1, 2, 3, 50)
    expect(sum(list, 4)).toBe(56)
    expect(call(`twice_${name}`, DataType.Void, [type, I32], [list, 4])).toBeUndefined()
    expect(list).toEqual(typed(2, 4, 6, 100))
  })

  it('passes a part of a typed array from its offset', () => {
    const list = typed(1, 2, 3, 4)
    call(`twice_${name}`, DataType.Void, [type, I32], [list.subarray(1, 3), 2])
    expect(list).toEqual(typed(1, 4, 6, 4))
  })

  it('copies a plain array, frozen or not, and never writes to it', () => {
    const list = Object.freeze([1, 2, 3])
    call(`twice_${name}`, DataType.Void, [type, I32], [list, 3])
    expect(list).toEqual([1, 2, 3])
  })

  it('passes null as NULL', () => {
    expect(call('array_is_null', I32, [type], [null])).toBe(1)
    expect(call('array_is_null', I32, [type], [typed(1)])).toBe(0)
  })

  it('takes the length of a parameter from its value', () => {
    expect(call(`sum_${name}`, total, [result(1), I32], [[1, 2, 3], 3])).toBe(6)
  })

  it('returns a copy of as many items as declared', () => {
    expect(listed(call(`static_${name}`, result(4), [], []))).toEqual([min, 0, 1, max])
    expect(listed(call(`static_${name}`, result(1), [], []))).toEqual([min])
    expect(listed(call(`static_${name}`, result(0), [], []))).toEqual([])
  })

  it('returns, then frees, heap arrays', () => {
    const free = { freeResultMemory: true }
    expect(listed(call(`make_${name}`, result(5), [I32], [5], free))).toEqual([1, 2, 3, 4, 5])
    expect(listed(call(`copy_${name}`, result(2), [type, I32], [[min, max], 2], free))).toEqual([min, max])
  })

  it('returns a NULL array as null', () => {
    expect(call('null_array', result(4), [], [])).toBeNull()
  })

  it('names the item that is no number with ERR_FFI_TYPE', () => {
    const facts = { functionName: `sum_${name}`, position: 0, path: '[1]' }
    for (const wrong of ['1', null, undefined, {}, true]) {
      expect(() => sum([1, wrong, 3], 3)).toThrow(refusal('ERR_FFI_TYPE', facts))
    }
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    expect(() => sum([1, , 3], 3)).toThrow(refusal('ERR_FFI_TYPE', facts))
  })

  it.each([1, 'text', true, undefined, {}, 5n, () => 1])('refuses %o for the array with ERR_FFI_TYPE', (value) => {
    expect(() => sum(value, 1)).toThrow(refusal('ERR_FFI_TYPE', { functionName: `sum_${name}`, position: 0 }))
  })
})

it('wraps items of up to 32 bits and refuses longer ones out of range with ERR_FFI_RANGE', () => {
  expect(call('item_u8', DataType.U8, [DataType.U8Array, I32], [[300], 0])).toBe(44)
  expect(call('item_i16', DataType.I16, [DataType.I16Array, I32], [[65535], 0])).toBe(-1)
  const long = () => call('item_i64', I64, [DataType.I64Array, I32], [[0, 2n ** 63n], 0])
  expect(long).toThrow(refusal('ERR_FFI_RANGE', { position: 0, path: '[1]' }))
  const negative = () => call('item_u64', U64, [DataType.U64Array, I32], [[-1], 0])
  expect(negative).toThrow(refusal('ERR_FFI_RANGE', { position: 0, path: '[0]' }))
})

it('copies the items of a typed array of another kind', () => {
  for (const list of [new Int8Array([1, -2, 3]), new Float64Array([1.5, -2, 3]), new Uint16Array([1, 65534, 3])]) {
    const kept = Array.from(list)
    const sum = call('sum_i32', I64, [DataType.I32Array, I32], [list, 3])
    expect(sum).toBe(kept.reduce((total, value) => total + Math.trunc(value), 0))
    call('twice_i32', DataType.Void, [DataType.I32Array, I32], [list, 3])
    expect(Array.from(list)).toEqual(kept)
  }
})

it('returns bytes as a Buffer of their own', () => {
  const type = arrayConstructor({ type: DataType.U8Array, length: 4 })
  const bytes = call('static_u8', type, [], []) as Buffer
  expect(Buffer.isBuffer(bytes)).toBe(true)
  bytes.fill(9)
  expect(call('static_u8', type, [], [])).toEqual(Buffer.from([0, 0, 1, 255]))
})

it('passes and returns 10 MB', () => {
  const count = 2_500_000
  const type = arrayConstructor({ type: DataType.I32Array, length: count })
  const list = Array.from({ length: count }, (_, i) => i)
  expect(call('sum_i32', I64, [DataType.I32Array, I32], [list, count])).toBe((count * (count - 1)) / 2)
  const made = call('make_i32', type, [I32], [count], { freeResultMemory: true }) as number[]
  expect(made).toHaveLength(count)
  expect([made[0], made[count >> 1], made[count - 1]]).toEqual([1, (count >> 1) + 1, count])
})

it.each([-1, 1.5, Number.NaN, 2 ** 31, '4', undefined])(
  'refuses a result of length %s with ERR_FFI_SIGNATURE',
  (length) => {
    const type = arrayConstructor({ type: DataType.I32Array, length: length as number })
    expect(() => call('static_i32', type, [], [])).toThrow(refusal('ERR_FFI_SIGNATURE', { functionName: 'static_i32' }))
  },
)
