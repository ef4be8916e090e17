// Turns calls of load into claims about what it accepts, and what it returns with and without errno.

import { arrayConstructor, DataType, type FieldType, type LoadParams, load, type Pointer } from 'holdfast'
import type { Equal, Expect } from './assert.js'

const library = 'libsum'

const sum = load({
  library,
  funcName: 'sum',
  retType: DataType.I32,
  paramsType: [DataType.I32, DataType.I32],
  paramsValue: [1, 2],
})
const text = load({ library, funcName: 'text', retType: DataType.String, paramsType: [], paramsValue: [] })
const nothing = load({ library, funcName: 'go', retType: DataType.Void, paramsType: [], paramsValue: [] })
const pointer = load({ library, funcName: 'make', retType: DataType.External, paramsType: [], paramsValue: [] })
const list = load({
  library,
  funcName: 'list',
  retType: arrayConstructor({ type: DataType.StringArray, length: 2 }),
  paramsType: [DataType.U8Array, DataType.U64],
  paramsValue: [Buffer.alloc(1), 1n],
})
const struct = load({
  library,
  funcName: 'div',
  retType: { quot: DataType.I32, rem: DataType.I32, ffiTypeTag: 999 },
  paramsType: [DataType.I32, DataType.I32],
  paramsValue: [7, 2],
  freeResultMemory: false,
  strict: true,
})

export type Results = [
  Expect<Equal<typeof sum, number>>,
  Expect<Equal<typeof text, string | null>>,
  Expect<Equal<typeof nothing, undefined>>,
  Expect<Equal<typeof pointer, Pointer>>,
  Expect<Equal<typeof list, (string | null)[] | null>>,
  Expect<Equal<typeof struct, { quot: number; rem: number }>>,
]

declare const flag: boolean
const call = { library, funcName: 'sum', retType: DataType.I32, paramsType: [], paramsValue: [] } as const
const withErrno = load({ ...call, errno: true })
const withoutErrno = load({ ...call, errno: false })
const undefinedErrno = load({ ...call, errno: undefined })
const maybeErrno = load({ ...call, errno: flag })

interface NumberWithErrno {
  errnoCode: number
  errnoMessage: string
  value: number
}

const { errnoCode, errnoMessage, value } = withErrno
export type Errno = [
  Expect<
    Equal<
      { [Key in keyof typeof withErrno]: (typeof withErrno)[Key] },
      { [Key in keyof NumberWithErrno]: NumberWithErrno[Key] }
    >
  >,
  Expect<Equal<[typeof errnoCode, typeof errnoMessage, typeof value], [number, string, number]>>,
  Expect<Equal<typeof withoutErrno, number>>,
  Expect<Equal<typeof undefinedErrno, number>>,
  Expect<Equal<Exclude<typeof maybeErrno, object>, number>>,
  Expect<Equal<Extract<typeof maybeErrno, object>['value'], number>>,
]

// ffi-rs's order of type arguments, written out.
const explicit = load<DataType.I32>({ library, funcName: 'f', retType: 1, paramsType: [1], paramsValue: ['anything'] })
const explicitErrno = load<DataType.I32, true>({ ...call, errno: true })
export type Explicit = [Expect<Equal<typeof explicit, number>>, Expect<Equal<typeof explicitErrno.value, number>>]

// A description that is not a literal: elements are still checked when their types are known, only their number is not.
const kept = {
  library,
  funcName: 'sum',
  retType: DataType.I32,
  paramsType: [DataType.I32, DataType.I32],
  paramsValue: [1, 2],
}
const fromVariable = load(kept)
declare const types: FieldType[]
declare const values: unknown[]
const dynamic = load({ library, funcName: 'f', retType: DataType.I32, paramsType: types, paramsValue: values })
declare const anyCall: LoadParams
const unknownResult = load(anyCall)

export type NotLiteral = [
  Expect<Equal<typeof fromVariable, number>>,
  Expect<Equal<typeof dynamic, number>>,
  Expect<Equal<typeof unknownResult, unknown>>,
]

const two = { library, funcName: 'sum', retType: DataType.I32, paramsType: [DataType.I32, DataType.I32] } as const

// @ts-expect-error: too few values
load({ ...two, paramsValue: [1] })

// @ts-expect-error: too many values
load({ ...two, paramsValue: [1, 2, 3] })

// @ts-expect-error: a value of another type
load({ ...two, paramsValue: [1, '2'] })

// @ts-expect-error: a bigint where 32 bits are declared
load({ ...two, paramsValue: [1, 2n] })

// @ts-expect-error: an address is not a pointer
load({ ...call, paramsType: [DataType.External], paramsValue: [0x1000n] })

// @ts-expect-error: the values are missing
load({ ...two })

// @ts-expect-error: the library is missing
load({ funcName: 'f', retType: DataType.I32, paramsType: [], paramsValue: [] })

// @ts-expect-error: a result type that does not exist
load({ library, funcName: 'f', retType: 33, paramsType: [], paramsValue: [] })

// @ts-expect-error: a parameter type that does not exist
load({ library, funcName: 'f', retType: DataType.I32, paramsType: ['i32'], paramsValue: [1] })

// @ts-expect-error: wrong elements in a list of unknown length
load({ ...kept, paramsValue: ['1', '2'] })

// @ts-expect-error: the string may be NULL
export const length: number = text.length
