// Turns one value of each kind of type into a pointer and back, at ffi-rs's levels of indirection.
import {
  arrayConstructor,
  createPointer,
  DataType,
  FFITypeTag,
  type FieldType,
  freePointer,
  isNullPointer,
  type Pointer,
  PointerType,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { c, refusal } from './calls.js'

const { I8, U8, I16, U16, I32, U32, I64, U64, Isize, Usize, BigInt: Big, BigUint64, Float, Double } = DataType
const { Boolean: Bool, External, String: Text, WString, Void } = DataType

function create(type: FieldType, value: unknown): Pointer {
  return createPointer({ paramsType: [type], paramsValue: [value] })[0] as Pointer
}
function restore(type: FieldType, pointer: Pointer): unknown {
  return restorePointer({ retType: [type], paramsValue: [pointer] })[0]
}
function unwrap(pointer: Pointer): Pointer {
  return unwrapPointer([pointer])[0]
}

const scalars: [string, FieldType, unknown, number][] = [
  ['I8', I8, -128, 1],
  ['U8', U8, 255, 1],
  ['I16', I16, -32768, 2],
  ['U16', U16, 65535, 2],
  ['I32', I32, -2147483648, 4],
  ['U32', U32, 4294967295, 4],
  ['I64', I64, -(2n ** 63n), 8],
  ['U64', U64, 2n ** 64n - 1n, 8],
  ['Isize', Isize, -1, 8],
  ['Usize', Usize, 2 ** 53 - 1, 8],
  ['BigInt', Big, -5n, 8],
  ['BigUint64', BigUint64, 2n ** 64n - 1n, 8],
  ['Float', Float, 0.5, 4],
  ['Double', Double, Number.MIN_VALUE, 8],
  ['Boolean', Bool, true, 1],
]

describe('createPointer of a scalar', () => {
  it.each(scalars)('points to the %s itself', (_name, type, value, size) => {
    const pointer = create(type, value)
    expect(pointer.byteLength).toBe(size)
    expect(restore(type, pointer)).toEqual(value)
    expect(pointer.read(type)).toEqual(value)
    pointer.free()
  })
})

const inline = { n: I32, text: Text, ffiTypeTag: FFITypeTag.StackStruct } as const
const item = { x: I16, y: Double, ffiTypeTag: FFITypeTag.StackStruct } as const
const array = (type: 3 | 5 | 13 | 19 | 10 | 110 | 111 | 112 | 4, length: number) => arrayConstructor({ type, length })
const items = arrayConstructor({ type: DataType.StructArray, length: 2, structItemType: item })
const pointed: [string, FieldType, unknown, number][] = [
  ['String', Text, 'grüß', 7],
  ['empty String', Text, '', 1],
  ['WString', WString, 'wide', process.platform === 'win32' ? 10 : 20],
  ['I16Array', array(DataType.I16Array, 3), [-1, 2, 3], 6],
  ['I32Array', array(DataType.I32Array, 2), [1, -2], 8],
  ['U32Array', array(DataType.U32Array, 1), [2 ** 32 - 1], 4],
  ['I64Array', array(DataType.I64Array, 2), [1, -(2n ** 63n)], 16],
  ['U64Array', array(DataType.U64Array, 1), [2n ** 64n - 1n], 8],
  ['FloatArray', array(DataType.FloatArray, 2), [0.5, -2], 8],
  ['DoubleArray', array(DataType.DoubleArray, 2), [0.1, 1e300], 16],
  ['StringArray', array(DataType.StringArray, 3), ['a', null, 'ccc'], 24],
  ['U8Array', array(DataType.U8Array, 3), Buffer.from('abc'), 3],
  [
    'struct',
    { n: I32, text: Text, inner: item, list: array(DataType.I32Array, 2) },
    { n: 7, text: 'x', inner: { x: 1, y: 2 }, list: [8, 9] },
    40,
  ],
  [
    'struct with NULL fields',
    { text: Text, inner: { n: I32 }, list: array(DataType.I32Array, 2) },
    { text: null, inner: null, list: null },
    24,
  ],
  [
    'StructArray',
    items,
    [
      { x: 1, y: 0.5 },
      { x: -2, y: 4 },
    ],
    32,
  ],
]

describe('createPointer of what C takes by pointer', () => {
  it.each(pointed)('points to a pointer to the %s', (_name, type, value, size) => {
    const pointer = create(type, value)
    expect(pointer.byteLength).toBe(8)
    expect(restore(type, pointer)).toEqual(value)
    const inner = unwrap(pointer)
    expect(inner.byteLength).toBe(size)
    expect(pointer.read(U64)).toBe(Number(inner.address))
    const wrapped = wrapPointer([inner])[0]
    expect(restore(type, wrapped)).toEqual(value)
    freePointer({ paramsType: [External], paramsValue: [wrapped], pointerType: PointerType.RsPointer })
    freePointer({ paramsType: [type], paramsValue: [pointer], pointerType: PointerType.RsPointer })
    expect(inner.state).toBe('freed')
  })

  it.each(pointed.slice(0, -1))('points to NULL for a null %s', (_name, type) => {
    const pointer = create(type, null)
    expect(restore(type, pointer)).toBeNull()
    expect(isNullPointer(unwrap(pointer))).toBe(true)
    pointer.free()
  })

  it('takes the length of bare array types from the values', () => {
    const pointer = create(DataType.DoubleArray, [1, 2, 3])
    expect(unwrap(pointer).byteLength).toBe(24)
    freePointer({ paramsType: [DataType.DoubleArray], paramsValue: [pointer], pointerType: PointerType.RsPointer })
  })
})

describe('createPointer of a StackStruct', () => {
  it('points to the struct itself, one level', () => {
    const pointer = create(inline, { n: 5, text: 'five' })
    expect(pointer.byteLength).toBe(16)
    expect(pointer.type).toBe('{i32,str}')
    expect(restore(inline, pointer)).toEqual({ n: 5, text: 'five' })
    expect(c.read_int(pointer)).toBe(5)
    pointer.free()
  })
})

describe('createPointer of a pointer', () => {
  it('points to the address that was given, which unwrapPointer gives back', () => {
    const target = create(I32, 11)
    const pointer = create(External, target)
    expect(unwrap(pointer).address).toBe(target.address)
    expect(unwrap(pointer).read(I32)).toBe(11)
    expect((restore(External, pointer) as Pointer).address).toBe(target.address)
    pointer.free()
    expect(target.read(I32)).toBe(11)
    target.free()
  })
})

describe('NULL', () => {
  const idioms: [string, FieldType, unknown][] = [
    ['Void', Void, undefined],
    ['External null', External, null],
    ['U64 0', U64, 0],
    ['I64 0n', I64, 0n],
  ]

  it.each(idioms)('comes out of unwrapping a created %s', (_name, type, value) => {
    const slot = create(type, value)
    const pointer = unwrap(slot)
    expect(isNullPointer(pointer)).toBe(true)
    expect(isNullPointer(slot)).toBe(false)
    expect(c.is_null(pointer)).toBe(true)
    slot.free()
    expect(pointer.state).toBe('live')
  })

  it('has no memory, and freeing it does nothing', () => {
    const pointer = c.null_ptr()
    expect([pointer.address, pointer.byteLength, pointer.state, pointer.allocator]).toEqual([0n, 0, 'live', 'borrowed'])
    pointer.free()
    pointer[Symbol.dispose]()
    freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: PointerType.CPointer })
    freePointer({ paramsType: [External], paramsValue: [pointer] })
    expect(pointer.state).toBe('live')
  })

  it('is accepted as null where an External is declared', () => {
    expect(c.is_null(null)).toBe(true)
    expect(isNullPointer(c.id_ptr(null))).toBe(true)
  })

  it('reads as null behind a wrapper', () => {
    const wrapped = wrapPointer([c.null_ptr()])[0]
    expect(restorePointer({ retType: [Text, { n: I32 }], paramsValue: [wrapped, wrapped] })).toEqual([null, null])
    wrapped.free()
  })

  it('refuses to be read, written or moved with ERR_FFI_NULL_POINTER', () => {
    const pointer = c.null_ptr()
    const uses = [
      () => pointer.read(I32),
      () => pointer.write(I32, 1),
      () => pointer.at(0),
      () => pointer.withLength(4),
    ]
    for (const use of uses) expect(use).toThrow(refusal('ERR_FFI_NULL_POINTER'))
    expect(() => unwrapPointer([pointer])).toThrow(
      refusal('ERR_FFI_NULL_POINTER', { functionName: 'unwrapPointer', position: 0 }),
    )
    expect(() => restore(I32, pointer)).toThrow(refusal('ERR_FFI_NULL_POINTER', { functionName: 'restorePointer' }))
  })
})

describe('lists', () => {
  it('are handled item by item, in order', () => {
    const made = createPointer({ paramsType: [I32, Text, Double], paramsValue: [1, 'two', 3] })
    expect(restorePointer({ retType: [I32, Text, Double], paramsValue: made })).toEqual([1, 'two', 3])
    const wrapped = wrapPointer(made)
    expect(unwrapPointer(wrapped).map((p) => p.address)).toEqual(made.map((p) => p.address))
    freePointer({ paramsType: [External, External, External], paramsValue: wrapped })
    freePointer({ paramsType: [I32, Text, Double], paramsValue: made, pointerType: PointerType.RsPointer })
    expect(made.map((p) => p.state)).toEqual(['freed', 'freed', 'freed'])
  })

  it('may be empty', () => {
    expect(createPointer({ paramsType: [], paramsValue: [] })).toEqual([])
    expect(unwrapPointer([])).toEqual([])
    expect(wrapPointer([])).toEqual([])
  })

  it('of unequal lengths are refused with ERR_FFI_ARITY', () => {
    const arity = refusal('ERR_FFI_ARITY')
    expect(() => createPointer({ paramsType: [I32, I32], paramsValue: [1] as never })).toThrow(arity)
    expect(() => restorePointer({ retType: [I32], paramsValue: [] as never })).toThrow(arity)
    expect(() => freePointer({ paramsType: [I32], paramsValue: [] as never })).toThrow(arity)
  })
})
