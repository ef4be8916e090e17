// Turns an operation on a record into a frame of operands for the core, and its result into JavaScript values.

import { callbackFailure, isCallbackFailure } from '../callback/failure.js'
import { forgetAll, giveAll } from '../callback/live.js'
import { FfiError } from '../error.js'
import { FIRST_FRAME, Field, Operand, refusal, stack, stackSize, top } from '../marshal/frame.js'
import { returnScratch, takeScratch } from '../marshal/scratch.js'
import { native, Operation } from '../native.js'
import { releaseDue, releaseSoon } from '../ownership/release.js'
import { type CompiledType, compileDescription } from '../signature/compile.js'
import type { CType } from '../signature/ctype.js'
import { type Allocator, checkCount, checkPointer, type Handle, type Pointer } from './pointer.js'

const ALLOCATORS: readonly Allocator[] = ['rust', 'c', 'borrowed', 'js', 'callback', 'library']

/** What an operation may be given besides its handle. */
interface Operands {
  readonly number?: number
  readonly count?: number
  readonly offset?: number
  readonly length?: number | undefined
  /** The type of what is read. */
  readonly decoded?: CType
}

/** Runs an operation in a frame of its own. Returns the frame's base and what did not fit it. */
export function run(operation: number, handle: Handle, functionName: string, operands: Operands = {}): Frame {
  const base = top()
  if (base + native.operationSize > stackSize) throw new FfiError('ERR_FFI_STACK_OVERFLOW', { functionName })
  pushOperands(base, handle, operands)
  const overflow = native.operate(operation)
  const status = stack.view.getUint32(base + Field.Status, true)
  if (status === 0) return { base, overflow }
  // A function that released memory has called JavaScript.
  if (isCallbackFailure(status)) throw callbackFailure(status, functionName)
  throw refusal(base, { functionName }, operands.decoded)
}

/** Where an operation has left its result. */
interface Frame {
  readonly base: number
  readonly overflow: ArrayBuffer | undefined
}

function pushOperands(base: number, handle: Handle, operands: Operands): void {
  const { number = 0, count = 0, offset = 0, length = Number.NaN } = operands
  const { view } = stack
  view.setUint32(base + Operand.Slot, handle.slot, true)
  view.setUint32(base + Operand.Generation, handle.generation, true)
  view.setUint32(base + Operand.Number, number, true)
  view.setUint32(base + Operand.Count, count, true)
  view.setFloat64(base + Operand.Offset, offset, true)
  view.setFloat64(base + Operand.Length, length, true)
}

/** The handle that an operation has left. */
export function resultHandle(base: number): Handle {
  const slot = stack.view.getUint32(base + Operand.Slot, true)
  return { slot, generation: stack.view.getUint32(base + Operand.Generation, true) }
}

/** What the core knows of a record. */
export function describeRecord(
  handle: Handle,
  functionName: string,
): { address: bigint; size: number | undefined; allocator: Allocator } {
  const { base } = run(Operation.Describe, handle, functionName)
  const size = stack.view.getFloat64(base + Operand.Offset, true)
  return {
    address: stack.view.getBigUint64(base + Operand.Number, true),
    size: size === Infinity ? undefined : size,
    allocator: ALLOCATORS[stack.view.getUint32(base + Operand.Length, true)] ?? 'borrowed',
  }
}

/** A handle further into a record's memory, or of a part of it. */
export function interior(handle: Handle, offset: number, length: number | undefined, functionName: string): Handle {
  return resultHandle(run(Operation.Interior, handle, functionName, { offset, length }).base)
}

/** The handle of the address that a record's memory holds. */
export function unwrap(handle: Handle, functionName: string): Handle {
  return resultHandle(run(Operation.Unwrap, handle, functionName).base)
}

/** Frees; `requested` names the allocator that the caller means. */
export function freeRecord(handle: Handle, requested: 'rust' | 'c' | undefined, functionName: string): void {
  const number = requested === undefined ? 0 : requested === 'rust' ? 1 : 2
  free(Operation.Free, handle, functionName, { number })
}

/** Frees what `createPointer` made and what is owned, unless it is freed or leaked; anything else is left alone. */
export function disposeRecord(handle: Handle, functionName: string): void {
  free(Operation.Dispose, handle, functionName)
}

/** Frees, with the callbacks that end with the memory. */
function free(operation: number, handle: Handle, functionName: string, operands?: Operands): void {
  const { base, overflow } = run(operation, handle, functionName, operands)
  const released = stack.view.getUint32(base + Operand.Count, true)
  if (released !== 0) forgetAll(readerAt(base + native.operationSize, overflow), released)
  releaseDue()
  // Inside a callback, also in the last one that lives.
  if (base !== FIRST_FRAME) releaseSoon()
}

/** Keeps a record's memory from going with its pointer objects. */
export function leakRecord(handle: Handle, functionName: string): void {
  run(Operation.Leak, handle, functionName)
}

/** Frees with libc what the typed pointers in a record's memory lead to. */
export function freeFollowed(handle: Handle, type: CompiledType, functionName: string): void {
  run(Operation.FreeFollowed, handle, functionName, { number: type.layout.id, decoded: type.type })
}

/** Reads a value of a compiled type, following its typed pointers. */
export function restore(handle: Handle, type: CompiledType, offset: number, functionName: string): unknown {
  const operands = { number: type.layout.id, offset, decoded: type.type }
  const { base, overflow } = run(Operation.Restore, handle, functionName, operands)
  return type.codec.decode(readerAt(base + native.operationSize, overflow), 0)
}

/** Where gathered bytes are: in the frame, or in an ArrayBuffer of their own. */
export function readerAt(
  origin: number,
  overflow: ArrayBuffer | undefined,
): { view: DataView; bytes: Buffer; origin: number } {
  if (overflow === undefined) return { view: stack.view, bytes: stack.bytes, origin }
  return { view: new DataView(overflow), bytes: Buffer.from(overflow), origin: 0 }
}

/** Says whether the callbacks behind a pointer keep the process alive. */
export function referCallbacks(handle: Handle, kept: boolean, functionName: string): void {
  run(Operation.Refer, handle, functionName, { number: kept ? 1 : 0 })
}

/**
 * Reads a value of a described type. Takes the pointer itself, whose handle is asked for last: what a description's getters
 * do cannot have it collected before.
 */
export function readValue(pointer: Pointer, description: unknown, offset: unknown, functionName: string): unknown {
  const type = compileDescription(description, 'field', functionName)
  const at = checkCount(offset, functionName)
  return restore(checkPointer(pointer), type, at, functionName)
}

/** Writes a value of a described type, which must need no memory of its own. The pointer as in `readValue`. */
export function writeValue(
  pointer: Pointer,
  description: unknown,
  value: unknown,
  offset: unknown,
  functionName: string,
): void {
  const type = compileDescription(description, 'field', functionName)
  if (!isInPlace(type.type)) {
    const expected = 'a type without strings and pointers to data: they would need an owner'
    throw new FfiError('ERR_FFI_SIGNATURE', { functionName, expected, got: 'a type with them' })
  }
  const at = checkCount(offset, functionName)
  encodeInto(type, value, functionName, (base, views) => {
    pushOperands(base, checkPointer(pointer), { number: type.layout.id, offset: at })
    native.write(...views)
  })
}

function isInPlace(type: CType): boolean {
  if (type.kind === 'struct') return type.fields.every((field) => isInPlace(field.type))
  if (type.kind === 'array') return isInPlace(type.item)
  return type.kind === 'scalar' || type.kind === 'handle'
}

/** Makes an owned block that holds a value and everything it refers to. */
export function createBlock(type: CompiledType, value: unknown, functionName: string, position: number): Handle {
  return encodeInto(
    type,
    value,
    functionName,
    (base, views, segments) => {
      pushOperands(base, { slot: 0, generation: 0 }, { number: type.layout.id })
      stack.view.setUint32(base + Operand.Count, segments, true)
      native.create(...views)
    },
    position,
  )
}

/** Encodes a value into the scratch of an operation's frame, and runs the operation. */
function encodeInto(
  type: CompiledType,
  value: unknown,
  functionName: string,
  operate: (base: number, views: readonly ArrayBufferView[], segments: number) => void,
  position?: number,
): Handle {
  const base = top()
  if (base + native.operationSize > stackSize) throw new FfiError('ERR_FFI_STACK_OVERFLOW', { functionName })
  const scratch = takeScratch()
  try {
    scratch.begin(base, native.operationSize, position !== undefined)
    type.codec.encode(value, scratch, scratch.alloc(type.layout.size, type.layout.align))
    const segments = scratch.seal()
    operate(base, scratch.views, segments)
    if (stack.view.getUint32(base + Field.Status, true) !== 0) throw refusal(base, { functionName, position })
    const handle = resultHandle(base)
    if (scratch.callbacks.length !== 0) giveAll(scratch.callbacks, handle)
    return handle
  } catch (error) {
    throw error instanceof FfiError ? error.with({ functionName, position }) : error
  } finally {
    returnScratch(scratch, base)
  }
}
