// Turns what a signature says of a pointer's memory into the state of its record in the core.

import { Operand, stack } from '../marshal/frame.js'
import { native, Operation } from '../native.js'
import { withdraw } from '../pointer/cohort.js'
import { readerAt, resultHandle, run } from '../pointer/operation.js'
import { checkPointer, type Handle, make, type Pointer } from '../pointer/pointer.js'
import type { CompiledType } from '../signature/compile.js'

/** Makes a pointer's memory owned; `release` is a release number. The pointer that owns it. */
export function ownRecord(pointer: Pointer, release: number, functionName: string): Pointer {
  const handle = checkPointer(pointer)
  return named(pointer, handle, resultHandle(run(Operation.Own, handle, functionName, { number: release }).base))
}

/** Makes a pointer's memory live no longer than another's. The pointer that does. */
export function lendRecord(pointer: Pointer, from: unknown, functionName: string): Pointer {
  if (from === null) return pointer
  const handle = checkPointer(pointer)
  const { slot, generation } = checkPointer(from)
  const operands = { number: slot, count: generation }
  return named(pointer, handle, resultHandle(run(Operation.Lend, handle, functionName, operands).base))
}

/** A pointer that is collected by itself, not with those that C returned around it. */
export function alone(pointer: Pointer): Pointer {
  const { slot, generation } = checkPointer(pointer)
  return withdraw(slot, generation) ? make({ slot, generation }, pointer.type) : pointer
}

function named(pointer: Pointer, handle: Handle, found: Handle): Pointer {
  const isSame = found.slot === handle.slot && found.generation === handle.generation
  return isSame ? pointer : make(found, pointer.type)
}

/** Reads what a pointer's address leads to, as a pointer of a compiled type. */
export function followRecord(pointer: Pointer, type: CompiledType, functionName: string): unknown {
  const operands = { number: type.layout.id, decoded: type.type }
  const { base, overflow } = run(Operation.Follow, checkPointer(pointer), functionName, operands)
  return type.codec.decode(readerAt(base + native.operationSize, overflow), 0)
}

/** Memory whose record has ended, for a function of JavaScript's; without a handle when C has taken it over. */
export interface Due {
  /** The number that the function was given. */
  readonly number: number
  readonly handle: Handle | undefined
}

/** The next memory that a function of JavaScript's is to release; `collected`: of what nobody names any more too. */
export function takeDue(collected = false): Due | undefined {
  const { base } = run(Operation.TakeDue, { slot: 0, generation: 0 }, 'free', { number: collected ? 1 : 0 })
  const count = stack.view.getUint32(base + Operand.Count, true)
  if (count === 0) return undefined
  const number = stack.view.getUint32(base + Operand.Number, true)
  return { number, handle: count === 1 ? resultHandle(base) : undefined }
}

/** Ends a record of memory that is not released by us. */
export function endRecord(handle: Handle): void {
  run(Operation.End, handle, 'free')
}
