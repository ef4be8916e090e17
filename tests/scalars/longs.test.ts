// Turns 64-bit integers over their full range into exactly the same values on the other side.
import { DataType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('scalars')
const SAFE = 2n ** 53n - 1n
const signed = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const unsigned = { min: 0n, max: 2n ** 64n - 1n }

/** As the types that give numbers while they are exact return a value. */
const natural = (value: bigint) => (value >= -SAFE && value <= SAFE ? Number(value) : value)

const longs = [
  { label: 'I64', name: 'i64', type: DataType.I64, ...signed, give: natural },
  { label: 'U64', name: 'u64', type: DataType.U64, ...unsigned, give: natural },
  { label: 'Isize', name: 'isize', type: DataType.Isize, ...signed, give: natural },
  { label: 'Usize', name: 'usize', type: DataType.Usize, ...unsigned, give: natural },
  { label: 'BigInt', name: 'i64', type: DataType.BigInt, ...signed, give: (value: bigint) => value },
  { label: 'BigUint64', name: 'u64', type: DataType.BigUint64, ...unsigned, give: (value: bigint) => value },
]

describe.each(longs)('$label', ({ name, type, min, max, give }) => {
  const id = (value: unknown) => call(`id_${name}`, type, [type], [value])
  const edges = [min, min + 1n, 0n, 1n, 2n ** 31n, 2n ** 32n, SAFE - 1n, SAFE, SAFE + 1n, SAFE + 2n, max - 1n, max]
  const wholes = [0, 1, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 62]

  it('returns its limits from C', () => {
    expect(call(`min_${name}`, type, [], [])).toBe(give(min))
    expect(call(`max_${name}`, type, [], [])).toBe(give(max))
  })

  it.each(edges)('passes %s to C and back, bit for bit', (value) => {
    expect(id(value)).toBe(give(value))
  })

  it.each(wholes)('takes the number %s', (value) => {
    expect(id(value)).toBe(give(BigInt(value)))
    if (min < 0n && value !== 0) expect(id(-value)).toBe(give(BigInt(-value)))
  })

  it('cuts fractions off towards zero', () => {
    expect(id(1.9)).toBe(give(1n))
    expect(id(-0.5)).toBe(give(0n))
    expect(id(-0)).toBe(give(0n))
  })

  it('adds in C without rounding', () => {
    const sum = call(`add_${name}`, type, [type, type], [max - 3n, 2])
    expect(sum).toBe(give(max - 1n))
  })

  it.each([
    min - 1n,
    max + 1n,
    Number(max) * 2,
    Number(max),
    -(2 ** 64),
    1e300,
    -1e300,
    Number.NaN,
    Infinity,
    -Infinity,
  ])('refuses %s with ERR_FFI_RANGE', (value) => {
    expect(() => id(value)).toThrow(refusal('ERR_FFI_RANGE', { functionName: `id_${name}`, position: 0 }))
  })

  it.each(['1', true, null, undefined, {}, [1n]])('refuses %o with ERR_FFI_TYPE', (value) => {
    expect(() => id(value)).toThrow(refusal('ERR_FFI_TYPE', { functionName: `id_${name}`, position: 0 }))
  })
})

it('takes the lowest signed value as a number, which holds it exactly', () => {
  expect(call('id_i64', DataType.I64, [DataType.I64], [-(2 ** 63)])).toBe(-(2n ** 63n))
})

it('refuses -1 for an unsigned type with ERR_FFI_RANGE', () => {
  for (const type of [DataType.U64, DataType.Usize, DataType.BigUint64]) {
    expect(() => call('id_u64', type, [type], [-1])).toThrow(refusal('ERR_FFI_RANGE', { position: 0 }))
  }
})

it('reads the same bits signed and unsigned as the result type says', () => {
  expect(call('id_u64', DataType.I64, [DataType.U64], [2n ** 64n - 1n])).toBe(-1)
  expect(call('id_i64', DataType.BigUint64, [DataType.I64], [-1])).toBe(2n ** 64n - 1n)
})
