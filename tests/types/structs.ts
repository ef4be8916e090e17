// Turns struct types, nested and tagged, into claims about the objects that JavaScript passes and gets back.

import {
  type ArgumentOf,
  arrayConstructor,
  DataType,
  FFITypeTag,
  type FieldType,
  load,
  type Pointer,
  type ResultOf,
} from 'holdfast'
import type { Equal, Expect } from './assert.js'

const person = { name: DataType.String, age: DataType.I32, balance: DataType.BigInt, home: DataType.External }
const point = { x: DataType.Double, y: DataType.Double, ffiTypeTag: FFITypeTag.StackStruct }
const named = { x: DataType.Float, ffiTypeTag: FFITypeTag.Unknown }

type PersonArgument = {
  readonly name: string | null
  readonly age: number
  readonly balance: number | bigint
  readonly home: Pointer | null
}
type PersonResult = { name: string | null; age: number; balance: bigint; home: Pointer }

export type Tags = [
  Expect<Equal<ArgumentOf<typeof person>, PersonArgument | null>>,
  Expect<Equal<ResultOf<typeof person>, PersonResult | null>>,
  Expect<Equal<ArgumentOf<typeof point>, { readonly x: number; readonly y: number }>>,
  Expect<Equal<ResultOf<typeof point>, { x: number; y: number }>>,
  Expect<Equal<ArgumentOf<typeof named>, { readonly x: number } | null>>,
]

const family = {
  parent: person,
  origin: point,
  scores: arrayConstructor({ type: DataType.I32Array, length: 4 }),
  digest: arrayConstructor({ type: DataType.U8Array, length: 16, ffiTypeTag: FFITypeTag.StackArray }),
  path: arrayConstructor({ type: DataType.StructArray, length: 2, structItemType: point }),
  ffiTypeTag: DataType.StackStruct,
}

type FamilyResult = {
  parent: PersonResult | null
  origin: { x: number; y: number }
  scores: number[] | null
  digest: Buffer
  path: { x: number; y: number }[] | null
}

export type Nesting = [
  Expect<Equal<ResultOf<typeof family>, FamilyResult>>,
  Expect<Equal<ArgumentOf<typeof family>['parent'], PersonArgument | null>>,
  Expect<Equal<ArgumentOf<typeof family>['origin'], { readonly x: number; readonly y: number }>>,
  Expect<Equal<keyof ArgumentOf<typeof family>, 'parent' | 'origin' | 'scores' | 'digest' | 'path'>>,
]

// What comes back can be changed and passed again.
declare const restored: ResultOf<typeof family>
restored.origin.x += 1
export const passedAgain: ArgumentOf<typeof family> = restored

const level1 = { ...point, label: DataType.String }
const level2 = { inner: level1, left: level1, ffiTypeTag: FFITypeTag.StackStruct }
const level3 = { inner: level2, left: level1, ffiTypeTag: FFITypeTag.StackStruct }
const level4 = { inner: level3, left: level2, ffiTypeTag: FFITypeTag.StackStruct }
const level5 = { inner: level4, left: level3, ffiTypeTag: FFITypeTag.StackStruct }
const level6 = { inner: level5, left: level4, ffiTypeTag: FFITypeTag.StackStruct }
const level7 = { inner: level6, left: level5, ffiTypeTag: FFITypeTag.StackStruct }
const level8 = { inner: level7, left: level6, ffiTypeTag: FFITypeTag.StackStruct }
const level9 = { inner: level8, left: level7, ffiTypeTag: FFITypeTag.StackStruct }
const level10 = { inner: level9, left: level8, ffiTypeTag: FFITypeTag.StackStruct }

declare const deep: ResultOf<typeof level10>
const innermost = deep.inner.inner.inner.inner.inner.inner.inner.inner.inner
export type TenLevels = Expect<Equal<typeof innermost, { x: number; y: number; label: string | null }>>

const deepResult = load({
  library: 'lib',
  funcName: 'deepen',
  retType: level10,
  paramsType: [level10, { literal: { nested: { in: { place: { x: DataType.I32 } } } } }],
  paramsValue: [deep, { literal: { nested: { in: { place: { x: 1 } } } } }],
})
export type TenLevelsThroughLoad = Expect<Equal<typeof deepResult, ResultOf<typeof level10>>>

load({
  library: 'lib',
  funcName: 'deepen',
  retType: DataType.Void,
  paramsType: [{ a: { b: { c: { d: { e: { f: { g: { h: { i: { j: DataType.I32 } } } } } } } } } }],
  // @ts-expect-error: a string ten levels down
  paramsValue: [{ a: { b: { c: { d: { e: { f: { g: { h: { i: { j: 'one' } } } } } } } } } }],
})

export const structType: FieldType = { nested: { x: DataType.I32 }, tagged: { y: DataType.U8, ffiTypeTag: 999 } }

// @ts-expect-error: a field of no type
export const wrongField: FieldType = { x: 33 }

// @ts-expect-error: a field of a struct deeper down is of no type
export const wrongNestedField: FieldType = { a: { b: { c: 'I32' } } }

// @ts-expect-error: the tag of a function on a struct
export const wrongTag: FieldType = { x: DataType.I32, ffiTypeTag: FFITypeTag.Function }

// @ts-expect-error: a field is missing
export const missing: ArgumentOf<typeof point> = { x: 1 }

// @ts-expect-error: a field that the struct does not have
export const extra: ArgumentOf<typeof point> = { x: 1, y: 2, z: 3 }

// @ts-expect-error: the tag belongs to the type, not to the value
export const tagInValue: ArgumentOf<typeof point> = { x: 1, y: 2, ffiTypeTag: 999 }

// @ts-expect-error: a struct by value is never NULL
export const nullByValue: ArgumentOf<typeof point> = null
