// Turns scopes into claims about what they return and what they may be given.

import { createPointer, DataType, type OpenedLibrary, open, type Pointer, type Scope, scope } from 'holdfast'
import type { Equal, Expect } from './assert.js'

const number = scope(() => 1)
const later = scope(async () => 'text')
const chained = scope(() => Promise.resolve(true))
const block = scope()
const kept = scope((s) => s.keep(createPointer({ paramsType: [DataType.I32], paramsValue: [1] })[0]))
const opened = open({ library: 'c', path: '' })

export type Scopes = [
  Expect<Equal<typeof number, number>>,
  Expect<Equal<typeof later, Promise<string>>>,
  Expect<Equal<typeof chained, Promise<boolean>>>,
  Expect<Equal<typeof block, Scope>>,
  Expect<Equal<typeof kept, Pointer>>,
  Expect<Equal<typeof opened, OpenedLibrary>>,
]

/** All three end with a block. */
export const disposable: readonly Disposable[] = [block, kept, opened]

// @ts-expect-error: what is no function
scope(7)
// @ts-expect-error: a number is nothing to keep
block.keep(7)
// @ts-expect-error: scopes begin with scope()
export const made: Scope = new (null as unknown as typeof Scope)()
