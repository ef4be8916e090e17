// Turns flat structs of every size and register class, by value and by pointer, into what C reads and returns.
import { arrayConstructor, DataType, FFITypeTag, type FieldType, type StructDescription } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('structs')
const { I8, I16, I32, I64, U8, U16, U32, Float, Double, Boolean: Bool } = DataType
const byValue = (fields: Record<string, FieldType>): StructDescription => ({
  ...fields,
  ffiTypeTag: FFITypeTag.StackStruct,
})
const bytesType = (length: number) => ({
  b: arrayConstructor({ type: DataType.U8Array, length, ffiTypeTag: FFITypeTag.StackArray }),
})

describe.each([1, 2, 3, 4, 8, 12, 16, 24, 40, 72, 80, 200])('a struct of %i bytes', (size) => {
  const behind = bytesType(size)
  const type = byValue(behind)
  const b = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + 3) & 255))
  const weight = b.reduce((sum, byte, i) => sum + (i + 1) * byte, 0)

  it('crosses by value both ways', () => {
    expect(call(`id_bytes${size}`, type, [type], [{ b }])).toEqual({ b })
    const first = Buffer.from(Array.from({ length: size }, (_, i) => (200 + i) & 255))
    expect(call(`make_bytes${size}`, type, [U8], [200])).toEqual({ b: first })
  })

  it('reaches C whole, by value and by pointer', () => {
    expect(call(`weigh_bytes${size}`, U32, [type], [{ b }])).toBe(weight)
    expect(call(`weigh_bytes${size}_ptr`, U32, [behind], [{ b }])).toBe(weight)
    expect(call(`weigh_bytes${size}`, U32, [type], [{ b: [...b] }])).toBe(weight)
  })
})

interface Flat {
  name: string
  fields: Record<string, FieldType>
  value: Record<string, number | bigint | boolean>
  makes: boolean
}
const flats: Flat[] = [
  { name: 'f64_f64', fields: { a: Double, b: Double }, value: { a: 1.5, b: -2.25 }, makes: true },
  { name: 'i64_i64', fields: { a: I64, b: I64 }, value: { a: 2 ** 40, b: -7 }, makes: true },
  { name: 'f64_i64', fields: { a: Double, b: I64 }, value: { a: 0.5, b: -(2 ** 33) }, makes: true },
  { name: 'i64_f64', fields: { a: I64, b: Double }, value: { a: -9, b: 3.75 }, makes: true },
  { name: 'f32_f32', fields: { a: Float, b: Float }, value: { a: 1.25, b: -8.5 }, makes: true },
  { name: 'i32_i32', fields: { a: I32, b: I32 }, value: { a: -(2 ** 31), b: 2 ** 31 - 1 }, makes: true },
  { name: 'i32_f32', fields: { a: I32, b: Float }, value: { a: -5, b: 0.125 }, makes: true },
  { name: 'u8_f64', fields: { a: U8, b: Double }, value: { a: 255, b: -1e10 }, makes: true },
  { name: 'f32_i64', fields: { a: Float, b: I64 }, value: { a: 2.5, b: 2 ** 50 }, makes: true },
  { name: 'i8_bool', fields: { a: I8, b: Bool }, value: { a: -128, b: true }, makes: true },
  { name: 'i16_u16', fields: { a: I16, b: U16 }, value: { a: -32768, b: 65535 }, makes: true },
  { name: 'f32x3', fields: { a: Float, b: Float, c: Float }, value: { a: 1, b: -2.5, c: 4.25 }, makes: true },
  { name: 'f64x3', fields: { a: Double, b: Double, c: Double }, value: { a: 1, b: -2.5, c: 4.25 }, makes: true },
  { name: 'i32x3', fields: { a: I32, b: I32, c: I32 }, value: { a: 1, b: -2, c: 3 }, makes: true },
  { name: 'i64x3', fields: { a: I64, b: I64, c: I64 }, value: { a: 1, b: -(2 ** 40), c: 3 }, makes: true },
  {
    name: 'f32x4',
    fields: { a: Float, b: Float, c: Float, d: Float },
    value: { a: 1, b: -2, c: 0.5, d: 8 },
    makes: true,
  },
  { name: 'mixed16', fields: { a: I32, b: Float, c: Double }, value: { a: -3, b: 1.5, c: 2.75 }, makes: false },
  {
    name: 'mixed40',
    fields: { a: I8, b: I16, c: I32, d: I64, e: Float, f: Double, g: Bool },
    value: { a: -1, b: -300, c: 70000, d: -(2 ** 40), e: 0.5, f: 1e6, g: true },
    makes: false,
  },
  {
    name: 'f64x10',
    fields: Object.fromEntries([...'abcdefghij'].map((key) => [key, Double])),
    value: Object.fromEntries([...'abcdefghij'].map((key, i) => [key, i * 1.5 - 4])),
    makes: false,
  },
]

describe.each(flats)('$name', ({ name, fields, value }) => {
  const type = byValue(fields)
  const weight = Object.values(value).reduce<number>((sum, item, i) => sum + (i + 1) * Number(item), 0)

  it('crosses by value both ways', () => {
    expect(call(`id_${name}`, type, [type], [value])).toEqual(value)
  })

  it('reaches C by value and by pointer', () => {
    expect(call(`weigh_${name}`, Double, [type], [value])).toBe(weight)
    expect(call(`weigh_${name}_ptr`, Double, [fields], [value])).toBe(weight)
  })

  it('returns by pointer what C was given, static or of the heap', () => {
    expect(call(`new_${name}`, fields, [type], [value], { freeResultMemory: true })).toEqual(value)
    expect(call(`same_${name}`, fields, [fields], [value])).toEqual(value)
    expect(call(`same_${name}`, fields, [fields], [null])).toBeNull()
  })

  it('reads fields by name, in any order, and ignores others', () => {
    const shuffled = Object.fromEntries([...Object.entries(value).reverse(), ['other', 'x']])
    expect(call(`id_${name}`, type, [type], [shuffled])).toEqual(value)
  })
})

it.each(flats.filter(({ makes }) => makes))('$name is made by C of its fields', ({ name, fields, value }) => {
  expect(call(`make_${name}`, byValue(fields), Object.values(fields), Object.values(value))).toEqual(value)
})

it('keeps 64-bit fields exact', () => {
  const type = byValue({ a: I64, b: DataType.U64 })
  const value = { a: -(2n ** 63n), b: 2n ** 64n - 1n }
  expect(call('id_i64_i64', type, [type], [value])).toEqual(value)
  const bigints = byValue({ a: DataType.BigInt, b: DataType.BigUint64 })
  expect(call('id_i64_i64', bigints, [bigints], [{ a: -1, b: 5 }])).toEqual({ a: -1n, b: 5n })
})

it('passes structs among other arguments', () => {
  const pair = byValue({ a: Double, b: Double })
  const half = byValue({ a: Double, b: I64 })
  const types = [I32, pair, Float, half, I64, byValue(bytesType(3))]
  const values = [1, { a: 2, b: 3 }, 4.5, { a: 5, b: 6 }, 7, { b: [8, 9, 10] }]
  expect(call('among_args', Double, types, values)).toBe(1 + 2 * 8 + 13.5 + 4 * 17 + 35 + 6 * 56)
})

it('passes a struct that does not fit the registers left', () => {
  const pair = byValue({ a: I64, b: I64 })
  const types = [I64, I64, I64, I64, I64, pair, I64]
  expect(call('straddle', Double, types, [1, 2, 3, 4, 5, { a: 6, b: 7 }, 8])).toBe(1 + 4 + 9 + 16 + 25 + 56 + 6 * 20)
})

it('returns a struct in memory beside register arguments', () => {
  const triple = byValue({ a: I64, b: I64, c: I64 })
  expect(call('sums_in_memory', triple, Array(6).fill(I64), [1, 2, 3, 4, 5, 6])).toEqual({ a: 3, b: 7, c: 17 })
})

it('passes two structs too big for registers around a scalar', () => {
  const big = byValue(Object.fromEntries([...'abcdefghij'].map((key) => [key, Double])))
  const values = Object.fromEntries([...'abcdefghij'].map((key, i) => [key, i]))
  const types = [byValue(bytesType(40)), Double, big]
  expect(call('two_big', Double, types, [{ b: Array(40).fill(1) }, 0.5, values])).toBe(820 + 0.5 + 330)
})

it('names the argument and field that are wrong', () => {
  const fields = { a: I32, b: I32 }
  const weigh = (value: unknown) => call('weigh_i32_i32', Double, [byValue(fields)], [value])
  expect(() => weigh({ a: 1, b: 'x' })).toThrow(
    refusal('ERR_FFI_TYPE', { functionName: 'weigh_i32_i32', position: 0, path: '.b' }),
  )
  expect(() => weigh({ a: 1 })).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '.b' }))
  for (const value of [null, undefined, 1, 'x', true]) {
    expect(() => weigh(value)).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'weigh_i32_i32', position: 0 }))
  }
  const behind = () => call('weigh_i32_i32_ptr', Double, [fields], [undefined])
  expect(behind).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'weigh_i32_i32_ptr', position: 0 }))
})

it('lets an error of a getter through as it is', () => {
  const value = {
    a: 1,
    get b(): number {
      throw new RangeError('not today')
    },
  }
  expect(() => call('weigh_i32_i32', Double, [byValue({ a: I32, b: I32 })], [value])).toThrow(RangeError)
})
