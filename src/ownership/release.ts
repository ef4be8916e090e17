// Turns what a signature names as a release into a number that the core keeps with each record, and what is due into calls.

import type { Description } from '../call/signature.js'
import { PointerType } from '../datatype.js'
import { describe, FfiError } from '../error.js'
import { type Library, libraryOf } from '../library/library.js'
import { make, type Pointer } from '../pointer/pointer.js'
import { asOne } from '../scope/scope.js'
import { ctypeOf } from '../signature/describe.js'
import { isNode, part, type Snapshot } from '../signature/snapshot.js'
import { type Due, endRecord, takeDue } from './record.js'

/** How memory of one place of a signature is released. */
export interface Releaser {
  /** Sees to it that the function exists, before C is called. @throws {FfiError} as the call of a function */
  prepare(): void
  /** The release number for one more record. */
  take(): number
  /** That record was refused. */
  giveBack(number: number): void
}

type ReleaseFunction = (pointer: Pointer) => unknown

const free: Releaser = { prepare: () => undefined, take: () => 0, giveBack: () => undefined }

/** A function of a library, called by the core. */
class LibraryRelease implements Releaser {
  readonly #key: string
  readonly #symbol: string
  readonly #functionName: string
  #library: Library | undefined
  #number = 0
  /** What stands for the number: when it is collected, the core needs it no more than its records do. */
  owner = {}

  constructor(key: string, symbol: string, functionName: string) {
    this.#key = key
    this.#symbol = symbol
    this.#functionName = functionName
  }

  prepare(): void {
    const library = libraryOf(this.#key, this.#functionName)
    if (library === this.#library) return
    const owner = {}
    this.#number = library.bindRelease(this.#symbol, owner)
    this.owner = owner
    this.#library = library
  }

  take(): number {
    return this.#number
  }

  giveBack(): void {}
}

/** Whether any memory was ever to be released by a function. */
let isUsed = false

/** `FRONT` in native/core/src/memory/ownership.rs. */
const FRONT = 2 ** 31

/** A function of JavaScript's for each record that needs one, at the index of its number. */
const functions: (ReleaseFunction | undefined)[] = []
const unused: number[] = []

function frontRelease(release: ReleaseFunction): Releaser {
  return {
    prepare: () => undefined,
    take() {
      const index = unused.pop() ?? functions.length
      functions[index] = release
      return FRONT + index
    },
    giveBack(number) {
      takeFunction(number - FRONT)
    },
  }
}

function takeFunction(index: number): ReleaseFunction | undefined {
  const found = functions[index]
  functions[index] = undefined
  unused.push(index)
  return found
}

/**
 * Calls the functions of JavaScript's whose memory is due: to be called wherever records may have ended.
 * @throws what they throw; all of them are called
 */
export function releaseDue(): void {
  if (functions.length > unused.length) callDue()
}

let isReleasing = false

/**
 * The same when the calls that are running have returned: in one of their callbacks, memory that they may use has ended.
 * What a release throws then is an `uncaughtException`.
 */
export function releaseSoon(): void {
  if (!isUsed || isReleasing) return
  isReleasing = true
  queueMicrotask(() => {
    isReleasing = false
    callDue()
  })
}

/** The same where functions of libraries may be due too, which the core calls in any operation. @throws as `releaseDue` */
export function releaseAllDue(): void {
  if (isUsed) callDue()
}

function callDue(): void {
  const due: (() => void)[] = []
  // All are taken first: a release may make the next owned record, under a number that is free again.
  for (let next = takeDue(); next !== undefined; next = takeDue()) {
    due.push(taken(next))
  }
  const errors = due.flatMap(attempt)
  if (errors.length > 0) throw asOne(errors)
}

/** What releases it. */
function taken({ number, handle }: Due): () => void {
  const release = takeFunction(number)
  if (handle === undefined || release === undefined) return () => undefined
  return () => {
    try {
      release(make(handle, 'void'))
    } finally {
      endRecord(handle)
    }
  }
}

/**
 * Calls functions of JavaScript's whose memory was collected, at most `limit`. Whether there may be more.
 * `report` gets what they throw.
 */
export function callCollected(limit: number, report: (error: unknown) => void): boolean {
  if (functions.length === unused.length) return false
  for (let i = 0; i < limit; i++) {
    const due = takeDue(true)
    if (due === undefined) return false
    attempt(taken(due)).forEach(report)
  }
  return true
}

function attempt(act: () => void): unknown[] {
  try {
    act()
    return []
  } catch (error) {
    return [error]
  }
}

/** What functions of `define` call. */
const defined = new WeakMap<object, { readonly symbol: string; readonly description: Description }>()

/** Remembers what a function of `define` calls, so that the core can call it without JavaScript. */
export function rememberDefined(call: object, symbol: string, description: Description): void {
  defined.set(call, { symbol, description })
}

/**
 * How a signature's release is carried out.
 * @throws {FfiError} ERR_FFI_SIGNATURE
 */
export function releaserOf(release: Snapshot, library: string, functionName: string): Releaser {
  if (release === PointerType.CPointer) return free
  isUsed = true
  if (typeof release === 'string') return new LibraryRelease(library, release, functionName)
  if (typeof release !== 'function') {
    throw refuse('PointerType.CPointer, the name of a function, or a function', describe(release))
  }
  const known = defined.get(release)
  if (known === undefined) return frontRelease(release as ReleaseFunction)
  checkRelease(known.description)
  return new LibraryRelease(known.description.library, known.symbol, functionName)
}

/** The core calls it with one pointer, and looks at no result. */
function checkRelease({ paramsType, retType, variadic }: Description): void {
  const [only] = paramsType.map((type) =>
    isNode(type) && part(type, 'ffiTypeTag') === 'consumes' ? part(type, 'type') : type,
  )
  const takesPointer = paramsType.length === 1 && variadic === undefined && ctypeOf(only, 'parameter').kind === 'handle'
  const returns = isNode(retType) ? 'owned' : ctypeOf(retType, 'result').kind
  if (!takesPointer || (returns !== 'scalar' && returns !== 'handle')) {
    throw refuse('a function of one External that returns a number or nothing', 'one with another signature')
  }
}

function refuse(expected: string, got: string): FfiError {
  return new FfiError('ERR_FFI_SIGNATURE', { expected: `${expected} as the release of owned()`, got })
}
