// Turns long argument lists, whose tails C takes from the stack, into the values that C saw at each place.
import { DataType, define, type FieldType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('scalars')
const { I8, U8, I16, U16, I32, U32, I64, U64, Float, Double, Boolean: Bool } = DataType
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)
const numbers = (count: number) => Array.from({ length: count }, (_, i) => (i + 1) * 1.5 * (i % 2 ? -1 : 1))
const whole = (count: number) => Array.from({ length: count }, (_, i) => (i + 1) * 1000003 * (i % 2 ? -1 : 1))

const lists: { name: string; types: FieldType[]; values: (number | boolean)[] }[] = [
  {
    name: 'many10',
    types: [I32, Double, I64, Float, U8, Double, I16, Double, U32, Bool],
    values: [-1, 2.5, -(2 ** 40), 0.25, 255, -1e10, -32768, 4.125, 2 ** 32 - 1, true],
  },
  { name: 'ints12', types: times(12, I32), values: whole(12) },
  { name: 'doubles12', types: times(12, Double), values: numbers(12) },
  { name: 'floats12', types: times(12, Float), values: numbers(12) },
  {
    name: 'mixed20',
    types: [
      I8,
      Double,
      U8,
      Float,
      I16,
      Double,
      U16,
      Float,
      I32,
      Double,
      U32,
      Float,
      I64,
      Double,
      U64,
      Float,
      Bool,
      Double,
      I8,
      Float,
    ],
    values: [
      ...[-128, 1.5, 255, 2.25, -32768, -3.5, 65535, 0.5, -(2 ** 31), 1e10],
      ...[2 ** 32 - 1, -0.25, -(2 ** 50), 2.5, 2 ** 50 + 1, 8.75, true, -6.5, 127, 16.125],
    ],
  },
  { name: 'ints8_doubles10', types: [...times(8, I32), ...times(10, Double)], values: [...whole(8), ...numbers(10)] },
  {
    name: 'small_on_stack',
    types: [...times(6, I64), I8, U8, I16, U16, Bool, I8, U8, I16, U16, Bool, I32, U32],
    values: [
      1,
      -2,
      3,
      -4,
      5,
      -6,
      -128,
      255,
      -32768,
      65535,
      true,
      127,
      128,
      32767,
      32768,
      false,
      -(2 ** 31),
      2 ** 32 - 1,
    ],
  },
]

describe.each(lists)('$name', ({ name, types, values }) => {
  it('passes every argument to its place', () => {
    const sum = values.reduce<number>((total, value) => total + Number(value), 0)
    expect(call(name, Double, types, values)).toBe(sum)
    expect(values.map((_, i) => call('last_arg', Double, [I32], [i]))).toEqual(values.map(Number))
    expect(call('last_arg', Double, [I32], [values.length])).toBeNaN()
  })

  it('names the position of a wrong value with ERR_FFI_TYPE', () => {
    values.forEach((_, position) => {
      const wrong = values.map((value, i) => (i === position ? 'x' : value))
      expect(() => call(name, Double, types, wrong)).toThrow(refusal('ERR_FFI_TYPE', { functionName: name, position }))
    })
  })
})

it('passes all 64 bits of each of twelve integers', () => {
  const values = Array.from({ length: 12 }, (_, i) => (i % 2 ? -1n : 1n) * (2n ** 62n + BigInt(i)))
  const types = [U32, ...times(12, I64)]
  expect(values.map((_, i) => call('pick12_i64', DataType.BigInt, types, [i, ...values]))).toEqual(values)
})

it('keeps values apart in repeated calls of a defined function', () => {
  const lib = define({ ints12: { library: 'scalars', retType: Double, paramsType: times(12, I32) } })
  for (let round = 0; round < 200; round++) {
    const values = whole(12).map((value) => value + round)
    expect(lib.ints12(values)).toBe(values.reduce((total, value) => total + value, 0))
  }
})
