// Turns owned, borrowed, consumed and out types into claims about what JavaScript passes and gets back.

import {
  borrowed,
  consumes,
  DataType,
  define,
  inout,
  load,
  out,
  owned,
  type ParameterType,
  type Pointer,
  PointerType,
} from 'holdfast'
import type { Equal, Expect } from './assert.js'

const library = 'libowned'
const { Double, External, I32, String: Text, Void } = DataType
const made = { id: I32, name: owned(Text, 'name_free'), it: owned(External, 'it_free'), ffiTypeTag: 999 } as const

const lib = define({
  create: { library, retType: owned(External, 'destroy'), paramsType: [Text] },
  text: { library, retType: owned(Text, PointerType.CPointer), paramsType: [] },
  part: { library, retType: borrowed(External, 0), paramsType: [External] },
  label: { library, retType: borrowed(Text, 0), paramsType: [External] },
  push: { library, retType: Void, paramsType: [External, consumes(External)] },
  open: { library, retType: I32, paramsType: [Text, out(owned(External, 'close')), inout(I32)] },
  only: { library, retType: Double, paramsType: [out(I32)] },
  one: { library, retType: Double, paramsType: [out(I32), Double] },
  errno: { library, retType: I32, paramsType: [out(made)], errno: true },
})

declare const pointer: Pointer
const created = lib.create('a')
const text = lib.text()
const part = lib.part(pointer)
const label = lib.label(pointer)
const pushed = lib.push(pointer, pointer)
const opened = lib.open('a', 1)
const openedByTuple = lib.open(['a', 1])
const only = lib.only()
const one = lib.one(1.5)
const later = lib.open.async(['a', 1])
const errno = lib.errno()
const loaded = load({ library, funcName: 'one', retType: Double, paramsType: [out(I32), Double], paramsValue: [1.5] })

export type Results = [
  Expect<Equal<typeof created, Pointer>>,
  Expect<Equal<typeof text, string | null>>,
  Expect<Equal<typeof part, Pointer>>,
  Expect<Equal<typeof label, string | null>>,
  Expect<Equal<typeof pushed, undefined>>,
  Expect<Equal<[typeof opened.value, typeof opened.out], [number, [Pointer, number]]>>,
  Expect<Equal<typeof openedByTuple, typeof opened>>,
  Expect<Equal<[typeof only.value, typeof only.out], [number, [number]]>>,
  Expect<Equal<typeof one.out, [number]>>,
  Expect<Equal<Awaited<typeof later>, typeof opened>>,
  Expect<Equal<[typeof errno.errnoCode, typeof errno.value], [number, number]>>,
  Expect<Equal<(typeof errno.out)[0], { id: number; name: string | null; it: Pointer }>>,
  Expect<Equal<typeof loaded.out, [number]>>,
]

// Descriptions that are not literals.
declare const types: ParameterType[]
const dynamic = define({ any: { library, retType: I32, paramsType: types } })
const dynamicResult = dynamic.any(1, 'two')
export type NotLiteral = Expect<Equal<typeof dynamicResult, unknown>>

// A function of define, and any function, may release.
owned(External, lib.push.length === 2 ? (it) => it.address : 'name')
owned(External, define({ free: { library, retType: Void, paramsType: [External] } }).free)

// @ts-expect-error: what C takes over is a pointer
lib.push(pointer, 1)

// @ts-expect-error: out takes no value
lib.only(1)

// @ts-expect-error: inout takes one
lib.open('a')

// @ts-expect-error: a parameter is not owned
define({ bad: { library, retType: Void, paramsType: [owned(External, 'free')] } })

// @ts-expect-error: a result is not out
define({ bad: { library, retType: out(I32), paramsType: [] } })

// @ts-expect-error: memory of createPointer is not to be released by C
owned(External, PointerType.RsPointer)

// @ts-expect-error: an argument is named by its position
borrowed(External, 'first')
