// Turns each exported function, given nothing, null and values of wrong kinds in each place, into FfiErrors and nothing else.
import * as holdfast from 'holdfast'
import { FfiError } from 'holdfast'
import { afterAll, describe, expect, it } from 'vitest'
import { library } from '../pointers/calls.js'
import { expectBaseline, held } from './baseline.js'
import { kinds } from './kinds.js'

type Loose = Record<string, (...values: unknown[]) => unknown>
const { I32, External } = holdfast.DataType
const {
  close,
  configure,
  createExternalBuffer,
  createPointer,
  define,
  freePointer,
  layoutOf,
  load,
  open,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} = holdfast as unknown as Loose & typeof holdfast
const arrayOf = (options: object) => holdfast.arrayConstructor(options as never)
const baseline = held()
const int = holdfast.createPointer({ paramsType: [I32], paramsValue: [5] })[0]

afterAll(async () => {
  expect(int.read(I32)).toBe(5)
  int.free()
  await expectBaseline(baseline)
})

const values: [string, unknown][] = [['null', null], ...kinds]

/** What each place accepts of the table; all else is refused there. */
const isObject = (value: unknown) => typeof value === 'object' && value !== null
const isString = (value: unknown) => typeof value === 'string'
const never = () => false
const isUndefined = (value: unknown) => value === undefined
const isFlag = (value: unknown) => value === undefined || typeof value === 'boolean'
// An array whose first element is a type is a struct with the field '0'.
const isStruct = (value: unknown) => Array.isArray(value) && value[0] === 1
const isVoid = (value: unknown) => value === 7
const call = { library, funcName: 'id_ptr', retType: External, paramsType: [External], paramsValue: [null] }
const loadWith = (field: string) => (value: unknown) => load({ ...call, [field]: value } as never)
const callWith = (field: string) => (value: unknown) => define({ f: { ...call, [field]: value } } as never)

const places: [string, (value: unknown) => unknown, (value: unknown) => boolean][] = [
  ['open', open as never, never],
  ['open, library', (value) => open({ library: value, path: '/no/such/library.so' } as never), never],
  ['open, path', (value) => open({ library: 'matrix', path: value } as never), never],
  ['close', close as never, isString],
  ['load', load as never, never],
  ['load, library', loadWith('library'), never],
  ['load, funcName', loadWith('funcName'), never],
  ['load, paramsType', loadWith('paramsType'), never],
  ['load, paramsValue', loadWith('paramsValue'), never],
  ['load, a parameter', (value) => load({ ...call, paramsType: [value] } as never), isStruct],
  ['define', define as never, (value) => isObject(value) && Object.keys(value as object).length === 0],
  ['define, a function', (value) => define({ f: value } as never), never],
  ['define, library', callWith('library'), isString],
  ['define, errno', callWith('errno'), isFlag],
  ['define, strict', callWith('strict'), isFlag],
  ['define, freeResultMemory', callWith('freeResultMemory'), isUndefined],
  ['define, runInNewThread', callWith('runInNewThread'), isFlag],
  ['define, variadic', callWith('variadic'), isUndefined],
  ['define, retType', callWith('retType'), (value) => isVoid(value) || isStruct(value)],
  ['define, paramsType', callWith('paramsType'), isStruct],
  ['createPointer', createPointer as never, never],
  ['createPointer, paramsType', (value) => createPointer({ paramsType: value, paramsValue: [] } as never), never],
  ['createPointer, paramsValue', (value) => createPointer({ paramsType: [], paramsValue: value } as never), never],
  [
    'createPointer, a type',
    (value) => {
      for (const pointer of createPointer({ paramsType: [value], paramsValue: [false] } as never))
        (pointer as holdfast.Pointer).free()
    },
    isVoid,
  ],
  ['restorePointer', restorePointer as never, never],
  ['restorePointer, retType', (value) => restorePointer({ retType: value, paramsValue: [] } as never), never],
  ['restorePointer, paramsValue', (value) => restorePointer({ retType: [], paramsValue: value } as never), never],
  ['restorePointer, a type', (value) => restorePointer({ retType: [value], paramsValue: [int] } as never), isVoid],
  ['freePointer', freePointer as never, never],
  ['freePointer, paramsType', (value) => freePointer({ paramsType: value, paramsValue: [] } as never), never],
  ['freePointer, paramsValue', (value) => freePointer({ paramsType: [], paramsValue: value } as never), never],
  [
    'freePointer, pointerType',
    (value) => freePointer({ paramsType: [], paramsValue: [], pointerType: value } as never),
    isUndefined,
  ],
  ['unwrapPointer', unwrapPointer as never, never],
  ['wrapPointer', wrapPointer as never, never],
  ['isNullPointer', holdfast.isNullPointer as never, never],
  ['createExternalBuffer', createExternalBuffer as never, never],
  ['createExternalBuffer, length', (value) => createExternalBuffer(int, value as never), never],
  ['configure', configure as never, isObject],
  ['configure, strict', (value) => configure({ strict: value } as never), isFlag],
  ['layoutOf', layoutOf as never, isStruct],
  ['layoutOf, a field', (value) => layoutOf({ field: value } as never), isStruct],
  ['layoutOf, ffiTypeTag', (value) => layoutOf({ field: I32, ffiTypeTag: value } as never), isUndefined],
  ['arrayConstructor, type', (value) => layoutOf(arrayOf({ type: value, length: 1 })), never],
  ['arrayConstructor, length', (value) => layoutOf(arrayOf({ type: 3, length: value })), (value) => value === 7],
  [
    'arrayConstructor, structItemType',
    (value) => layoutOf(arrayOf({ type: 18, length: 1, structItemType: value })),
    isStruct,
  ],
  ['Pointer.read', (value) => int.read(value as never), never],
  ['Pointer.write, type', (value) => int.write(value as never, false as never), never],
  ['Pointer.write, value', (value) => int.write(I32, value as never), (value) => typeof value === 'number'],
  ['Pointer.at', (value) => int.at(value as never), never],
  ['Pointer.withLength', (value) => int.withLength(value as never), never],
]

function outcome(act: () => unknown): string {
  try {
    act()
    return 'accepted'
  } catch (error) {
    return error instanceof FfiError && error.code.startsWith('ERR_FFI_') && error.message.includes(error.code)
      ? 'refused'
      : `threw ${error}`
  }
}

describe('each exported function', () => {
  it.each(
    Object.keys(holdfast).filter(
      (name) =>
        /^[a-z]/.test(name) && !['counters', 'frees', 'scope', 'arrayConstructor', 'funcConstructor'].includes(name),
    ),
  )('%s refuses no arguments with a code', (name) => {
    expect(outcome((holdfast as unknown as Loose)[name] as () => unknown)).toBe('refused')
  })
})

describe.each(places)('%s', (_place, act, accepts) => {
  it.each(values)('takes or refuses %s with a code', (_kind, value) => {
    expect(outcome(() => act(value))).toBe(accepts(value) ? 'accepted' : 'refused')
    int.write(I32, 5)
    configure({ strict: false })
  })
})

describe('unknown numbers', () => {
  it.each([-1, 0.5, 21, 99, 105, 998, 1000, 2 ** 31, 2 ** 53, Infinity])(
    '%s is no type anywhere: ERR_FFI_SIGNATURE',
    (number) => {
      const refused = expect.objectContaining({ code: 'ERR_FFI_SIGNATURE' })
      const asType = number as never
      expect(() => createPointer({ paramsType: [asType], paramsValue: [0] as never })).toThrow(refused)
      expect(() => restorePointer({ retType: [asType], paramsValue: [int] as never })).toThrow(refused)
      expect(() => load({ ...call, retType: asType } as never)).toThrow(refused)
      expect(() => load({ ...call, paramsType: [asType] } as never)).toThrow(refused)
      expect(() => layoutOf({ a: I32, b: asType })).toThrow(refused)
      expect(() => layoutOf({ a: I32, ffiTypeTag: asType })).toThrow(refused)
      expect(() => layoutOf(arrayOf({ type: asType, length: 1 }))).toThrow(refused)
    },
  )
})

describe('lengths', () => {
  it.each([-1, 0.5, 2 ** 30 + 1, 2 ** 32, 2 ** 53, Infinity, Number.NaN])(
    '%s is no length of an array: ERR_FFI_SIGNATURE',
    (length) => {
      const refused = expect.objectContaining({ code: 'ERR_FFI_SIGNATURE' })
      expect(() => restorePointer({ retType: [arrayOf({ type: 3, length })], paramsValue: [int] as never })).toThrow(
        refused,
      )
      expect(() => load({ ...call, retType: arrayOf({ type: 4, length }) } as never)).toThrow(refused)
      expect(() => layoutOf({ a: arrayOf({ type: 3, length, ffiTypeTag: 996 }) as never })).toThrow(refused)
    },
  )

  it('that make a type too large are refused: ERR_FFI_SIGNATURE', () => {
    const big = arrayOf({ type: 5, length: 2 ** 30, ffiTypeTag: 996 })
    expect(outcome(() => layoutOf({ a: big, b: big, c: big } as never))).toBe('refused')
  })
})

describe('endless types', () => {
  const cyclic: Record<string, unknown> = { n: I32 }
  cyclic['self'] = cyclic
  const list = arrayOf({ type: 18, length: 1 }) as unknown as Record<string, unknown>
  list['structItemType'] = { list }
  const grown = new Proxy({ n: I32 } as Record<string, unknown>, {
    ownKeys: () => ['n', 'more'],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (_, key) => (key === 'more' ? grown : I32),
  })

  it.each([
    ['a cyclic struct', cyclic],
    ['a cyclic array', list],
    ['a proxy that grows', grown],
  ])('%s is refused: ERR_FFI_SIGNATURE', (_name, type) => {
    const refused = expect.objectContaining({ code: 'ERR_FFI_SIGNATURE' })
    expect(() => layoutOf(type as never)).toThrow(refused)
    expect(() => createPointer({ paramsType: [type] as never, paramsValue: [type] as never })).toThrow(refused)
    expect(() => load({ ...call, retType: type } as never)).toThrow(refused)
    expect(() => define({ f: { ...call, paramsType: [type] } } as never)).toThrow(refused)
  })
})
