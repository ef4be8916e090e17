// Turns each scalar type, and the constants themselves, into claims about what JavaScript passes and gets back.

import {
  type ArgumentOf,
  DataType,
  FFITypeTag,
  type FieldType,
  type Pointer,
  PointerType,
  type ResultOf,
} from 'holdfast'
import type { Equal, Expect } from './assert.js'

export type Constants = [
  Expect<Equal<typeof DataType.I32, 1>>,
  Expect<Equal<DataType.I32, 1>>,
  Expect<Equal<DataType.String, 0>>,
  Expect<Equal<DataType.U64Array, 112>>,
  Expect<Equal<DataType.StackStruct, FFITypeTag.StackStruct>>,
  Expect<Equal<DataType.StackArray, FFITypeTag.StackArray>>,
  Expect<Equal<PointerType, 0 | 1>>,
  Expect<Equal<PointerType.CPointer, 1>>,
  Expect<Equal<FFITypeTag, 0 | 996 | 997 | 998 | 999>>,
  Expect<Equal<33 extends DataType ? true : false, false>>,
]

export type SmallIntegersAndFloats = [
  Expect<Equal<ArgumentOf<DataType.I8>, number>>,
  Expect<Equal<ArgumentOf<DataType.U8>, number>>,
  Expect<Equal<ArgumentOf<DataType.I16>, number>>,
  Expect<Equal<ArgumentOf<DataType.U16>, number>>,
  Expect<Equal<ArgumentOf<DataType.I32>, number>>,
  Expect<Equal<ArgumentOf<DataType.U32>, number>>,
  Expect<Equal<ArgumentOf<DataType.Float>, number>>,
  Expect<Equal<ArgumentOf<DataType.Double>, number>>,
  Expect<Equal<ResultOf<DataType.I8>, number>>,
  Expect<Equal<ResultOf<DataType.U8>, number>>,
  Expect<Equal<ResultOf<DataType.I16>, number>>,
  Expect<Equal<ResultOf<DataType.U16>, number>>,
  Expect<Equal<ResultOf<DataType.I32>, number>>,
  Expect<Equal<ResultOf<DataType.U32>, number>>,
  Expect<Equal<ResultOf<DataType.Float>, number>>,
  Expect<Equal<ResultOf<DataType.Double>, number>>,
]

export type LongIntegers = [
  Expect<Equal<ArgumentOf<DataType.I64>, number | bigint>>,
  Expect<Equal<ArgumentOf<DataType.U64>, number | bigint>>,
  Expect<Equal<ArgumentOf<DataType.Isize>, number | bigint>>,
  Expect<Equal<ArgumentOf<DataType.Usize>, number | bigint>>,
  Expect<Equal<ArgumentOf<DataType.BigInt>, number | bigint>>,
  Expect<Equal<ArgumentOf<DataType.BigUint64>, number | bigint>>,
  Expect<Equal<ResultOf<DataType.I64>, number | bigint>>,
  Expect<Equal<ResultOf<DataType.U64>, number | bigint>>,
  Expect<Equal<ResultOf<DataType.Isize>, number | bigint>>,
  Expect<Equal<ResultOf<DataType.Usize>, number | bigint>>,
  Expect<Equal<ResultOf<DataType.BigInt>, bigint>>,
  Expect<Equal<ResultOf<DataType.BigUint64>, bigint>>,
]

export type OtherScalars = [
  Expect<Equal<ArgumentOf<DataType.Boolean>, boolean>>,
  Expect<Equal<ArgumentOf<DataType.Void>, undefined | null>>,
  Expect<Equal<ArgumentOf<DataType.String>, string | null>>,
  Expect<Equal<ArgumentOf<DataType.WString>, string | null>>,
  Expect<Equal<ArgumentOf<DataType.External>, Pointer | null>>,
  Expect<Equal<ResultOf<DataType.Boolean>, boolean>>,
  Expect<Equal<ResultOf<DataType.Void>, undefined>>,
  Expect<Equal<ResultOf<DataType.String>, string | null>>,
  Expect<Equal<ResultOf<DataType.WString>, string | null>>,
  Expect<Equal<ResultOf<DataType.External>, Pointer>>,
]

export type TypesKnownInPart = [
  Expect<Equal<ArgumentOf<DataType.I32 | DataType.String>, number | string | null>>,
  Expect<Equal<ResultOf<DataType.I32 | DataType.BigInt>, number | bigint>>,
  Expect<Equal<ArgumentOf<FieldType>, unknown>>,
  Expect<Equal<ResultOf<FieldType>, unknown>>,
]

// A constant keeps its number in places where a literal would widen.
const inObject = { type: DataType.I32, tag: FFITypeTag.StackStruct, owner: PointerType.RsPointer }
export type KeptLiterals = Expect<Equal<typeof inObject, { type: 1; tag: 999; owner: 0 }>>

// @ts-expect-error: constants are read only
DataType.I32 = 2

// @ts-expect-error: there is no reverse mapping
export const name = DataType[1]

// @ts-expect-error: a number that names no type
export const unknownNumber: FieldType = 33

// @ts-expect-error: a tag by itself is not a type
export const tagAlone: FieldType = DataType.StackStruct

// @ts-expect-error: structs in a row need a description of their items
export const itemsMissing: FieldType = DataType.StructArray
