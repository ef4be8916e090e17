// Turns ffi-rs's pointer functions into operations on records.

import { PointerType } from '../datatype.js'
import { badOptions, FfiError } from '../error.js'
import { native, refusable } from '../native.js'
import { enlist, forget, hasScopes } from '../scope/scope.js'
import { compileDescription, compileType } from '../signature/compile.js'
import { type CType, textOf } from '../signature/ctype.js'
import type { CreatePointer, FreePointer, MapPointers, RestorePointer } from '../signature/infer.js'
import { Void } from '../signature/scalar.js'
import { createBlock, describeRecord, freeFollowed, freeRecord, restore, unwrap } from './operation.js'
import { checkCount, checkPointer, make, type Pointer } from './pointer.js'

const OPAQUE: CType = { kind: 'handle' }

/**
 * Puts values where C can find them. What a pointer points to: for scalars and `StackStruct` the value itself; for strings,
 * arrays and structs a pointer to it, which `unwrapPointer` gives.
 *
 * *Lifetime*: each lives until it is freed, with everything behind it, the last pointer into it is collected, or the
 * environment ends; `Pointer.leak` leaves it to C. Pointers given for `External` keep what they point to that long, and
 * buffers given for `U8Array` are used in place and kept.
 * @throws {FfiError} ERR_FFI_OPTIONS, ERR_FFI_SIGNATURE, ERR_FFI_ARITY, ERR_FFI_TYPE, ERR_FFI_RANGE; nothing is made then
 * @example const [out] = createPointer({ paramsType: [DataType.I32], paramsValue: [0] })
 */
export const createPointer: CreatePointer = ((params: unknown) => {
  const name = 'createPointer'
  const types = listOf(params, 'paramsType', name)
  const values = listOf(params, 'paramsValue', name)
  checkSameLength(types, values, name)
  const made: Pointer[] = []
  try {
    types.forEach((description, i) => {
      made.push(createOne(description, values[i], name, i))
    })
  } catch (error) {
    for (const pointer of made) pointer.free()
    throw error
  }
  return made
}) as CreatePointer

function createOne(description: unknown, value: unknown, name: string, position: number): Pointer {
  // The NULL idiom: Void makes a pointer to a NULL pointer.
  const isVoid = description === Void.dataType
  const type = isVoid ? compileType(OPAQUE, false, name) : compileDescription(description, 'parameter', name, position)
  const pointer = make(createBlock(type, isVoid ? null : value, name, position), textOf(type.type))
  if (hasScopes) enlist(pointer, () => pointer[Symbol.dispose]())
  return pointer
}

/**
 * Copies values out of C memory.
 * @throws {FfiError} ERR_FFI_OPTIONS, ERR_FFI_SIGNATURE, ERR_FFI_NOT_POINTER, and as `Pointer.read`
 * @example const [value] = restorePointer({ retType: [DataType.I32], paramsValue: out })
 */
export const restorePointer: RestorePointer = ((params: unknown) => {
  const name = 'restorePointer'
  const types = listOf(params, 'retType', name)
  const pointers = listOf(params, 'paramsValue', name)
  checkSameLength(types, pointers, name)
  return types.map((description, i) => restoreOne(description, pointers[i], name, i))
}) as RestorePointer

function restoreOne(description: unknown, value: unknown, name: string, position: number): unknown {
  return at(position, name, () => {
    const handle = checkPointer(value)
    if (description === Void.dataType) {
      describeRecord(handle, name)
      return undefined
    }
    const type = compileDescription(description, 'result', name)
    // Asked for again, so that the pointer is not collected while a description's getters run.
    return restore(checkPointer(value), type, 0, name)
  })
}

/**
 * Follows each pointer once: the address found there.
 *
 * *Lifetime*: inside memory of `createPointer`, that memory's, which it keeps; elsewhere borrowed.
 * @throws {FfiError} ERR_FFI_NOT_POINTER, ERR_FFI_OUT_OF_BOUNDS, ERR_FFI_POINTER_TYPE, ERR_FFI_BAD_ADDRESS, ERR_FFI_USE_AFTER_FREE
 */
export const unwrapPointer: MapPointers = ((pointers: unknown) => {
  const name = 'unwrapPointer'
  return asList(pointers, name).map((value, i) =>
    at(i, name, () => {
      const pointer = checkPointer(value)
      return make(unwrap(pointer, name), 'void')
    }),
  )
}) as MapPointers

/**
 * Makes a pointer to each pointer.
 *
 * *Lifetime*: as of `createPointer`; it keeps what it points to, and freeing it does not free that.
 * @throws {FfiError} ERR_FFI_NOT_POINTER, ERR_FFI_USE_AFTER_FREE
 */
export const wrapPointer: MapPointers = ((pointers: unknown) => {
  const name = 'wrapPointer'
  const list = asList(pointers, name)
  list.forEach((value, i) => {
    at(i, name, () => checkPointer(value))
  })
  return createPointer({ paramsType: list.map(() => 11 as const), paramsValue: list as Pointer[] })
}) as MapPointers

/**
 * Frees the memory of pointers. Without `pointerType` by each one's own allocator; `CPointer` is libc's `free`, for memory
 * that C handed out: of `External` the address itself, of a string, array or struct type what the pointer's memory
 * points to, with everything behind it.
 * @throws {FfiError} ERR_FFI_DOUBLE_FREE, ERR_FFI_NOT_OWNER, ERR_FFI_ALLOCATOR_MISMATCH; that pointer is untouched then
 */
export const freePointer: FreePointer = ((params: unknown) => {
  const name = 'freePointer'
  const types = listOf(params, 'paramsType', name)
  const pointers = listOf(params, 'paramsValue', name)
  const requested = pointerTypeOf((params as { pointerType?: unknown }).pointerType, name)
  checkSameLength(types, pointers, name)
  types.forEach((description, i) => {
    at(i, name, () => freeOne(description, pointers[i], requested, name))
    if (hasScopes) forget(pointers[i] as Pointer)
  })
}) as FreePointer

function freeOne(description: unknown, pointer: unknown, requested: 'rust' | 'c' | undefined, name: string): void {
  checkPointer(pointer)
  const isVoid = description === Void.dataType
  const type = isVoid ? compileType(OPAQUE, false, name) : compileDescription(description, 'parameter', name)
  // Asked for when no getter of a description runs any more: until then the pointer is not collected.
  const handle = checkPointer(pointer)
  const followed = type.type.kind === 'text' || type.type.kind === 'reference'
  const isWrapper =
    requested === 'c' && followed && handle.slot !== 0 && describeRecord(handle, name).allocator === 'rust'
  if (!isWrapper) {
    freeRecord(handle, requested, name)
    return
  }
  // C memory behind a wrapper of ours (wrapPointer): both go.
  const inner = followable(description, type.type, name)
  freeFollowed(checkPointer(pointer), inner, name)
  freeRecord(checkPointer(pointer), 'rust', name)
}

/** The type with its declared lengths, so that what an array holds is followed; a bare array is one block. */
function followable(description: unknown, type: CType, name: string) {
  const bare = typeof description === 'number' && type.kind === 'reference' && type.to.kind === 'array'
  if (!bare) return compileDescription(description, 'result', name)
  return compileType({ kind: 'reference', to: { kind: 'array', item: type.to.item, length: 0 } }, false, name)
}

/** Whether a pointer is NULL. @throws {FfiError} ERR_FFI_NOT_POINTER */
export function isNullPointer(pointer: Pointer): boolean {
  const { slot, generation } = at(undefined, 'isNullPointer', () => checkPointer(pointer))
  return slot === 0 && generation === 0
}

/** `FFI_EXTERNAL_BUFFERS=0` forbids what Electron forbids, so that a program can be tried as it will run there. */
const allowsExternal = process.env['FFI_EXTERNAL_BUFFERS'] !== '0'

/** Buffers over a pointer's memory keep the pointer. */
const owners = new WeakMap<ArrayBufferLike, Pointer>()

/**
 * A Buffer over `length` bytes at a pointer, without copying.
 *
 * *Lifetime*: freeing the memory through Holdfast detaches the Buffer (its length becomes 0); of a Buffer whose memory was
 * moved to another ArrayBuffer (`transfer`, a reading stream) the memory stays as long as that. Memory that C ends by itself
 * must not be touched through the Buffer afterwards: JavaScript's own accesses are not checked. Where the runtime forbids
 * such buffers (Electron, `FFI_EXTERNAL_BUFFERS=0`), the bytes are copied: the Buffer is JavaScript's own.
 * @throws {FfiError} ERR_FFI_NULL_POINTER, ERR_FFI_OUT_OF_BOUNDS, ERR_FFI_BAD_ADDRESS, ERR_FFI_USE_AFTER_FREE, ERR_FFI_OPTIONS
 */
export function createExternalBuffer(pointer: Pointer, length: number): Buffer {
  const functionName = 'createExternalBuffer'
  const { slot, generation } = at(undefined, functionName, () => checkPointer(pointer))
  const size = checkCount(length, functionName)
  const memory = allowsExternal
    ? refusable({ functionName }, () => native.externalBuffer(slot, generation, size))
    : undefined
  if (memory === undefined) return pointer.read({ type: 10, length: size, ffiTypeTag: 996 } as const) as Buffer
  owners.set(memory, pointer)
  return Buffer.from(memory)
}

/** Adds the exported function's name, and the position of a value in a list, to an error met meanwhile. */
function at<T>(position: number | undefined, functionName: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof FfiError ? error.with({ functionName, position }) : error
  }
}

function listOf(params: unknown, field: string, name: string): readonly unknown[] {
  if (typeof params !== 'object' || params === null) throw badOptions(name, 'an options object', params)
  const list = (params as Readonly<Record<string, unknown>>)[field]
  if (!Array.isArray(list)) throw badOptions(name, `an array as ${field}`, list)
  return Array.from(list)
}

function asList(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badOptions(name, 'an array of Pointers', value)
  return Array.from(value)
}

function checkSameLength(types: readonly unknown[], values: readonly unknown[], functionName: string): void {
  if (types.length !== values.length) {
    throw new FfiError('ERR_FFI_ARITY', { functionName, expected: `${types.length} values`, got: `${values.length}` })
  }
}

function pointerTypeOf(value: unknown, name: string): 'rust' | 'c' | undefined {
  if (value === undefined) return undefined
  if (value === PointerType.RsPointer) return 'rust'
  if (value === PointerType.CPointer) return 'c'
  throw badOptions(name, 'PointerType.RsPointer or PointerType.CPointer as pointerType', value)
}
