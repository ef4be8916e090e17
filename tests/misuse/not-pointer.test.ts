// Turns every kind of value that is no Pointer into a refusal, wherever a Pointer is declared.
import {
  createExternalBuffer,
  createPointer,
  DataType,
  freePointer,
  isNullPointer,
  Pointer,
  PointerType,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { afterAll, describe, expect, it } from 'vitest'
import { c, refusal } from '../pointers/calls.js'
import { expectBaseline, held } from './baseline.js'
import { kinds } from './kinds.js'

const { I32, External } = DataType
const baseline = held()

afterAll(() => expectBaseline(baseline))

const takers: [string, (value: Pointer) => unknown][] = [
  ['isNullPointer', (value) => isNullPointer(value)],
  ['unwrapPointer', (value) => unwrapPointer([value])],
  ['wrapPointer', (value) => wrapPointer([value])],
  ['restorePointer', (value) => restorePointer({ retType: [I32], paramsValue: [value] })],
  ['freePointer', (value) => freePointer({ paramsType: [I32], paramsValue: [value] })],
  [
    'freePointer with CPointer',
    (value) => freePointer({ paramsType: [External], paramsValue: [value], pointerType: PointerType.CPointer }),
  ],
  ['createExternalBuffer', (value) => createExternalBuffer(value, 4)],
]
const nullables: [string, (value: Pointer) => unknown][] = [
  ['createPointer', (value) => createPointer({ paramsType: [External], paramsValue: [value] })],
  ['a struct field', (value) => createPointer({ paramsType: [{ p: External }], paramsValue: [{ p: value }] })],
  // A lone plain array is the tuple of values, so values are given within one.
  ['a call', (value) => c.id_ptr([value])],
  ['the second argument of a call', (value) => c.same_ptr(null, value)],
]

describe.each([...takers, ...nullables])('%s', (_name, take) => {
  it.each(kinds)('refuses %s with ERR_FFI_NOT_POINTER', (_kind, value) => {
    expect(() => take(value as Pointer)).toThrow(refusal('ERR_FFI_NOT_POINTER'))
  })

  it('refuses a proxy of a Pointer with ERR_FFI_NOT_POINTER', () => {
    const [target] = createPointer({ paramsType: [I32], paramsValue: [1] })
    const got = 'a Proxy'
    expect(() => take(new Proxy(target, {}))).toThrow(refusal('ERR_FFI_NOT_POINTER', { got }))
    target.free()
  })
})

describe.each(takers)('%s', (_name, take) => {
  it('refuses null with ERR_FFI_NOT_POINTER', () => {
    expect(() => take(null as never)).toThrow(refusal('ERR_FFI_NOT_POINTER'))
  })
})

describe('methods of Pointer', () => {
  it.each(['free', 'read', 'write', 'at', 'withLength'] as const)(
    '%s throws TypeError on what is no Pointer',
    (method) => {
      const imposters = [Object.create(Pointer.prototype), {}, 1, null]
      for (const imposter of imposters) {
        const borrowed = Pointer.prototype[method] as (...values: unknown[]) => unknown
        expect(() => borrowed.call(imposter, 0, 0)).toThrow(TypeError)
      }
    },
  )

  it('cannot be replaced on the prototype', () => {
    expect(Object.isFrozen(Pointer.prototype)).toBe(true)
  })

  it('throw TypeError through a proxy', () => {
    const [target] = createPointer({ paramsType: [I32], paramsValue: [1] })
    expect(() => new Proxy(target, {}).read(I32)).toThrow(TypeError)
    target.free()
  })
})
