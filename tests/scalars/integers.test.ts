// Turns the limits of every integer type of up to 32 bits, and numbers beyond them, into what C receives and returns.
import { DataType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('scalars')

const integers = [
  { name: 'i8', type: DataType.I8, bits: 8, min: -128, max: 127 },
  { name: 'u8', type: DataType.U8, bits: 8, min: 0, max: 255 },
  { name: 'i16', type: DataType.I16, bits: 16, min: -32768, max: 32767 },
  { name: 'u16', type: DataType.U16, bits: 16, min: 0, max: 65535 },
  { name: 'i32', type: DataType.I32, bits: 32, min: -(2 ** 31), max: 2 ** 31 - 1 },
  { name: 'u32', type: DataType.U32, bits: 32, min: 0, max: 2 ** 32 - 1 },
]

describe.each(integers)('$name', ({ name, type, bits, min, max }) => {
  const id = (value: unknown) => call(`id_${name}`, type, [type], [value])

  it('returns its limits from C', () => {
    expect(call(`min_${name}`, type, [], [])).toBe(min)
    expect(call(`max_${name}`, type, [], [])).toBe(max)
  })

  it('passes its limits, zero and one to C and back', () => {
    for (const value of [min, max, 0, 1, max - 1, min + 1]) expect(id(value)).toBe(value)
  })

  it('reaches C extended to 64 bits with its sign', () => {
    for (const value of [min, max, 1]) expect(call(`widen_${name}`, DataType.I64, [type], [value])).toBe(value)
  })

  it('wraps modulo its width', () => {
    expect(id(max + 1)).toBe(min)
    expect(id(min - 1)).toBe(max)
    expect(id(2 ** bits)).toBe(0)
    expect(id(2 ** bits + 5)).toBe(5)
    expect(id(-(2 ** bits) + 7)).toBe(7)
  })

  it('cuts fractions off towards zero', () => {
    expect(id(1.9)).toBe(1)
    expect(id(0.5)).toBe(0)
    expect(id(-0.9)).toBe(0)
  })

  it('passes NaN, the infinities and minus zero as 0', () => {
    for (const value of [Number.NaN, Infinity, -Infinity, -0]) expect(id(value)).toBe(0)
  })

  it('wraps in the arithmetic of C', () => {
    expect(call(`add_${name}`, type, [type, type], [max, 1])).toBe(min)
    expect(call(`neg_${name}`, type, [type], [1])).toBe(min === 0 ? max : -1)
  })

  it.each([1n, '1', true, null, undefined, {}, [1], Symbol('one'), () => 1])(
    'refuses %o with ERR_FFI_TYPE',
    (value) => {
      const facts = { functionName: `id_${name}`, position: 0 }
      expect(() => id(value)).toThrow(refusal('ERR_FFI_TYPE', facts))
    },
  )
})

it('wraps a number far beyond 2^53 by its low bits', () => {
  expect(call('id_u32', DataType.U32, [DataType.U32], [1e20])).toBe(0x63100000)
  expect(call('id_i16', DataType.I16, [DataType.I16], [2 ** 40 + 65535])).toBe(-1)
})

it('does not reach C with a refused argument', () => {
  const before = call('call_count', DataType.I32, [], [])
  expect(() => call('counted', DataType.I32, [DataType.I32], ['1'])).toThrow(refusal('ERR_FFI_TYPE'))
  expect(call('call_count', DataType.I32, [], [])).toBe(before)
  expect(call('counted', DataType.I32, [DataType.I32], [6])).toBe(6)
  expect(call('call_count', DataType.I32, [], [])).toBe((before as number) + 1)
})

it('returns undefined from a void function', () => {
  expect(call('noop', DataType.Void, [], [])).toBeUndefined()
})

describe('bool', () => {
  const id = (value: unknown) => call('id_bool', DataType.Boolean, [DataType.Boolean], [value])

  it('passes true and false both ways', () => {
    expect(id(true)).toBe(true)
    expect(id(false)).toBe(false)
    expect(call('not_bool', DataType.Boolean, [DataType.Boolean], [true])).toBe(false)
    expect(call('xor_bool', DataType.Boolean, [DataType.Boolean, DataType.Boolean], [true, false])).toBe(true)
    expect(call('min_bool', DataType.Boolean, [], [])).toBe(false)
    expect(call('max_bool', DataType.Boolean, [], [])).toBe(true)
    expect(call('widen_bool', DataType.I64, [DataType.Boolean], [true])).toBe(1)
  })

  it.each([1, 0, 'true', null, undefined, 1n, {}])('refuses %o with ERR_FFI_TYPE', (value) => {
    expect(() => id(value)).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'id_bool', position: 0 }))
  })
})
