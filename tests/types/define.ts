// Turns functions made by define into claims about both ways of calling them.

import {
  type BoundFunctions,
  DataType,
  define,
  type FunctionDescription,
  type FunctionOf,
  type Pointer,
} from 'holdfast'
import type { Equal, Expect } from './assert.js'

const library = 'libsum'
const point = { x: DataType.Double, y: DataType.Double, ffiTypeTag: DataType.StackStruct }

const lib = define({
  sum: { library, retType: DataType.I32, paramsType: [DataType.I32, DataType.I32] },
  now: { library, retType: DataType.U64, paramsType: [] },
  stat: { library, retType: DataType.I32, paramsType: [DataType.String], errno: true },
  quiet: { library, retType: DataType.I32, paramsType: [DataType.String], errno: false, strict: true },
  hash: { library, retType: DataType.U32, paramsType: [DataType.U8Array] },
  total: { library, retType: DataType.Double, paramsType: [DataType.DoubleArray] },
  join: { library, retType: DataType.String, paramsType: [DataType.StringArray], freeResultMemory: true },
  move: { library, retType: point, paramsType: [point, DataType.Double] },
  norm: { library, retType: DataType.Double, paramsType: [point] },
  close: { library, retType: DataType.Void, paramsType: [DataType.External] },
})

declare const handle: Pointer
const byTuple = lib.sum([1, 2])
const oneByOne = lib.sum(1, 2)
const zeroByTuple = lib.now([])
const zero = lib.now()
const errno = lib.stat('/')
const quiet = lib.quiet(['/'])
const joined = lib.join([['a', null]])
const moved = lib.move({ x: 1, y: 2 }, 3)
const closed = lib.close(handle)

export type Calls = [
  Expect<Equal<typeof byTuple, number>>,
  Expect<Equal<typeof oneByOne, number>>,
  Expect<Equal<typeof zeroByTuple, number | bigint>>,
  Expect<Equal<typeof zero, number | bigint>>,
  Expect<Equal<[typeof errno.errnoCode, typeof errno.errnoMessage, typeof errno.value], [number, string, number]>>,
  Expect<Equal<typeof quiet, number>>,
  Expect<Equal<typeof joined, string | null>>,
  Expect<Equal<typeof moved, { x: number; y: number }>>,
  Expect<Equal<typeof closed, undefined>>,
  Expect<Equal<Parameters<typeof lib.sum>, [number, number]>>,
  Expect<Equal<Parameters<typeof lib.now>, []>>,
  Expect<
    Equal<keyof typeof lib, 'sum' | 'now' | 'stat' | 'quiet' | 'hash' | 'total' | 'join' | 'move' | 'norm' | 'close'>
  >,
]

// One parameter that takes arrays: a typed array is a value, a plain array is the tuple.
lib.hash(Buffer.alloc(1))
lib.hash(new ArrayBuffer(1))
lib.hash(null)
lib.hash([Buffer.alloc(1)])
lib.hash([[1, 2, 3]])
lib.total(new Float64Array(2))
lib.total([[1, 2]])
lib.norm({ x: 1, y: 2 })
lib.norm([{ x: 1, y: 2 }])

const shape: (a: number, b: number) => number = lib.sum
const tupleShape: (values: readonly [number, number]) => number = lib.sum
export const shapes = [shape, tupleShape]

// A tuple made elsewhere, frozen or not.
const frozen = [1, 2] as const
const mutable: [number, number] = [1, 2]
lib.sum(frozen)
lib.sum(mutable)
lib.sum(...mutable)

// Descriptions that are not literals.
declare const stored: Record<string, FunctionDescription>
const { anything } = define(stored)
const dynamicResult = anything?.(1, 'two', null)
const dynamicTuple = anything?.([1, 'two'])
const signature = { library, retType: DataType.I32, paramsType: [DataType.I32, DataType.I32] }
const kept = define({ sum: signature })
const keptResult = kept.sum(1, 2, 3)

export type NotLiteral = [
  Expect<Equal<typeof dynamicResult, unknown>>,
  Expect<Equal<typeof dynamicTuple, unknown>>,
  Expect<Equal<typeof keptResult, number>>,
  Expect<Equal<typeof kept, BoundFunctions<{ readonly sum: typeof signature }>>>,
]

interface MaybeErrno extends FunctionDescription {
  readonly retType: DataType.I32
  readonly paramsType: readonly []
}
export type ErrnoDecidedLater = Expect<Equal<Exclude<ReturnType<FunctionOf<MaybeErrno>>, object>, number>>

// @ts-expect-error: a tuple too short
lib.sum([1])

// @ts-expect-error: a tuple too long
lib.sum([1, 2, 3])

// @ts-expect-error: too few arguments
lib.sum(1)

// @ts-expect-error: too many arguments
lib.sum(1, 2, 3)

// @ts-expect-error: no arguments
lib.sum()

// @ts-expect-error: an element of another type
lib.sum([1, '2'])

// @ts-expect-error: an argument of another type
lib.sum(1, '2')

// @ts-expect-error: a list whose length is not known
lib.sum([1, 2] as number[])

// @ts-expect-error: an argument for a function that takes none
lib.now(1)

// @ts-expect-error: a tuple with an element for a function that takes none
lib.now([1])

// @ts-expect-error: a lone plain array is the tuple, and its elements are no byte arrays
lib.hash([1, 2, 3])

// @ts-expect-error: a lone plain array is the tuple, also of strings
lib.join(['a', 'b'])

// @ts-expect-error: a field is missing
lib.norm({ x: 1 })

// @ts-expect-error: a struct by value is never NULL
lib.norm(null)

// @ts-expect-error: not a pointer
lib.close({ address: 0n })

// @ts-expect-error: no such function
lib.absent()

// @ts-expect-error: functions cannot be replaced
lib.sum = shape

// @ts-expect-error: the signature has no result type
define({ broken: { library, paramsType: [] } })

// @ts-expect-error: a parameter type that does not exist
define({ broken: { library, retType: DataType.I32, paramsType: [33] } })

// @ts-expect-error: strings do not come back as numbers
export const count: number = lib.join([['a']])
