// Turns floats and doubles, the special values among them, into what C receives and returns.
import { DataType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('scalars')

const floats = [
  { name: 'f32', type: DataType.Float, max: 3.4028234663852886e38, tiny: 2 ** -149 },
  { name: 'f64', type: DataType.Double, max: Number.MAX_VALUE, tiny: Number.MIN_VALUE },
]

describe.each(floats)('$name', ({ name, type, max, tiny }) => {
  const id = (value: unknown) => call(`id_${name}`, type, [type], [value])
  const make = (what: string) => call(`${what}_${name}`, type, [], [])

  it('returns its limits and special values from C', () => {
    expect(make('min')).toBe(-max)
    expect(make('max')).toBe(max)
    expect(make('tiny')).toBe(tiny)
    expect(make('nan')).toBeNaN()
    expect(make('infinity')).toBe(Infinity)
    expect(make('negative_zero')).toBe(-0)
  })

  it.each([0, -0, 1, -1.5, max, -max, tiny, -tiny, Infinity, -Infinity, Number.NaN, 2 ** 24])(
    'passes %s to C and back',
    (value) => {
      expect(id(value)).toBe(value)
    },
  )

  it('computes in C', () => {
    expect(call(`add_${name}`, type, [type, type], [1.5, 2.25])).toBe(3.75)
    expect(call(`neg_${name}`, type, [type], [0])).toBe(-0)
  })

  it.each([1n, '1.5', true, null, undefined, {}])('refuses %o with ERR_FFI_TYPE', (value) => {
    expect(() => id(value)).toThrow(refusal('ERR_FFI_TYPE', { functionName: `id_${name}`, position: 0 }))
  })
})

it('rounds a double to the nearest float', () => {
  const id = (value: number) => call('id_f32', DataType.Float, [DataType.Float], [value])
  expect(id(0.1)).toBe(Math.fround(0.1))
  expect(id(2 ** 24 + 1)).toBe(2 ** 24)
  expect(id(1e300)).toBe(Infinity)
  expect(id(1e-300)).toBe(0)
})

it('keeps all bits of a double', () => {
  for (const value of [0.1, Math.PI, 2 ** 53 + 2, 1e-310]) {
    expect(call('id_f64', DataType.Double, [DataType.Double], [value])).toBe(value)
  }
})
