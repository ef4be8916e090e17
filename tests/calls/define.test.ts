// Turns descriptions into functions that are called with a tuple or with the values one by one.
import { DataType, define } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from './caller.js'

callerOf('scalars')
callerOf('strings')
callerOf('arrays')
const { I32, I64, Double, String: Text } = DataType

const lib = define({
  noop: { library: 'scalars', retType: DataType.Void, paramsType: [] },
  max_i32: { library: 'scalars', retType: I32, paramsType: [] },
  id_i32: { library: 'scalars', retType: I32, paramsType: [I32] },
  add_f64: { library: 'scalars', retType: Double, paramsType: [Double, Double] },
  string_length: { library: 'strings', retType: I32, paramsType: [Text] },
  sum_i32: { library: 'arrays', retType: I64, paramsType: [DataType.I32Array, I32] },
  array_is_null: { library: 'arrays', retType: I32, paramsType: [DataType.I32Array] },
})

it('gives one function for each description', () => {
  expect(Object.keys(lib)).toEqual([
    'noop',
    'max_i32',
    'id_i32',
    'add_f64',
    'string_length',
    'sum_i32',
    'array_is_null',
  ])
})

describe('a defined function', () => {
  it('takes a tuple', () => {
    expect(lib.noop([])).toBeUndefined()
    expect(lib.max_i32([])).toBe(2 ** 31 - 1)
    expect(lib.id_i32([-4])).toBe(-4)
    expect(lib.add_f64([1.5, 2])).toBe(3.5)
    expect(lib.string_length(['four'])).toBe(4)
    expect(lib.sum_i32([[1, 2, 3], 3])).toBe(6)
  })

  it('takes the values one by one', () => {
    expect(lib.noop()).toBeUndefined()
    expect(lib.max_i32()).toBe(2 ** 31 - 1)
    expect(lib.id_i32(-4)).toBe(-4)
    expect(lib.add_f64(1.5, 2)).toBe(3.5)
    expect(lib.string_length('four')).toBe(4)
    expect(lib.string_length(null)).toBe(-1)
    expect(lib.sum_i32([1, 2, 3], 3)).toBe(6)
  })

  it('takes a single plain array as the tuple, and a typed array as the value', () => {
    expect(lib.array_is_null([null])).toBe(1)
    expect(lib.array_is_null(null)).toBe(1)
    expect(lib.array_is_null([[1, 2]])).toBe(0)
    expect(lib.array_is_null(new Int32Array(2))).toBe(0)
  })

  it('refuses the wrong number of values with ERR_FFI_ARITY', () => {
    const add = lib.add_f64 as (...values: unknown[]) => number
    for (const values of [[], [1], [1, 2, 3], [[]], [[1]], [[1, 2, 3]]]) {
      expect(() => add(...values)).toThrow(refusal('ERR_FFI_ARITY', { functionName: 'add_f64' }))
    }
    const id = lib.id_i32 as (...values: unknown[]) => number
    for (const values of [[], [1, 2], [[]], [[1, 2]]]) {
      expect(() => id(...values)).toThrow(refusal('ERR_FFI_ARITY', { functionName: 'id_i32' }))
    }
    const noop = lib.noop as (...values: unknown[]) => void
    for (const values of [[1], [[1]], [undefined]]) {
      expect(() => noop(...values)).toThrow(refusal('ERR_FFI_ARITY', { functionName: 'noop' }))
    }
  })

  it('names itself and the position of a wrong value', () => {
    const add = lib.add_f64 as (...values: unknown[]) => number
    const facts = { functionName: 'add_f64', position: 1 }
    expect(() => add(1, '2')).toThrow(refusal('ERR_FFI_TYPE', facts))
    expect(() => add([1, undefined])).toThrow(refusal('ERR_FFI_TYPE', facts))
  })

  it('is not touched by later changes of its description', () => {
    const description = { library: 'scalars', retType: I32, paramsType: [I32] as DataType[] }
    const { id_i32 } = define({ id_i32: description as never }) as unknown as { id_i32: (value: number) => unknown }
    description.paramsType.push(I32)
    description.library = 'elsewhere'
    expect(id_i32(3)).toBe(3)
  })

  it('takes values from getters and calls C again from within them', () => {
    callerOf('nested')
    const point = { x: I32, y: Double, ffiTypeTag: DataType.StackStruct } as const
    const { sum_boxed } = define({
      sum_boxed: {
        library: 'nested',
        retType: Double,
        paramsType: [{ tag: DataType.U8, inner: point, tail: DataType.I16, ffiTypeTag: DataType.StackStruct }],
      },
    })
    const value = {
      get tag() {
        return lib.id_i32(lib.string_length('x'.repeat(50)))
      },
      inner: { x: 1, y: 2 },
      tail: 3,
    }
    expect(sum_boxed([value])).toBe(50 + 5 + 3)
  })
})

it('looks symbols up at the first call', () => {
  const late = define({ no_such_function: { library: 'scalars', retType: I32, paramsType: [] } })
  expect(() => late.no_such_function()).toThrow(
    refusal('ERR_FFI_SYMBOL_NOT_FOUND', { functionName: 'no_such_function' }),
  )
})

it.each([undefined, null, 1, 'define'])('refuses %o for the descriptions with ERR_FFI_OPTIONS', (functions) => {
  expect(() => define(functions as never)).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'define' }))
})

it.each([
  null,
  1,
  {},
  { library: 'scalars' },
  { library: 'scalars', retType: I32 },
  { library: 'scalars', paramsType: [] },
])('refuses %o for a description with ERR_FFI_OPTIONS', (description) => {
  expect(() => define({ noop: description as never })).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'define' }))
})

it('refuses a type that is none with ERR_FFI_SIGNATURE at once', () => {
  const bad = () => define({ noop: { library: 'scalars', retType: I32, paramsType: [I32, 55 as never] } })
  expect(bad).toThrow(refusal('ERR_FFI_SIGNATURE', { functionName: 'noop', position: 1 }))
})
