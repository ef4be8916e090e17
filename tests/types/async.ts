// Turns asynchronous and variadic calls into claims about what they take and give.

import { DataType, define, type ErrnoResult, load, type Pointer } from 'holdfast'
import type { Equal, Expect } from './assert.js'

const library = 'libsum'
const { Double, External, I32, String: Text, U8Array, Usize } = DataType

const lib = define({
  sum: { library, retType: I32, paramsType: [I32, I32] },
  stat: { library, retType: I32, paramsType: [Text], errno: true },
  slow: { library, retType: Text, paramsType: [I32], runInNewThread: true },
  slowStat: { library, retType: I32, paramsType: [Text], errno: true, runInNewThread: true },
  same: { library, retType: I32, paramsType: [I32], runInNewThread: false },
  snprintf: { library, retType: I32, paramsType: [U8Array, Usize, Text], variadic: 3 },
  withTail: { library, retType: External, paramsType: [Text, I32], variadic: 1 },
})

const sum = lib.sum.async([1, 2])
const aborted = lib.sum.async([1, 2], { signal: new AbortController().signal })
const stat = lib.stat.async(['/'])
const slow = lib.slow(1)
const slowAsync = lib.slow.async([1])
const slowStat = lib.slowStat(['/'])
const same = lib.same(1)
const print = lib.snprintf.variadic([Double, I32])
const other = lib.withTail.variadic([Text])

export type Calls = [
  Expect<Equal<typeof sum, Promise<number>>>,
  Expect<Equal<typeof aborted, Promise<number>>>,
  Expect<Equal<typeof stat, Promise<ErrnoResult<number>>>>,
  Expect<Equal<typeof slow, Promise<string | null>>>,
  Expect<Equal<typeof slowAsync, Promise<string | null>>>,
  Expect<Equal<typeof slowStat, Promise<ErrnoResult<number>>>>,
  Expect<Equal<typeof same, number>>,
  Expect<Equal<ReturnType<typeof print>, number>>,
  Expect<Equal<ReturnType<typeof other>, Pointer>>,
]

print(Buffer.alloc(8), 8, '%f %d', 1.5, 2)
other('%s', 'x')
lib.withTail('%d', 1)
// @ts-expect-error its tail is a double and an int
print(Buffer.alloc(8), 8, '%f %d', 1.5, 'x')
// @ts-expect-error the tail of the description is replaced, not continued
other('%d %s', 1, 'x')
// @ts-expect-error no variadic function
lib.sum.variadic
// @ts-expect-error values are one array
lib.sum.async(1, 2)
// @ts-expect-error a value of the wrong type
lib.sum.async([1, 'two'])
// @ts-expect-error an AbortController is not its signal
lib.sum.async([1, 2], { signal: new AbortController() })

const call = { library, funcName: 'sum', retType: I32, paramsType: [I32, I32], paramsValue: [1, 2] } as const
const now = load(call)
const later = load({ ...call, runInNewThread: true, signal: AbortSignal.abort() })
const laterErrno = load({ ...call, errno: true, runInNewThread: true })
const notLater = load({ ...call, runInNewThread: false })
const asInFfiRs = load<typeof I32, undefined, true>({ ...call, runInNewThread: true })

export type Loads = [
  Expect<Equal<typeof now, number>>,
  Expect<Equal<typeof later, Promise<number>>>,
  Expect<Equal<typeof laterErrno, Promise<ErrnoResult<number>>>>,
  Expect<Equal<typeof notLater, number>>,
  Expect<Equal<typeof asInFfiRs, Promise<number>>>,
]
