// Turns structs that hold structs, arrays, strings and NULLs, inline and by pointer, into what C reads and returns.
import { type ArrayDescription, arrayConstructor, DataType, FFITypeTag, type StructDescription } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('nested')
const { I8, I16, I32, U8, Float, Double, String: Text, WString } = DataType
const { StackStruct, StackArray } = FFITypeTag
const byValue = <Type extends StructDescription>(type: Type) => ({ ...type, ffiTypeTag: StackStruct })
const inline = (type: Exclude<ArrayDescription['type'], DataType.StructArray>, length: number) =>
  arrayConstructor({ type, length, ffiTypeTag: StackArray })
const behind = (type: Exclude<ArrayDescription['type'], DataType.StructArray>, length: number) =>
  arrayConstructor({ type, length })

const point = { x: I32, y: Double }
const points = [1, 2, 3].map((n) => ({ x: n, y: n + 0.5 }))
/** Sum of (i + 1) * (x + 2 y) over `points`. */
const weight = 1 * 4 + 2 * 7 + 3 * 10

describe('a struct inside a struct', () => {
  const boxed = { tag: U8, inner: byValue(point), tail: I16 }
  const value = { tag: 200, inner: { x: -5, y: 2.25 }, tail: -300 }

  it('crosses by value and by pointer', () => {
    expect(call('sum_boxed_ptr', Double, [boxed], [value])).toBe(200 - 5 + 4.5 - 300)
    expect(call('sum_boxed', Double, [byValue(boxed)], [value])).toBe(200 - 5 + 4.5 - 300)
    expect(call('id_boxed', byValue(boxed), [byValue(boxed)], [value])).toEqual(value)
    expect(call('make_boxed', byValue(boxed), [U8, byValue(point), I16], [200, value.inner, -300])).toEqual(value)
  })

  it('cannot be null: ERR_FFI_TYPE names the field', () => {
    const sum = (inner: unknown) => call('sum_boxed', Double, [byValue(boxed)], [{ ...value, inner }])
    expect(() => sum(null)).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '.inner' }))
    expect(() => sum({ x: 1, y: 'two' })).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '.inner.y' }))
  })
})

describe('a struct behind a pointer', () => {
  const linked = { id: I32, inner: point, tail: Double }
  const value = { id: 7, inner: { x: 1, y: 1.5 }, tail: 2.5 }
  const empty = { ...value, inner: null }

  it('crosses with what it points to', () => {
    expect(call('sum_linked_ptr', Double, [linked], [value])).toBe(13.5)
    expect(call('sum_linked', Double, [byValue(linked)], [value])).toBe(13.5)
    expect(call('id_linked', byValue(linked), [byValue(linked)], [value])).toEqual(value)
  })

  it('may be NULL', () => {
    expect(call('sum_linked_ptr', Double, [linked], [empty])).toBe(9.5)
    expect(call('id_linked', byValue(linked), [byValue(linked)], [empty])).toEqual(empty)
    expect(call('make_linked_null', linked, [], [], { freeResultMemory: true })).toEqual(empty)
  })

  it('is freed with its owner', () => {
    expect(call('make_linked', linked, [], [], { freeResultMemory: true })).toEqual(value)
  })

  it('crosses three levels deep', () => {
    const deep = { head: I16, middle: byValue({ tag: U8, link: byValue(linked) }), tail: Float }
    const whole = { head: -1, middle: { tag: 2, link: value }, tail: 0.25 }
    expect(call('sum_deep', Double, [deep], [whole])).toBe(-1 + 2 + 13.5 + 0.25)
    const broken = { ...whole, middle: { tag: 2, link: { ...value, inner: { x: 1, y: null } } } }
    expect(() => call('sum_deep', Double, [deep], [broken])).toThrow(
      refusal('ERR_FFI_TYPE', { position: 0, path: '.middle.link.inner.y' }),
    )
  })
})

describe('inline arrays', () => {
  const grid = {
    bytes: inline(DataType.U8Array, 5),
    shorts: inline(DataType.I16Array, 3),
    ints: inline(DataType.I32Array, 2),
    words: inline(DataType.U32Array, 2),
    longs: inline(DataType.I64Array, 2),
    ulongs: inline(DataType.U64Array, 1),
    floats: inline(DataType.FloatArray, 3),
    doubles: inline(DataType.DoubleArray, 2),
    names: inline(DataType.StringArray, 2),
    tail: I8,
  }
  const value = {
    bytes: Buffer.from([1, 2, 3, 4, 255]),
    shorts: [-1, 2, -32768],
    ints: [2 ** 31 - 1, -5],
    words: [2 ** 32 - 1, 7],
    longs: [2 ** 40, -1],
    ulongs: [2 ** 41],
    floats: [0.5, -1.5, 2],
    doubles: [1e6, -0.25],
    names: ['four', null],
    tail: -8,
  }

  it('cross whole', () => {
    const sum = 265 - 32767 + (2 ** 31 - 6) + (2 ** 32 + 6) + (2 ** 40 - 1) + 2 ** 41 + 1 + 999999.75 + 4 - 8
    expect(call('sum_grid', Double, [grid], [value])).toBe(sum)
    expect(call('id_grid', byValue(grid), [byValue(grid)], [value])).toEqual(value)
  })

  it('take typed arrays, and fill what a shorter list leaves with zeros', () => {
    const typed = { ...value, shorts: new Int16Array([9]), longs: new BigInt64Array([1n, -2n]), names: [], bytes: [] }
    const expected = { ...value, shorts: [9, 0, 0], longs: [1, -2], names: [null, null], bytes: Buffer.alloc(5) }
    expect(call('id_grid', byValue(grid), [byValue(grid)], [typed])).toEqual(expected)
  })

  it('refuse a list that is too long, or null, with ERR_FFI_TYPE', () => {
    const sum = (ints: unknown) => call('sum_grid', Double, [grid], [{ ...value, ints }])
    expect(() => sum([1, 2, 3])).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '.ints' }))
    expect(() => sum(null)).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '.ints' }))
    expect(() => sum([1, '2'])).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '.ints[1]' }))
  })
})

describe('arrays behind pointers', () => {
  const series = {
    count: I32,
    ints: behind(DataType.I32Array, 3),
    doubles: behind(DataType.DoubleArray, 3),
    names: behind(DataType.StringArray, 3),
    bytes: behind(DataType.U8Array, 3),
    tail: I16,
  }
  const value = {
    count: 3,
    ints: [1, 2, 3],
    doubles: [1.5, 2.5, 3.5],
    names: ['one', 'two', 'three'],
    bytes: Buffer.from([7, 8, 9]),
    tail: -1,
  }

  it('cross whole', () => {
    expect(call('sum_series', Double, [series], [value])).toBe(6 + 7.5 + 11 + 24 - 1)
    expect(call('static_series', series, [], [])).toEqual(value)
  })

  it('may be NULL', () => {
    const nothing = { count: 3, ints: null, doubles: null, names: null, bytes: null, tail: 4 }
    expect(call('sum_series', Double, [series], [nothing])).toBe(4)
  })

  it('pass typed arrays', () => {
    const typed = { ...value, ints: new Int32Array([10, 20, 30]), doubles: new Float64Array([1, 2, 3]) }
    expect(call('sum_series', Double, [series], [typed])).toBe(60 + 6 + 11 + 24 - 1)
  })
})

describe('string fields', () => {
  const labelled = { id: I32, name: Text, wide: WString, note: Text }
  const value = { id: 3, name: 'labél', wide: 'wide 😀', note: 'n'.repeat(100) }

  it('cross both ways', () => {
    expect(call('sum_labelled', Double, [labelled], [value])).toBe(3 + 6 + 100)
    expect(call('id_labelled', byValue(labelled), [byValue(labelled)], [value])).toEqual(value)
    expect(call('static_labelled', byValue(labelled), [], [])).toEqual({
      id: 3,
      name: 'label',
      wide: 'wide',
      note: null,
    })
  })

  it('may be NULL', () => {
    const nothing = { id: 9, name: null, wide: null, note: null }
    expect(call('sum_labelled', Double, [labelled], [nothing])).toBe(9)
    expect(call('id_labelled', byValue(labelled), [byValue(labelled)], [nothing])).toEqual(nothing)
  })

  it('refuse a NUL inside with ERR_FFI_STRING_NUL', () => {
    const sum = () => call('sum_labelled', Double, [labelled], [{ ...value, note: 'a\0b' }])
    expect(sum).toThrow(refusal('ERR_FFI_STRING_NUL', { functionName: 'sum_labelled', position: 0, path: '.note' }))
  })
})

describe('arrays of structs', () => {
  const list = (structItemType: StructDescription, ffiTypeTag?: FFITypeTag.StackArray) =>
    arrayConstructor({ type: DataType.StructArray, length: 3, structItemType, ffiTypeTag })
  const value = { head: -1, items: points, tail: 0.5 }
  const ways = [
    { name: 'inline_items', items: list(byValue(point), StackArray) },
    { name: 'inline_pointers', items: list(point, StackArray) },
    { name: 'pointed_items', items: list(byValue(point)) },
    { name: 'pointed_pointers', items: list(point) },
  ]

  it.each(ways)('cross in the middle of a struct: $name', ({ name, items }) => {
    const type = { head: I8, items, tail: Double }
    expect(call(`sum_${name}`, Double, [type], [value])).toBe(weight - 0.5)
    expect(call(`id_${name}`, byValue(type), [byValue(type)], [value])).toEqual(value)
  })

  it('cross as parameters', () => {
    expect(call('sum_points', Double, [list(byValue(point)), I32], [points, 3])).toBe(weight)
    expect(call('sum_point_pointers', Double, [list(point), I32], [points, 3])).toBe(weight)
    expect(call('sum_point_pointers', Double, [list(point), I32], [[null, points[1], null], 3])).toBe(14)
  })

  it('cross as results, and are freed with their items', () => {
    const free = { freeResultMemory: true }
    expect(call('make_points', list(byValue(point)), [I32], [3], free)).toEqual(points)
    expect(call('make_point_pointers', list(point), [I32], [3], free)).toEqual(points)
    expect(call('make_point_pointers', list(point), [I32], [2], free)).toEqual([...points.slice(0, 2), null])
  })

  it('name the item and field that are wrong', () => {
    const sum = (items: unknown) => call('sum_points', Double, [list(byValue(point)), I32], [items, 3])
    expect(() => sum([points[0], { x: 1 }])).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '[1].y' }))
    expect(() => sum([points[0], null])).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '[1]' }))
    expect(() => sum({})).toThrow(refusal('ERR_FFI_TYPE', { position: 0 }))
  })
})
