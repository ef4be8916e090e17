// Turns each array type, bare and from arrayConstructor, into claims about what JavaScript passes and gets back.

import { type ArgumentOf, arrayConstructor, DataType, FFITypeTag, type FieldType, load, type ResultOf } from 'holdfast'
import type { Equal, Expect } from './assert.js'

type Bytes = ArrayBufferView | ArrayBufferLike | readonly number[]

type NumberTypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
type Numbers = readonly number[] | NumberTypedArray

type Longs = readonly (number | bigint)[] | BigInt64Array | BigUint64Array

export type BareArguments = [
  Expect<Equal<ArgumentOf<DataType.U8Array>, Bytes | null>>,
  Expect<Equal<ArgumentOf<DataType.I16Array>, Numbers | null>>,
  Expect<Equal<ArgumentOf<DataType.I32Array>, Numbers | null>>,
  Expect<Equal<ArgumentOf<DataType.U32Array>, Numbers | null>>,
  Expect<Equal<ArgumentOf<DataType.FloatArray>, Numbers | null>>,
  Expect<Equal<ArgumentOf<DataType.DoubleArray>, Numbers | null>>,
  Expect<Equal<ArgumentOf<DataType.I64Array>, Longs | null>>,
  Expect<Equal<ArgumentOf<DataType.U64Array>, Longs | null>>,
  Expect<Equal<ArgumentOf<DataType.StringArray>, readonly (string | null)[] | null>>,
]

export type BareResults = [
  Expect<Equal<ResultOf<DataType.U8Array>, Buffer | null>>,
  Expect<Equal<ResultOf<DataType.I16Array>, number[] | null>>,
  Expect<Equal<ResultOf<DataType.I32Array>, number[] | null>>,
  Expect<Equal<ResultOf<DataType.U32Array>, number[] | null>>,
  Expect<Equal<ResultOf<DataType.FloatArray>, number[] | null>>,
  Expect<Equal<ResultOf<DataType.DoubleArray>, number[] | null>>,
  Expect<Equal<ResultOf<DataType.I64Array>, (number | bigint)[] | null>>,
  Expect<Equal<ResultOf<DataType.U64Array>, (number | bigint)[] | null>>,
  Expect<Equal<ResultOf<DataType.StringArray>, (string | null)[] | null>>,
]

const behindPointer = arrayConstructor({ type: DataType.I32Array, length: 5 })
const inline = arrayConstructor({ type: DataType.DoubleArray, length: 3, ffiTypeTag: FFITypeTag.StackArray })
const inlineByDataType = arrayConstructor({ type: DataType.U8Array, length: 8, ffiTypeTag: DataType.StackArray })
const names = arrayConstructor({ type: DataType.StringArray, length: 2, ffiTypeTag: FFITypeTag.StackArray })
const longs = arrayConstructor({ type: DataType.U64Array, length: 4 })

export type Descriptions = [
  Expect<Equal<typeof behindPointer, { readonly type: 3; readonly length: 5; readonly ffiTypeTag: 997 }>>,
  Expect<Equal<typeof inline, { readonly type: 5; readonly length: 3; readonly ffiTypeTag: 996 }>>,
  Expect<Equal<typeof inlineByDataType, { readonly type: 10; readonly length: 8; readonly ffiTypeTag: 996 }>>,
]

export type DescribedArrays = [
  Expect<Equal<ArgumentOf<typeof behindPointer>, Numbers | null>>,
  Expect<Equal<ResultOf<typeof behindPointer>, number[] | null>>,
  Expect<Equal<ArgumentOf<typeof inline>, Numbers>>,
  Expect<Equal<ResultOf<typeof inline>, number[]>>,
  Expect<Equal<ArgumentOf<typeof inlineByDataType>, Bytes>>,
  Expect<Equal<ResultOf<typeof inlineByDataType>, Buffer>>,
  Expect<Equal<ArgumentOf<typeof names>, readonly (string | null)[]>>,
  Expect<Equal<ResultOf<typeof names>, (string | null)[]>>,
  Expect<Equal<ArgumentOf<typeof longs>, Longs | null>>,
  Expect<Equal<ResultOf<typeof longs>, (number | bigint)[] | null>>,
]

const point = { x: DataType.I32, y: DataType.I32, ffiTypeTag: FFITypeTag.StackStruct }
const points = arrayConstructor({ type: DataType.StructArray, length: 2, structItemType: point })
const inlinePoints = arrayConstructor({
  type: DataType.StructArray,
  length: 2,
  ffiTypeTag: FFITypeTag.StackArray,
  structItemType: point,
})
const pointerItems = arrayConstructor({
  type: DataType.StructArray,
  length: 2,
  structItemType: { name: DataType.String },
})

export type StructArrays = [
  Expect<Equal<ArgumentOf<typeof points>, readonly { readonly x: number; readonly y: number }[] | null>>,
  Expect<Equal<ResultOf<typeof points>, { x: number; y: number }[] | null>>,
  Expect<Equal<ArgumentOf<typeof inlinePoints>, readonly { readonly x: number; readonly y: number }[]>>,
  Expect<Equal<ResultOf<typeof inlinePoints>, { x: number; y: number }[]>>,
  Expect<Equal<ArgumentOf<typeof pointerItems>, readonly ({ readonly name: string | null } | null)[] | null>>,
  Expect<Equal<ResultOf<typeof pointerItems>, ({ name: string | null } | null)[] | null>>,
]

declare const count: number
declare const isInline: boolean
const counted = arrayConstructor({ type: DataType.FloatArray, length: count })
const maybeInline = arrayConstructor({
  type: DataType.FloatArray,
  length: 2,
  ffiTypeTag: isInline ? FFITypeTag.StackArray : FFITypeTag.Array,
})
const maybeTagged = arrayConstructor({
  type: DataType.FloatArray,
  length: 2,
  ffiTypeTag: isInline ? FFITypeTag.StackArray : undefined,
})

export type RunTimeChoices = [
  Expect<Equal<typeof counted, { readonly type: 13; readonly length: number; readonly ffiTypeTag: 997 }>>,
  Expect<Equal<(typeof maybeInline)['ffiTypeTag'], 996 | 997>>,
  Expect<Equal<(typeof maybeTagged)['ffiTypeTag'], 996 | 997>>,
  Expect<Equal<ResultOf<typeof maybeInline>, number[] | null>>,
]

export const everyDescriptionIsAType: readonly FieldType[] = [
  behindPointer,
  inline,
  inlineByDataType,
  points,
  pointerItems,
  counted,
  maybeInline,
]

export const bytes: ArgumentOf<DataType.U8Array>[] = [
  Buffer.alloc(1),
  new DataView(new ArrayBuffer(1)),
  new ArrayBuffer(1),
  new SharedArrayBuffer(1),
  new Float64Array(1),
  new BigInt64Array(1),
  [1, 2],
  null,
]

// @ts-expect-error: an array type is needed, not the type of its elements
arrayConstructor({ type: DataType.I32, length: 5 })

// @ts-expect-error: the length is missing
arrayConstructor({ type: DataType.I32Array })

// @ts-expect-error: structs in a row need a description of their items
arrayConstructor({ type: DataType.StructArray, length: 2 })

// @ts-expect-error: only structs have a structItemType
arrayConstructor({ type: DataType.I32Array, length: 2, structItemType: { x: DataType.I32 } })

// @ts-expect-error: the tag of a struct on an array
arrayConstructor({ type: DataType.I32Array, length: 2, ffiTypeTag: FFITypeTag.StackStruct })

// @ts-expect-error: without its tag this is neither an array nor a struct
export const untagged: FieldType = { type: DataType.I32Array, length: 33 }

// @ts-expect-error: a bare array type does not say how many elements come back
load({ library: 'lib', funcName: 'f', retType: DataType.I32Array, paramsType: [], paramsValue: [] })

// @ts-expect-error: an array inside its owner is never NULL
export const nullInline: ArgumentOf<typeof inline> = null

// @ts-expect-error: 64-bit typed arrays carry bigints
export const wrongTypedArray: ArgumentOf<DataType.I32Array> = new BigInt64Array(1)

// @ts-expect-error: numbers are not strings
export const wrongElements: ArgumentOf<DataType.StringArray> = [1]
