// Turns a function that C is called by into one that makes and reads its places, and settles who owns what it returned.

import type { Start } from '../call/asynchronous.js'
import type { Callable } from '../call/generate.js'
import { tupleOf } from '../call/tuple.js'
import { badOptions, FfiError } from '../error.js'
import { createBlock, freeRecord, restore } from '../pointer/operation.js'
import { type Handle, make } from '../pointer/pointer.js'
import { forget, hasScopes } from '../scope/scope.js'
import type { CompiledType } from '../signature/compile.js'
import { releaseWhatIsOld } from './collected.js'
import { releaseDue } from './release.js'
import type { Ownership, Place } from './signature.js'

/** A place of one call. */
interface Made {
  readonly place: Place
  readonly position: number
  readonly handle: Handle
}

/** One call, before C and after. */
class Passage {
  readonly #ownership: Ownership
  readonly #made: Made[] = []
  /** One for each of C's parameters. */
  readonly values: unknown[] = []

  constructor(ownership: Ownership, given: readonly unknown[]) {
    this.#ownership = ownership
    const { functionName, arity, places, releasers } = ownership
    if (given.length !== arity) {
      throw new FfiError('ERR_FFI_ARITY', { functionName, expected: `${arity} arguments`, got: `${given.length}` })
    }
    // Nothing of this call is in a frame yet.
    if (releasers.length > 0) releaseWhatIsOld()
    for (const releaser of releasers) releaser.prepare()
    let next = 0
    try {
      places.forEach((place, position) => {
        const value = place === undefined || place.takesValue ? given[next++] : undefined
        this.values.push(place === undefined ? value : this.#make(place, position, value))
      })
    } catch (error) {
      this.end()
      throw error
    }
  }

  #make(place: Place, position: number, value: unknown): unknown {
    const type = place.takesValue ? place.type : zeroed(place.type)
    const handle = createBlock(type, value, this.#ownership.functionName, position)
    this.#made.push({ place, position, handle })
    return make(handle, 'void')
  }

  /** What the caller gets for what C returned. */
  settle(returned: unknown): unknown {
    const { settle, plain, places } = this.#ownership
    const errno = plain.errno ? (returned as { readonly value: unknown }) : undefined
    const result = errno === undefined ? returned : errno.value
    const value = settle === undefined ? result : settle(result, this.values)
    if (places.every((place) => place === undefined)) return errno === undefined ? value : { ...errno, value }
    return { ...errno, value, out: this.#made.map((made) => this.#read(made)) }
  }

  #read({ place, position, handle }: Made): unknown {
    const { functionName } = this.#ownership
    try {
      const value = restore(handle, place.type, 0, functionName)
      return place.settle === undefined ? value : place.settle(value)
    } catch (error) {
      throw error instanceof FfiError ? error.with({ functionName, position }) : error
    }
  }

  /** C has taken over what it was given to keep: scopes need it no more. */
  handOver(): void {
    if (!hasScopes) return
    for (const position of this.#ownership.consumed) {
      const value = this.values[position]
      if (value !== null) forget(value as object)
    }
  }

  /** The places go, and so do releases of what C has taken over. */
  end(): void {
    if (this.#ownership.consumed.length > 0) releaseDue()
    for (const { handle } of this.#made.splice(0)) freeRecord(handle, 'rust', this.#ownership.functionName)
  }
}

/** A type whose places begin as zeros, whatever the value. */
function zeroed(type: CompiledType): CompiledType {
  return { ...type, codec: { ...type.codec, encode: () => undefined } }
}

/** The function that users call. */
export function wrapCall(ownership: Ownership, call: Callable): Callable {
  return (...given) => {
    const passage = new Passage(ownership, tupleOf(given))
    try {
      const returned = call(passage.values)
      passage.handOver()
      return passage.settle(returned)
    } finally {
      passage.end()
    }
  }
}

/**
 * The function that begins calls on another thread.
 * @throws {FfiError} ERR_FFI_SIGNATURE when C takes memory over: a call may be taken back before it starts
 */
export function wrapStart(ownership: Ownership, start: Start): Start {
  const { functionName, consumed } = ownership
  if (consumed.length > 0) {
    const expected = 'a call on this thread for a function with consumes()'
    throw new FfiError('ERR_FFI_SIGNATURE', { functionName, position: consumed[0], expected, got: 'one on another' })
  }
  return (given, options) => {
    if (!Array.isArray(given)) throw badOptions(functionName, 'an array of values', given)
    const passage = new Passage(ownership, given)
    let pending: Promise<unknown>
    try {
      pending = start(passage.values, options)
    } catch (error) {
      passage.end()
      throw error
    }
    return pending.then((returned) => passage.settle(returned)).finally(() => passage.end())
  }
}
