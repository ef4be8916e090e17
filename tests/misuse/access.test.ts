// Turns accesses to memory that is too small, misaligned or not there into their refusals.
import {
  arrayConstructor,
  createExternalBuffer,
  createPointer,
  DataType,
  type FieldType,
  type Pointer,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { afterAll, describe, expect, it } from 'vitest'
import { c, refusal } from '../pointers/calls.js'
import { expectBaseline, held } from './baseline.js'

const { U8, I16, I32, I64, Double, External, String: Text, WString, I32Array, U8Array, StringArray } = DataType
const baseline = held()

afterAll(() => expectBaseline(baseline))

function create(type: FieldType, value: unknown): Pointer {
  return createPointer({ paramsType: [type], paramsValue: [value] })[0] as Pointer
}
function restore(type: FieldType, pointer: Pointer): unknown {
  return restorePointer({ retType: [type], paramsValue: [pointer] })[0]
}

describe('reading past the end', () => {
  const cases: [string, FieldType, unknown, FieldType][] = [
    ['an I32 as I64', I32, 1, I64],
    ['an I32 as String', I32, 1, Text],
    ['an I32 as a struct pointer', I32, 1, { n: I32 }],
    ['a small StackStruct as a larger one', { n: I32, ffiTypeTag: 999 }, { n: 1 }, { n: I32, m: I32, ffiTypeTag: 999 }],
    ['4 numbers as 64', I32Array, [1, 2, 3, 4], arrayConstructor({ type: I32Array, length: 64 })],
    ['4 numbers as 1e8', I32Array, [1, 2, 3, 4], arrayConstructor({ type: I32Array, length: 1e8 })],
    ['2 bytes as 3', U8Array, Buffer.from('ab'), arrayConstructor({ type: U8Array, length: 3 })],
    ['1 string as 2', StringArray, ['a'], arrayConstructor({ type: StringArray, length: 2 })],
    ['a struct as a larger one', { n: I32 }, { n: 1 }, { n: I32, m: Double }],
  ]

  it.each(cases)('refuses %s with ERR_FFI_OUT_OF_BOUNDS', (_name, type, value, read) => {
    const pointer = create(type, value)
    expect(() => restore(read, pointer)).toThrow(
      refusal('ERR_FFI_OUT_OF_BOUNDS', { functionName: 'restorePointer', position: 0 }),
    )
    expect(() => pointer.read(read)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
    pointer.free()
  })

  it('refuses offsets beyond the end with ERR_FFI_OUT_OF_BOUNDS, and what is no offset with ERR_FFI_OPTIONS', () => {
    const pointer = create(I32, 1)
    for (const offset of [1, 4, 2 ** 32, 2 ** 53 - 1]) {
      expect(() => pointer.read(I32, offset)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
      expect(() => pointer.write(I32, 0, offset)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
    }
    for (const offset of [-1, 0.5, Number.NaN, 2 ** 53, Infinity, '0' as never, 0n as never]) {
      expect(() => pointer.read(I32, offset)).toThrow(refusal('ERR_FFI_OPTIONS'))
      expect(() => pointer.at(offset)).toThrow(refusal('ERR_FFI_OPTIONS'))
      expect(() => pointer.withLength(offset)).toThrow(refusal('ERR_FFI_OPTIONS'))
      expect(() => createExternalBuffer(pointer, offset)).toThrow(refusal('ERR_FFI_OPTIONS'))
    }
    pointer.free()
  })

  it('refuses pointer arithmetic that wraps around the address space', () => {
    const pointer = c.static_int()
    expect(() => pointer.at(2 ** 53 - 1).read(U8)).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
    expect(() => c.offset_ptr(null, -1n).read(U8)).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
    expect(() => c.offset_ptr(null, -8n).read(I64)).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
    expect(() => createExternalBuffer(pointer, 2 ** 53 - 1)).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
  })
})

describe('misaligned access', () => {
  it('is refused with ERR_FFI_MISALIGNED', () => {
    const pointer = create(I64, 1)
    const misaligned: [FieldType, number][] = [
      [I16, 1],
      [I32, 2],
      [{ b: U8, s: I16, ffiTypeTag: 999 }, 1],
    ]
    for (const [type, offset] of misaligned) {
      expect(() => pointer.read(type, offset)).toThrow(refusal('ERR_FFI_MISALIGNED'))
    }
    expect(() => pointer.write(I32, 1, 1)).toThrow(refusal('ERR_FFI_MISALIGNED'))
    expect(() => unwrapPointer([c.static_int().at(1)])).toThrow(refusal('ERR_FFI_MISALIGNED'))
    expect(pointer.read(U8, 1)).toBe(0)
    pointer.free()
  })
})

const wild: [string, () => Pointer][] = [
  ['a low address', () => c.low_address()],
  ['an address that is none', () => c.offset_ptr(c.noncanonical_address(), -1n)],
  ['an unmapped address', () => c.unmapped_address()],
  ['a page without access', () => c.protected_page()],
]

describe.each(wild)('%s', (_name, make) => {
  const struct = { a: I64, b: I64, ffiTypeTag: 999 } as const
  const reads: [string, (pointer: Pointer) => unknown][] = [
    ['read', (pointer) => pointer.read(I64)],
    ['read of a struct', (pointer) => pointer.read(struct)],
    ['write', (pointer) => pointer.write(I64, 1)],
    ['unwrapPointer', (pointer) => unwrapPointer([pointer])],
    ['restorePointer', (pointer) => restore(I64, pointer)],
    ['createExternalBuffer', (pointer) => createExternalBuffer(pointer, 8)],
    ['a string there', (pointer) => restoreWrapped(Text, pointer)],
    ['a wide string there', (pointer) => restoreWrapped(WString, pointer)],
    ['a struct there', (pointer) => restoreWrapped({ a: I64 }, pointer)],
    ['numbers there', (pointer) => restoreWrapped(arrayConstructor({ type: I32Array, length: 4 }), pointer)],
    ['strings there', (pointer) => restoreWrapped(arrayConstructor({ type: StringArray, length: 4 }), pointer)],
    ['a megabyte there', (pointer) => restoreWrapped(arrayConstructor({ type: U8Array, length: 2 ** 20 }), pointer)],
  ]

  it.each(reads)('is refused by %s with ERR_FFI_BAD_ADDRESS', (_use, use) => {
    expect(() => use(make())).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
  })

  it('can be held, compared and handed on', () => {
    const pointer = make()
    expect(c.same_ptr(pointer, c.id_ptr(pointer))).toBe(true)
    expect([pointer.state, pointer.allocator, pointer.byteLength]).toEqual(['live', 'borrowed', undefined])
  })
})

function restoreWrapped(type: FieldType, pointer: Pointer): unknown {
  using wrapper = wrapPointer([pointer])[0]
  return restore(type, wrapper)
}

describe('the edge of readable memory', () => {
  it('is read up to its last byte and not beyond', () => {
    const pointer = c.before_fault(8)
    expect(pointer.read(I64)).toBe(0x5a5a5a5a5a5a5a5an)
    expect(() => pointer.read({ a: I64, b: U8, ffiTypeTag: 999 })).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
    expect(() => pointer.read(I64, 8)).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
  })

  it('is not written where it is read-only: ERR_FFI_BAD_ADDRESS', () => {
    const pointer = c.readonly_page()
    expect(pointer.read(U8)).toBe(0x5a)
    expect(() => pointer.write(U8, 1)).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
    expect(pointer.read(U8)).toBe(0x5a)
  })
})

describe('a string without end', () => {
  it('in memory of known size is refused with ERR_FFI_STRING_UNTERMINATED', () => {
    const pointer = create(U8Array, Buffer.from('abc'))
    expect(() => restore(Text, pointer)).toThrow(refusal('ERR_FFI_STRING_UNTERMINATED'))
    pointer.free()
    const words = create(DataType.U32Array, [65, 66])
    expect(() => restore(WString, words)).toThrow(refusal('ERR_FFI_STRING_UNTERMINATED'))
    words.free()
  })

  it('that runs into a fault is refused with ERR_FFI_BAD_ADDRESS', () => {
    expect(() => restoreWrapped(Text, c.before_fault(3))).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
    expect(() => restoreWrapped(WString, c.before_fault(8))).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
  })
})

describe('memory that JavaScript took away', () => {
  it('is refused with ERR_FFI_BUFFER_DETACHED', () => {
    const buffer = new ArrayBuffer(8)
    const slot = create(U8Array, new Uint8Array(buffer))
    const [inner] = unwrapPointer([slot])
    structuredClone(buffer, { transfer: [buffer] })
    expect(() => inner.read(U8)).toThrow(refusal('ERR_FFI_BUFFER_DETACHED'))
    expect(() => c.read_byte(inner, 0)).toThrow(refusal('ERR_FFI_BUFFER_DETACHED'))
    expect(inner.state).toBe('live')
    slot.free()
  })
})

it('refuses External read out of memory that holds data of no pointer without crashing', () => {
  const pointer = create({ n: Double, ffiTypeTag: 999 }, { n: 0.1 })
  expect(() => restore({ p: External, ffiTypeTag: 999 }, pointer)).toThrow(refusal('ERR_FFI_POINTER_TYPE'))
  expect(() => restore(Text, pointer)).toThrow(refusal('ERR_FFI_POINTER_TYPE'))
  expect(() => unwrapPointer([pointer])).toThrow(refusal('ERR_FFI_POINTER_TYPE'))
  pointer.free()
})
