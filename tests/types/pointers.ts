// Turns the pointer functions into claims about the tuples that they take and return.

import {
  arrayConstructor,
  createPointer,
  DataType,
  type FieldType,
  freePointer,
  type JsExternal,
  load,
  type Pointer,
  PointerType,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import type { Equal, Expect } from './assert.js'

const point = { x: DataType.Double, y: DataType.Double }
const numbers = arrayConstructor({ type: DataType.I32Array, length: 2 })

const created = createPointer({
  paramsType: [DataType.I32, DataType.String, numbers, DataType.U8Array, point],
  paramsValue: [1, 'one', [1, 2], Buffer.alloc(4), { x: 1, y: 2 }],
})
const restored = restorePointer({
  retType: [DataType.I32, DataType.String, numbers, DataType.U8Array, point],
  paramsValue: created,
})
const [nullSlot] = createPointer({ paramsType: [DataType.Void], paramsValue: [undefined] })
const [nullPointer] = unwrapPointer([nullSlot])
const wrapped = wrapPointer(created)
const [text] = restorePointer({ retType: [DataType.String], paramsValue: wrapPointer([nullPointer]) })

export type Tuples = [
  Expect<Equal<typeof created, [Pointer, Pointer, Pointer, Pointer, Pointer]>>,
  Expect<
    Equal<typeof restored, [number, string | null, number[] | null, Buffer | null, { x: number; y: number } | null]>
  >,
  Expect<Equal<typeof nullPointer, Pointer>>,
  Expect<Equal<typeof wrapped, [Pointer, Pointer, Pointer, Pointer, Pointer]>>,
  Expect<Equal<typeof text, string | null>>,
  Expect<Equal<JsExternal, Pointer>>,
]

load({
  library: 'lib',
  funcName: 'append',
  retType: DataType.External,
  paramsType: [DataType.External, DataType.External],
  paramsValue: unwrapPointer(createPointer({ paramsType: [DataType.String, point], paramsValue: ['a', null] })),
})

freePointer({ paramsType: [DataType.I32], paramsValue: [nullSlot], pointerType: PointerType.RsPointer })
freePointer({ paramsType: [DataType.I32], paramsValue: [nullSlot] })

// Lists whose length only the run time knows.
declare const pointers: JsExternal[]
declare const types: FieldType[]
declare const values: unknown[]
const many = createPointer({ paramsType: types, paramsValue: values })
const unknowns = restorePointer({ retType: types, paramsValue: pointers })
const one = restorePointer({ retType: [DataType.I32], paramsValue: pointers })
const same = wrapPointer(pointers)
freePointer({ paramsType: types, paramsValue: pointers, pointerType: PointerType.CPointer })
freePointer({ paramsType: [DataType.External], paramsValue: pointers })

export type Lists = [
  Expect<Equal<typeof many, Pointer[]>>,
  Expect<Equal<typeof unknowns, unknown[]>>,
  Expect<Equal<typeof one, [number]>>,
  Expect<Equal<typeof same, Pointer[]>>,
]

// @ts-expect-error: too few values
createPointer({ paramsType: [DataType.I32, DataType.I32], paramsValue: [1] })

// @ts-expect-error: a value of another type
createPointer({ paramsType: [DataType.I32], paramsValue: ['1'] })

// @ts-expect-error: fewer pointers than types
restorePointer({ retType: [DataType.I32, DataType.I32], paramsValue: [nullSlot] })

// @ts-expect-error: more pointers than types
restorePointer({ retType: [DataType.I32], paramsValue: [nullSlot, nullSlot] })

// @ts-expect-error: an address is not a pointer
restorePointer({ retType: [DataType.I32], paramsValue: [0x1000n] })

// @ts-expect-error: a look-alike is not a pointer
restorePointer({ retType: [DataType.I32], paramsValue: [{ address: 0x1000n }] })

// @ts-expect-error: more pointers than types
freePointer({ paramsType: [DataType.I32], paramsValue: [nullSlot, nullSlot] })

// @ts-expect-error: no such kind of pointer
freePointer({ paramsType: [DataType.I32], paramsValue: [nullSlot], pointerType: 2 })

// @ts-expect-error: null is not a pointer
unwrapPointer([null])

// @ts-expect-error: the pointers go in a list
wrapPointer(nullSlot)
