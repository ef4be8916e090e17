// Turns each member of the Pointer class into claims about what it tells and does.
import { inspect } from 'node:util'
import {
  arrayConstructor,
  createPointer,
  DataType,
  FFITypeTag,
  freePointer,
  Pointer,
  PointerType,
  unwrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { c, refusal } from './calls.js'

const { I8, I16, I32, U8, U32, U64, Double, External, String: Text } = DataType

function createInt(value = 7): Pointer {
  return createPointer({ paramsType: [I32], paramsValue: [value] })[0]
}

describe('a Pointer', () => {
  it('tells address, type, size, state and allocator', () => {
    const pointer = createInt()
    expect(pointer.address).toBe(BigInt(c.address_of(pointer)))
    expect([pointer.type, pointer.byteLength, pointer.state, pointer.allocator]).toEqual(['i32', 4, 'live', 'rust'])
    pointer.free()
    expect(pointer.state).toBe('freed')
    expect(pointer.type).toBe('i32')
  })

  it('tells no size and allocator borrowed of what C handed out', () => {
    const pointer = c.static_int()
    expect([pointer.type, pointer.byteLength, pointer.allocator]).toEqual(['void', undefined, 'borrowed'])
  })

  it('tells allocator js of a buffer used in place', () => {
    const [slot] = createPointer({ paramsType: [DataType.U8Array], paramsValue: [new Uint8Array(5)] })
    const [inner] = unwrapPointer([slot])
    expect([inner.byteLength, inner.allocator]).toEqual([5, 'js'])
    slot.free()
  })

  it('prints what it points to, and that it is freed or NULL', () => {
    const pointer = createInt()
    expect(inspect(pointer)).toBe(`Pointer <i32 at 0x${pointer.address.toString(16)}, 4 bytes, rust>`)
    expect(inspect(c.static_int())).toMatch(/^Pointer <void at 0x[0-9a-f]+, unknown size, borrowed>$/)
    expect(inspect({ pointer: c.null_ptr() })).toBe('{ pointer: Pointer <NULL> }')
    pointer.free()
    expect(inspect(pointer)).toBe('Pointer <i32, freed>')
  })

  it('is never made by hand: new is refused with ERR_FFI_OPTIONS', () => {
    const Open = Pointer as unknown as new (...values: unknown[]) => Pointer
    expect(() => new Open()).toThrow(refusal('ERR_FFI_OPTIONS'))
    expect(() => new Open(Symbol('holdfast'), 1, 1, 'i32')).toThrow(refusal('ERR_FFI_OPTIONS'))
    class Derived extends Open {}
    expect(() => new Derived()).toThrow(refusal('ERR_FFI_OPTIONS'))
  })

  it('cannot be cloned to another thread as a pointer', () => {
    const clone: unknown = structuredClone(createInt())
    expect(() => c.id_ptr(clone as Pointer)).toThrow(refusal('ERR_FFI_NOT_POINTER'))
  })
})

describe('read and write', () => {
  it('convert a value at an offset in bytes', () => {
    const [block] = createPointer({
      paramsType: [{ a: I32, b: Double, ffiTypeTag: FFITypeTag.StackStruct }],
      paramsValue: [{ a: 1, b: 2 }],
    })
    block.write(Double, 0.25, 8)
    block.write(I16, -2)
    expect([block.read(Double, 8), block.read(I16), block.read(U8, 1)]).toEqual([0.25, -2, 255])
    block.free()
  })

  it('pass over inline structs and arrays, and pointers', () => {
    const inner = {
      n: I32,
      list: arrayConstructor({ type: DataType.I16Array, length: 2, ffiTypeTag: FFITypeTag.StackArray }),
      ffiTypeTag: FFITypeTag.StackStruct,
    } as const
    const type = { p: External, inner, ffiTypeTag: FFITypeTag.StackStruct } as const
    const target = createInt(9)
    const [block] = createPointer({ paramsType: [type], paramsValue: [{ p: null, inner: { n: 0, list: [0, 0] } }] })
    block.write(type, { p: target, inner: { n: 5, list: [6, 7] } })
    const value = block.read(type)
    expect(value.inner).toEqual({ n: 5, list: [6, 7] })
    expect(value.p.read(I32)).toBe(9)
    block.free()
    target.free()
  })

  it('reach memory of C', () => {
    const pointer = c.malloc_int(31)
    expect(pointer.read(I32)).toBe(31)
    pointer.write(I32, 32)
    expect(c.read_int(pointer)).toBe(32)
    freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: PointerType.CPointer })
  })

  it('refuse to write what would need an owner with ERR_FFI_SIGNATURE', () => {
    const [slot] = createPointer({ paramsType: [Text], paramsValue: ['kept'] })
    expect(() => slot.write(Text, 'lost')).toThrow(refusal('ERR_FFI_SIGNATURE'))
    expect(() => slot.write({ n: I32 }, { n: 1 })).toThrow(refusal('ERR_FFI_SIGNATURE'))
    expect(slot.read(Text)).toBe('kept')
    slot.free()
  })

  it('leave the memory alone when the value is refused', () => {
    const pointer = createInt(3)
    expect(() => pointer.write(I32, 'x' as never)).toThrow(refusal('ERR_FFI_TYPE'))
    expect(pointer.read(I32)).toBe(3)
    pointer.free()
  })
})

describe('at', () => {
  it('gives an interior pointer that owns nothing and dies with its owner', () => {
    const [block] = createPointer({ paramsType: [U64], paramsValue: [0x0807060504030201n] })
    const third = block.at(2)
    expect([third.address - block.address, third.byteLength, third.allocator, third.read(U8)]).toEqual([
      2n,
      6,
      'rust',
      3,
    ])
    expect(() => third.free()).toThrow(refusal('ERR_FFI_NOT_OWNER'))
    third[Symbol.dispose]()
    expect(block.state).toBe('live')
    block.free()
    expect(third.state).toBe('freed')
    expect(() => third.read(U8)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
  })

  it('reaches the end of the memory and not beyond it', () => {
    const pointer = createInt()
    expect(pointer.at(4).byteLength).toBe(0)
    expect(() => pointer.at(4).read(I8)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
    expect(() => pointer.at(5)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
    pointer.free()
  })

  it('moves through memory of unknown size', () => {
    const pointer = c.malloc_block(8)
    expect(pointer.at(5).read(U8)).toBe(5)
    expect(pointer.at(4).read(U32)).toBe(0x07060504)
    freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: PointerType.CPointer })
  })
})

describe('withLength', () => {
  it('states the size of memory that C handed out, and holds accesses to it', () => {
    const stated = c.static_int().withLength(4)
    expect([stated.byteLength, stated.read(I32)]).toEqual([4, 42])
    expect(() => stated.read(U8, 4)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
  })

  it('narrows memory of a known size and cannot widen it', () => {
    const pointer = createInt()
    const narrow = pointer.withLength(2)
    expect(() => narrow.read(I32)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
    expect(() => narrow.withLength(4)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
    expect(() => pointer.withLength(5)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
    pointer.free()
  })
})

describe('Symbol.dispose', () => {
  it('frees what createPointer made, once', () => {
    const pointer = createInt()
    pointer[Symbol.dispose]()
    expect(pointer.state).toBe('freed')
    pointer[Symbol.dispose]()
  })

  it('lets go of memory that C handed out', () => {
    const pointer = c.static_int()
    pointer[Symbol.dispose]()
    expect(pointer.read(I32)).toBe(42)
  })
})
