// Turns descriptions of callbacks into claims about the functions that are passed for them.

import { arrayConstructor, DataType, define, funcConstructor, load, type Pointer } from 'holdfast'
import type { Equal, Expect } from './assert.js'

const { Double, External, I32, String: Text, U64, Void } = DataType
const library = 'libsum'
const point = { x: Double, y: Double }
const numbers = arrayConstructor({ type: DataType.I32Array, length: 3 })

const lib = define({
  each: {
    library,
    retType: Void,
    paramsType: [funcConstructor({ paramsType: [I32, Text, point, numbers, External], retType: Void })],
  },
  fold: { library, retType: I32, paramsType: [funcConstructor({ paramsType: [U64], retType: I32 }), I32] },
  name: { library, retType: Text, paramsType: [funcConstructor({ paramsType: [], retType: Text })] },
})

lib.each((count, text, at, list, pointer) => {
  const claims: [
    Expect<Equal<typeof count, number>>,
    Expect<Equal<typeof text, string | null>>,
    Expect<Equal<NonNullable<typeof at>, { x: number; y: number }>>,
    Expect<Equal<NonNullable<typeof list>, number[]>>,
    Expect<Equal<typeof pointer, Pointer>>,
  ] = [true, true, true, true, true]
  return claims
})
lib.fold((value) => Number(value), 1)
lib.name(() => null)
load({
  library,
  funcName: 'fold',
  retType: I32,
  paramsType: [funcConstructor({ paramsType: [I32], retType: I32 }), I32],
  paramsValue: [(value) => value + 1, 2],
})

// @ts-expect-error the callback has to return a number
lib.fold((value) => `${value}`, 1)
// @ts-expect-error C passes one argument
lib.fold((_a, _b) => 1, 1)
// @ts-expect-error a promise is no number
lib.fold(async () => 1, 1)
// @ts-expect-error a type is missing
funcConstructor({ paramsType: [I32] })
// @ts-expect-error a plain array does not say its length to a callback
funcConstructor({ paramsType: [DataType.I32Array], retType: Void })
