// Turns every use of memory that is freed, or not the caller's to free, into its refusal.
import {
  arrayConstructor,
  createExternalBuffer,
  createPointer,
  DataType,
  type FieldType,
  freePointer,
  isNullPointer,
  type Pointer,
  PointerType,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { afterAll, describe, expect, it } from 'vitest'
import { c, refusal } from '../pointers/calls.js'
import { expectBaseline, held } from './baseline.js'

const { I32, Double, External, String: Text, StringArray } = DataType
const { CPointer, RsPointer } = PointerType
const baseline = held()
const int32s = arrayConstructor({ type: DataType.I32Array, length: 300 })

afterAll(() => expectBaseline(baseline))

const kinds: [string, FieldType, unknown][] = [
  ['I32', I32, 1],
  ['String', Text, 'text'],
  ['I32Array', int32s, Array.from({ length: 300 }, (_, i) => i)],
  ['StringArray', arrayConstructor({ type: StringArray, length: 2 }), ['a', 'b']],
  ['struct', { n: I32, text: Text }, { n: 1, text: 'x' }],
  ['StackStruct', { n: Double, ffiTypeTag: 999 }, { n: 1 }],
  ['U8Array', arrayConstructor({ type: DataType.U8Array, length: 4 }), Buffer.from('data')],
]

function create(type: FieldType, value: unknown): Pointer {
  return createPointer({ paramsType: [type], paramsValue: [value] })[0] as Pointer
}
function free(pointer: Pointer, type: FieldType = External, pointerType?: PointerType): void {
  freePointer({ paramsType: [type], paramsValue: [pointer], ...(pointerType === undefined ? {} : { pointerType }) })
}

const uses: [string, (pointer: Pointer, type: FieldType) => unknown][] = [
  ['restorePointer', (pointer, type) => restorePointer({ retType: [type], paramsValue: [pointer] })],
  ['unwrapPointer', (pointer) => unwrapPointer([pointer])],
  ['wrapPointer', (pointer) => wrapPointer([pointer])],
  ['createPointer of External', (pointer) => create(External, pointer)],
  ['createExternalBuffer', (pointer) => createExternalBuffer(pointer, 1)],
  ['read', (pointer) => pointer.read(DataType.U8)],
  ['write', (pointer) => pointer.write(DataType.U8, 1)],
  ['at', (pointer) => pointer.at(0)],
  ['withLength', (pointer) => pointer.withLength(1)],
  ['address', (pointer) => pointer.address],
  ['byteLength', (pointer) => pointer.byteLength],
  ['allocator', (pointer) => pointer.allocator],
  ['a call', (pointer) => c.id_ptr(pointer)],
  ['a call with a struct', (pointer) => create({ p: External }, { p: pointer })],
]

describe.each(kinds)('after a %s was freed', (_name, type, value) => {
  it.each(uses)('refuses %s with ERR_FFI_USE_AFTER_FREE', (_use, use) => {
    const pointer = create(type, value)
    const inner = pointer.at(0)
    free(pointer, type, RsPointer)
    expect(() => use(pointer, type)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
    expect(() => use(inner, type)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
  })

  it('refuses to free it again with ERR_FFI_DOUBLE_FREE', () => {
    const pointer = create(type, value)
    free(pointer, type)
    for (const pointerType of [undefined, RsPointer, CPointer]) {
      expect(() => free(pointer, External, pointerType)).toThrow(
        refusal('ERR_FFI_DOUBLE_FREE', { functionName: 'freePointer', position: 0 }),
      )
    }
    expect(() => pointer.free()).toThrow(refusal('ERR_FFI_DOUBLE_FREE'))
    pointer[Symbol.dispose]()
  })

  it('refuses CPointer for it with ERR_FFI_ALLOCATOR_MISMATCH, and leaves it alone', () => {
    const pointer = create(type, value)
    for (const declared of [type, External]) {
      expect(() => free(pointer, declared, CPointer)).toThrow(refusal('ERR_FFI_ALLOCATOR_MISMATCH'))
    }
    expect(restorePointer({ retType: [type], paramsValue: [pointer] })).toEqual([value])
    pointer.free()
  })
})

describe('memory of C', () => {
  it('refuses RsPointer with ERR_FFI_ALLOCATOR_MISMATCH, and leaves it alone', () => {
    const pointer = c.malloc_int(6)
    expect(() => free(pointer, I32, RsPointer)).toThrow(refusal('ERR_FFI_ALLOCATOR_MISMATCH'))
    expect(pointer.read(I32)).toBe(6)
    free(pointer, External, CPointer)
  })

  it('refuses to be freed without pointerType with ERR_FFI_NOT_OWNER', () => {
    const pointer = c.malloc_int(6)
    expect(() => free(pointer)).toThrow(refusal('ERR_FFI_NOT_OWNER'))
    expect(() => pointer.free()).toThrow(refusal('ERR_FFI_NOT_OWNER'))
    pointer[Symbol.dispose]()
    free(pointer, External, CPointer)
  })

  it('refuses every use after free', () => {
    const pointer = c.malloc_int(6)
    const inner = pointer.at(2)
    free(pointer, External, CPointer)
    for (const [, use] of uses) {
      expect(() => use(pointer, I32)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
      expect(() => use(inner, I32)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
    }
    expect(isNullPointer(pointer)).toBe(false)
  })

  it('that is static is no malloc block: ERR_FFI_ALLOCATOR_MISMATCH', () => {
    const pointer = c.static_int()
    expect(() => free(pointer, External, CPointer)).toThrow(refusal('ERR_FFI_ALLOCATOR_MISMATCH'))
    const [slot] = createPointer({ paramsType: [External], paramsValue: [null] })
    c.out_string(slot)
    expect(() => free(slot, Text, CPointer)).toThrow(refusal('ERR_FFI_ALLOCATOR_MISMATCH'))
    expect([pointer.read(I32), slot.read(Text)]).toEqual([42, 'out string'])
    slot.free()
  })
})

describe('interior pointers', () => {
  it('own nothing: ERR_FFI_NOT_OWNER', () => {
    const ours = create(Double, 1)
    const theirs = c.malloc_int(1)
    for (const inner of [ours.at(1), c.offset_ptr(ours, 4), theirs.at(2)]) {
      for (const pointerType of [undefined, RsPointer, CPointer]) {
        expect(() => free(inner, External, pointerType)).toThrow(refusal('ERR_FFI_NOT_OWNER'))
      }
    }
    expect([ours.read(Double), theirs.read(I32)]).toEqual([1, 1])
    ours.free()
    free(theirs, External, CPointer)
  })

  it('into the block behind a created array own nothing either: ERR_FFI_NOT_OWNER', () => {
    const slot = create(int32s, [1, 2, 3])
    const [list] = unwrapPointer([slot])
    expect(() => list.free()).toThrow(refusal('ERR_FFI_NOT_OWNER'))
    slot.free()
  })
})

describe('a list to free', () => {
  it('stops at the first refusal and tells its position', () => {
    const [a, b] = [create(I32, 1), create(I32, 2)]
    const twice = () => freePointer({ paramsType: [I32, I32, I32], paramsValue: [a, a, b] })
    expect(twice).toThrow(refusal('ERR_FFI_DOUBLE_FREE', { position: 1 }))
    expect([a.state, b.state]).toEqual(['freed', 'live'])
    b.free()
  })
})

describe('a stale pointer', () => {
  it('never names the memory that took its place', () => {
    const stale: Pointer[] = []
    for (let i = 0; i < 300; i++) {
      const pointer = create(I32, i)
      pointer.free()
      stale.push(pointer)
    }
    const living = stale.map((_, i) => create(I32, i))
    for (const pointer of stale) expect(() => pointer.read(I32)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
    for (const pointer of stale) expect(() => pointer.free()).toThrow(refusal('ERR_FFI_DOUBLE_FREE'))
    expect(living.map((pointer) => pointer.read(I32))).toEqual(living.map((_, i) => i))
    for (const pointer of living) pointer.free()
  })
})
