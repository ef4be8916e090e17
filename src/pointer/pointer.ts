// Turns a handle (slot, generation) into the object that JavaScript holds instead of an address.

import { type InspectOptionsStylized, inspect } from 'node:util'
import type { FieldType } from '../datatype.js'
import { badOptions, describe, FfiError } from '../error.js'
import { stack } from '../marshal/frame.js'
import { native } from '../native.js'
import { forget, hasScopes } from '../scope/scope.js'
import type { ArgumentOf, ResultOf } from '../signature/infer.js'
import { type Cohort, enroll } from './cohort.js'
import {
  describeRecord,
  disposeRecord,
  freeRecord,
  interior,
  leakRecord,
  readValue,
  referCallbacks,
  writeValue,
} from './operation.js'

/** Who must release the memory behind a pointer. */
export type Allocator = 'rust' | 'c' | 'borrowed' | 'js' | 'callback' | 'library'

/** A slot in the core's registry, and which of the records that used it. */
export interface Handle {
  readonly slot: number
  readonly generation: number
}

const NULL: Handle = { slot: 0, generation: 0 }

/** What only this module's own code passes to the constructor. */
const OURS = Symbol('holdfast')

/**
 * A pointer into C memory. Made by `createPointer`, returned by functions, never made by hand.
 *
 * *Lifetime*: what `createPointer` made lives until it is freed, the last pointer into it is collected, or the environment
 * ends; so does what a signature declares as `owned`. `leak` takes memory from the collector. What else C handed out is borrowed: Holdfast does not know when it ends. Using a pointer after its
 * memory was freed through Holdfast throws ERR_FFI_USE_AFTER_FREE.
 */
export class Pointer {
  readonly #slot: number
  readonly #generation: number
  /** What it points to; of an address that C handed out, what its record is released with. */
  readonly #origin: string | Cohort

  /** @internal */
  constructor(key: symbol, slot: number, generation: number, origin: string | Cohort) {
    if (key !== OURS)
      throw new FfiError('ERR_FFI_OPTIONS', { functionName: 'new Pointer', expected: 'createPointer', got: 'new' })
    this.#slot = slot
    this.#generation = generation
    this.#origin = origin
  }

  /** The address; 0n for NULL. @throws {FfiError} ERR_FFI_USE_AFTER_FREE, ERR_FFI_BUFFER_DETACHED */
  get address(): bigint {
    return this.#isNull() ? 0n : describeRecord(this.#handle(), 'address').address
  }

  /** What it was made to point to, in the core's notation; `void` when only C knows. */
  get type(): string {
    return typeof this.#origin === 'string' ? this.#origin : 'void'
  }

  /** Known bytes from the address on; undefined when only C knows. @throws {FfiError} ERR_FFI_USE_AFTER_FREE */
  get byteLength(): number | undefined {
    return this.#isNull() ? 0 : describeRecord(this.#handle(), 'byteLength').size
  }

  /** Whether the memory may be used: `moved` is what a function has taken over. NULL is live. */
  get state(): 'live' | 'freed' | 'moved' {
    try {
      if (!this.#isNull()) describeRecord(this.#handle(), 'state')
      return 'live'
    } catch (error) {
      if (error instanceof FfiError && error.code === 'ERR_FFI_USE_AFTER_FREE') return 'freed'
      if (error instanceof FfiError && error.code === 'ERR_FFI_MOVED') return 'moved'
      if (error instanceof FfiError && error.code === 'ERR_FFI_BUFFER_DETACHED') return 'live'
      throw error
    }
  }

  /** Who must release the memory. @throws {FfiError} ERR_FFI_USE_AFTER_FREE, ERR_FFI_BUFFER_DETACHED */
  get allocator(): Allocator {
    return this.#isNull() ? 'borrowed' : describeRecord(this.#handle(), 'allocator').allocator
  }

  /**
   * Frees the memory by its own allocator. NULL is freed by doing nothing.
   * @throws {FfiError} ERR_FFI_DOUBLE_FREE; ERR_FFI_NOT_OWNER for interior and borrowed pointers. The memory is untouched then.
   */
  free(): void {
    freeRecord(this.#handle(), undefined, 'free')
    if (hasScopes) forget(this)
  }

  /**
   * Leaves the memory that this points into to C: it is not freed when its pointers are collected, nor by a scope or
   * `using`, but by `free`, or when the environment ends. What was never Holdfast's to free, and NULL, stay as they are.
   * @throws {FfiError} ERR_FFI_USE_AFTER_FREE, ERR_FFI_BUFFER_DETACHED
   */
  leak(): this {
    leakRecord(this.#handle(), 'leak')
    return this
  }

  /**
   * Reads a value of a type at `offset` bytes. A struct description reads `T *`, as everywhere, so tag it `StackStruct`
   * to read the struct that lies here.
   * @throws {FfiError} ERR_FFI_OUT_OF_BOUNDS, ERR_FFI_MISALIGNED, ERR_FFI_BAD_ADDRESS, ERR_FFI_USE_AFTER_FREE, ERR_FFI_NULL_POINTER
   */
  read<const T extends FieldType>(type: T, offset = 0): ResultOf<T> {
    return readValue(this.#self(), type, offset, 'read') as ResultOf<T>
  }

  /**
   * Writes a value of a type without pointers to data (numbers, booleans, External, inline structs and arrays) at
   * `offset` bytes.
   * @throws {FfiError} as `read`, and ERR_FFI_SIGNATURE for a type that would need memory of its own
   */
  write<const T extends FieldType>(type: T, value: ArgumentOf<T>, offset = 0): void {
    writeValue(this.#self(), type, value, offset, 'write')
  }

  /**
   * A pointer `offset` bytes further. *Lifetime*: that of this one's memory, which it keeps from being collected.
   * @throws {FfiError} ERR_FFI_OUT_OF_BOUNDS, ERR_FFI_USE_AFTER_FREE, ERR_FFI_NULL_POINTER
   */
  at(offset: number): Pointer {
    return make(interior(this.#handle(), checkCount(offset, 'at'), undefined, 'at'), offset === 0 ? this.type : 'void')
  }

  /**
   * The same address with `length` bytes known to be there, for memory of which C knows the size.
   * @throws {FfiError} ERR_FFI_OUT_OF_BOUNDS when more is claimed than is known, ERR_FFI_USE_AFTER_FREE, ERR_FFI_NULL_POINTER
   */
  withLength(length: number): Pointer {
    return make(interior(this.#handle(), 0, checkCount(length, 'withLength'), 'withLength'), this.type)
  }

  /**
   * Lets the callbacks behind this pointer keep the process alive, as nothing of Holdfast does by itself.
   * @throws {FfiError} ERR_FFI_POINTER_TYPE when it is not of a callback, ERR_FFI_USE_AFTER_FREE
   */
  ref(): this {
    referCallbacks(this.#live('ref'), true, 'ref')
    return this
  }

  /**
   * Takes back what `ref` did.
   * @throws {FfiError} as `ref`
   */
  unref(): this {
    referCallbacks(this.#live('unref'), false, 'unref')
    return this
  }

  /** Frees what `createPointer` made and what is owned, if it is neither freed yet nor leaked; lets go of anything else. */
  [Symbol.dispose](): void {
    disposeRecord(this.#handle(), 'dispose')
    if (hasScopes) forget(this)
  }

  [inspect.custom](_depth: number, options: InspectOptionsStylized): string {
    return options.stylize(summary(this), 'special')
  }

  #isNull(): boolean {
    return this.#slot === 0 && this.#generation === 0
  }

  /** Only a pointer has this: a proxy for one is refused. */
  #self(): this {
    return this
  }

  #handle(): Handle {
    return { slot: this.#slot, generation: this.#generation }
  }

  #live(functionName: string): Handle {
    describeRecord(this.#handle(), functionName)
    return this.#handle()
  }

  /** @internal Writes the handle into two words of the call stack. Whether the value was a pointer or null. */
  static push(value: unknown, word: number): boolean {
    if (value === null) {
      stack.u32[word] = 0
      stack.u32[word + 1] = 0
      return true
    }
    if (typeof value !== 'object' || !(#slot in value)) return false
    stack.u32[word] = value.#slot
    stack.u32[word + 1] = value.#generation
    return true
  }

  /** @internal The handle of a value that must be a pointer. */
  static handleOf(value: unknown): Handle | undefined {
    return typeof value === 'object' && value !== null && #slot in value ? value.#handle() : undefined
  }
}

Object.freeze(Pointer.prototype)

/** An opaque pointer, under the name that ffi-rs gives it. */
export type JsExternal = Pointer

function summary(pointer: Pointer): string {
  if (pointer.state !== 'live') return `Pointer <${pointer.type}, ${pointer.state}>`
  const { byteLength } = pointer
  if (byteLength === 0 && pointer.address === 0n) return 'Pointer <NULL>'
  const size = byteLength === undefined ? 'unknown size' : `${byteLength} bytes`
  return `Pointer <${pointer.type} at 0x${pointer.address.toString(16)}, ${size}, ${pointer.allocator}>`
}

/** The pointer object of a handle that the core made. */
export function make(handle: Handle, type: string): Pointer {
  const { slot, generation } = handle
  const pointer = new Pointer(OURS, slot, generation, type)
  if (slot !== 0) native.watch(pointer, slot, generation)
  return pointer
}

/** The pointer object of an address that C returned. */
export function adopt(slot: number, generation: number): Pointer {
  return new Pointer(OURS, slot, generation, slot === 0 ? 'void' : enroll(slot, generation))
}

/** Writes a pointer's handle, or NULL for null, into two words of the call stack; false for anything else. */
export const pushHandle = Pointer.push

/** Passes on the handle of a pointer, or NULL for null. @throws {FfiError} ERR_FFI_NOT_POINTER */
export function handleInto(value: unknown, sink: (slot: number, generation: number) => void): void {
  const { slot, generation } = value === null ? NULL : checkPointer(value)
  sink(slot, generation)
}

/** The handle of a pointer. @throws {FfiError} ERR_FFI_NOT_POINTER */
export function checkPointer(value: unknown): Handle {
  const handle = Pointer.handleOf(value)
  if (handle === undefined) throw notPointer(value)
  return handle
}

/** What is no pointer. */
export function notPointer(value: unknown): FfiError {
  return new FfiError('ERR_FFI_NOT_POINTER', { expected: 'a Pointer', got: describe(value) })
}

/** A number of bytes. @throws {FfiError} ERR_FFI_OPTIONS */
export function checkCount(value: unknown, functionName: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw badOptions(functionName, 'a number of bytes from 0 to 2^53-1', value)
  }
  return value
}
