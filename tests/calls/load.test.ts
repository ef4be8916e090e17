// Turns repeated loads, with the same objects, equal ones or changed ones, into calls with exactly the types they said.
import { arrayConstructor, counters, DataType, FFITypeTag, type FieldType, load } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from './caller.js'

const call = callerOf('scalars')
callerOf('structs')
const { I8, U8, I32, I64, Double } = DataType

describe('the compiled function', () => {
  it('is found again with the same arrays, and with equal ones', () => {
    const paramsType = [I32, I32]
    const add = (types: FieldType[]) => call('add_i32', I32, types, [2, 3])
    expect(add(paramsType)).toBe(5)
    const { functions, plans } = counters()
    for (let i = 0; i < 100; i++) {
      expect(add(paramsType)).toBe(5)
      expect(add([I32, I32])).toBe(5)
    }
    expect(counters()).toMatchObject({ functions, plans })
  })

  it('is found again with equal type objects', () => {
    const type = () => ({ a: I32, b: I32, ffiTypeTag: FFITypeTag.StackStruct })
    const id = () =>
      load({
        library: 'structs',
        funcName: 'id_i32_i32',
        retType: type(),
        paramsType: [type()],
        paramsValue: [{ a: 1, b: 2 }],
      })
    expect(id()).toEqual({ a: 1, b: 2 })
    const { functions, plans, layouts } = counters()
    for (let i = 0; i < 100; i++) expect(id()).toEqual({ a: 1, b: 2 })
    expect(counters()).toMatchObject({ functions, plans, layouts })
  })

  it('is another for other types of the same symbol', () => {
    for (let i = 0; i < 3; i++) {
      expect(call('id_u8', U8, [U8], [200])).toBe(200)
      expect(call('id_u8', I8, [U8], [200])).toBe(-56)
      expect(call('id_u8', U8, [I8], [-56])).toBe(200)
      expect(call('id_i64', DataType.BigInt, [I64], [5])).toBe(5n)
      expect(call('id_i64', I64, [I64], [5])).toBe(5)
    }
  })

  it('is another for other options', () => {
    for (let i = 0; i < 3; i++) {
      expect(call('id_u8', U8, [U8], [256])).toBe(0)
      expect(() => call('id_u8', U8, [U8], [256], { strict: true })).toThrow(refusal('ERR_FFI_RANGE'))
      expect(call('id_u8', U8, [U8], [256], { errno: true })).toMatchObject({ value: 0, errnoCode: 0 })
    }
  })

  it('is right after more signatures of one symbol than are kept', () => {
    const variants = Array.from({ length: 100 }, (_, i) => Array.from({ length: i }, () => I32))
    for (const types of [...variants, ...variants]) {
      expect(
        call(
          'noop',
          DataType.Void,
          types,
          types.map(() => 1),
        ),
      ).toBeUndefined()
    }
    expect(call('id_i32', I32, [I32], [4])).toBe(4)
  })
})

describe('type objects changed after their first use', () => {
  it('mean what they say at each call: a changed parameter list', () => {
    const paramsType: FieldType[] = [I32, I32]
    expect(call('add_i32', I32, paramsType, [1, 2])).toBe(3)
    paramsType.pop()
    expect(call('id_i32', I32, paramsType, [9])).toBe(9)
    expect(() => call('add_i32', I32, paramsType, [1, 2])).toThrow(
      refusal('ERR_FFI_ARITY', { functionName: 'add_i32' }),
    )
    paramsType[0] = U8
    expect(call('widen_i32', I64, paramsType, [-1])).toBe(255)
  })

  it('mean what they say at each call: a changed struct', () => {
    const type: Record<string, FieldType | typeof FFITypeTag.StackStruct> = {
      a: I32,
      b: I32,
      ffiTypeTag: FFITypeTag.StackStruct,
    }
    const make = () =>
      load({
        library: 'structs',
        funcName: 'make_i32_i32',
        retType: type as never,
        paramsType: [I32, I32],
        paramsValue: [-1, 7],
      })
    expect(make()).toEqual({ a: -1, b: 7 })
    type['a'] = DataType.U32
    expect(make()).toEqual({ a: 2 ** 32 - 1, b: 7 })
    delete type['b']
    type['c'] = I32
    expect(make()).toEqual({ a: 2 ** 32 - 1, c: 7 })
  })

  it('mean what they say at each call: a changed length', () => {
    const arrays = callerOf('arrays')
    const type = { ...arrayConstructor({ type: DataType.I32Array, length: 2 }) } as { length: number }
    const first = () => arrays('static_i32', type as never, [], [])
    expect(first()).toEqual([-(2 ** 31), 0])
    type.length = 3
    expect(first()).toEqual([-(2 ** 31), 0, 1])
  })
})

it("reads the caller's objects and never writes to them", () => {
  const deepFreeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
    return value
  }
  const point = { x: I32, y: Double }
  const params = deepFreeze({
    library: 'nested',
    funcName: 'sum_points',
    retType: Double,
    paramsType: [
      arrayConstructor({
        type: DataType.StructArray,
        length: 2,
        structItemType: { ...point, ffiTypeTag: FFITypeTag.StackStruct },
      }),
      I32,
    ],
    paramsValue: [
      [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
      2,
    ],
  } as const)
  callerOf('nested')
  const before = JSON.stringify(params)
  for (let i = 0; i < 3; i++) expect(load(params)).toBe(5 + 22)
  expect(JSON.stringify(params)).toBe(before)
})

it('refuses the wrong number of values with ERR_FFI_ARITY', () => {
  for (const values of [[], [1], [1, 2, 3]]) {
    expect(() => call('add_i32', I32, [I32, I32], values)).toThrow(
      refusal('ERR_FFI_ARITY', { functionName: 'add_i32' }),
    )
  }
  expect(() => call('noop', DataType.Void, [], [1])).toThrow(refusal('ERR_FFI_ARITY', { functionName: 'noop' }))
})

it.each([undefined, null, 1, 'load', {}, { library: 'scalars' }, { library: 1, funcName: 'noop' }])(
  'refuses %o as options with ERR_FFI_OPTIONS',
  (params) => {
    expect(() => load(params as never)).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'load' }))
  },
)

it.each([21, 99, -1, 1.5, Number.NaN, 'I32', null, undefined, true, {}, DataType.Void, DataType.StructArray])(
  'refuses %o as the type of a parameter with ERR_FFI_SIGNATURE',
  (type) => {
    const bad = () => call('id_i32', I32, [I32, type as never], [1, 1])
    expect(bad).toThrow(refusal('ERR_FFI_SIGNATURE', { functionName: 'id_i32', position: 1 }))
  },
)
