// Turns freeResultMemory into memory that the C library has back, for each kind of result, or into a refusal.
import { arrayConstructor, DataType, FFITypeTag, type FieldType, load, open, type ResultType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from './caller.js'

const calls = {
  strings: callerOf('strings'),
  arrays: callerOf('arrays'),
  structs: callerOf('structs'),
  nested: callerOf('nested'),
  scalars: callerOf('scalars'),
}
const { I32, Double, Usize, String: Text, WString } = DataType
const free = { freeResultMemory: true }
const list = (type: typeof DataType.I32Array | typeof DataType.U8Array | typeof DataType.StringArray, length: number) =>
  arrayConstructor({ type, length })
const point = { x: I32, y: Double }
const inlinePoint = { ...point, ffiTypeTag: FFITypeTag.StackStruct }
const items = (structItemType: typeof point | typeof inlinePoint) =>
  arrayConstructor({ type: DataType.StructArray, length: 6, structItemType })
const inlinePair = { a: Double, b: Double, ffiTypeTag: FFITypeTag.StackStruct }
const ten = Object.fromEntries([...'abcdefghij'].map((key) => [key, Double]))
const inlineTen = { ...ten, ffiTypeTag: FFITypeTag.StackStruct }

interface Made {
  kind: string
  topic: keyof typeof calls
  name: string
  type: ResultType
  params: FieldType[]
  values: unknown[]
}
/**
 * Each leaks 64 bytes a call or more, malloc's own among them.
 * Few bytes are declared of U8Array: buffers are of malloc too, and wait for their collection.
 */
const made: Made[] = [
  { kind: 'String', topic: 'strings', name: 'long_string', type: Text, params: [Usize], values: [200] },
  {
    kind: 'WString',
    topic: 'strings',
    name: 'wide_copy',
    type: WString,
    params: [WString],
    values: ['wide'.repeat(10)],
  },
  {
    kind: 'StringArray',
    topic: 'strings',
    name: 'make_strings',
    type: list(DataType.StringArray, 6),
    params: [I32],
    values: [6],
  },
  {
    kind: 'U8Array',
    topic: 'arrays',
    name: 'make_u8',
    type: list(DataType.U8Array, 8),
    params: [I32],
    values: [200],
  },
  {
    kind: 'I32Array',
    topic: 'arrays',
    name: 'make_i32',
    type: list(DataType.I32Array, 30),
    params: [I32],
    values: [30],
  },
  {
    kind: 'struct',
    topic: 'structs',
    name: 'new_f64x10',
    type: ten,
    params: [inlineTen],
    values: [Object.fromEntries([...'abcdefghij'].map((key) => [key, 1]))],
  },
  {
    kind: 'struct of structs',
    topic: 'nested',
    name: 'make_linked',
    type: { id: I32, inner: point, tail: Double },
    params: [],
    values: [],
  },
  {
    kind: 'StructArray of items',
    topic: 'nested',
    name: 'make_points',
    type: items(inlinePoint),
    params: [I32],
    values: [6],
  },
  {
    kind: 'StructArray of pointers',
    topic: 'nested',
    name: 'make_point_pointers',
    type: items(point),
    params: [I32],
    values: [6],
  },
]

const names = [
  'arena',
  'ordblks',
  'smblks',
  'hblks',
  'hblkhd',
  'usmblks',
  'fsmblks',
  'uordblks',
  'fordblks',
  'keepcost',
] as const
const mallinfo = Object.fromEntries(names.map((name) => [name, Usize]))

/** Bytes that glibc's malloc has handed out (mallinfo(3)). */
function bytesInUse(): number {
  open({ library: 'main', path: '' })
  const retType = { ...mallinfo, ffiTypeTag: FFITypeTag.StackStruct }
  const info = load({ library: 'main', funcName: 'mallinfo2', retType, paramsType: [], paramsValue: [] }) as Record<
    string,
    number
  >
  return (info['uordblks'] as number) + (info['hblkhd'] as number)
}

const ROUNDS = 20_000
const PASSES = 7

describe.each(made)('a result', ({ kind, topic, name, type, params, values }) => {
  // Garbage not yet collected and the compiler's memory come and go in some passes; what leaks grows in all of them.
  const growthsOf = (options: { freeResultMemory: boolean }) => {
    const growths = Array.from({ length: PASSES }, () => {
      globalThis.gc?.()
      const before = bytesInUse()
      for (let i = 0; i < ROUNDS; i++) calls[topic](name, type, params, values, options)
      globalThis.gc?.()
      return bytesInUse() - before
    })
    return growths.sort((a, b) => a - b) as [number, ...number[]]
  }

  it(`is given back to malloc, and leaks when it is not asked to be: ${kind}`, () => {
    const leaked = growthsOf({ freeResultMemory: false })[PASSES >> 1] as number
    const [freed] = growthsOf({ freeResultMemory: true })
    expect(leaked).toBeGreaterThan(ROUNDS * 24)
    expect(freed).toBeLessThan(leaked / 4)
  })
})

it('frees nothing for NULL', () => {
  expect(calls.strings('null_string', Text, [], [], free)).toBeNull()
  expect(calls.strings('wide_null', WString, [], [], free)).toBeNull()
  expect(calls.arrays('null_array', list(DataType.I32Array, 3), [], [], free)).toBeNull()
})

it('leaves scalars and void alone', () => {
  expect(calls.scalars('id_i32', I32, [I32], [7], free)).toBe(7)
  expect(calls.scalars('max_u64', DataType.U64, [], [], free)).toBe(2n ** 64n - 1n)
  expect(calls.scalars('id_f64', Double, [Double], [1.5], free)).toBe(1.5)
  expect(calls.scalars('not_bool', DataType.Boolean, [DataType.Boolean], [true], free)).toBe(false)
  expect(calls.scalars('noop', DataType.Void, [], [], free)).toBeUndefined()
})

it.each([
  ['strings', 'static_string', Text],
  ['strings', 'wide_static', WString],
  ['strings', 'static_strings', list(DataType.StringArray, 3)],
  ['arrays', 'static_i32', list(DataType.I32Array, 4)],
  ['arrays', 'static_u8', list(DataType.U8Array, 4)],
  ['nested', 'static_series', { count: I32, ints: list(DataType.I32Array, 3) }],
] as const)('refuses the static result of %s %s with ERR_FFI_ALLOCATOR_MISMATCH', (topic, functionName, type) => {
  const freed = () => calls[topic](functionName, type, [], [], free)
  expect(freed).toThrow(refusal('ERR_FFI_ALLOCATOR_MISMATCH', { functionName }))
  expect(calls[topic](functionName, type, [], [])).not.toBeNull()
})

it('refuses to free an argument that C gave back with ERR_FFI_ALLOCATOR_MISMATCH', () => {
  for (const text of ['short', 'x'.repeat(2 ** 16)]) {
    expect(() => calls.strings('echo', Text, [Text], [text], free)).toThrow(refusal('ERR_FFI_ALLOCATOR_MISMATCH'))
  }
})

it('refuses results that are not copied with ERR_FFI_SIGNATURE', () => {
  const pointer = () => calls.arrays('make_i32', DataType.External, [I32], [1], free)
  expect(pointer).toThrow(refusal('ERR_FFI_SIGNATURE', { functionName: 'make_i32' }))
  const value = () => calls.structs('id_f64_f64', inlinePair, [inlinePair], [{ a: 1, b: 2 }], free)
  expect(value).toThrow(refusal('ERR_FFI_SIGNATURE', { functionName: 'id_f64_f64' }))
})

it('joins errno in one call', () => {
  const result = calls.strings('malloc_12', Text, [], [], { ...free, errno: true })
  expect(result).toMatchObject({ value: 'hello, world', errnoCode: 0 })
})
