// Turns a name and a description into a callable that finds its library when it is first called.

import { callbackFailure, isCallbackFailure } from '../callback/failure.js'
import { FfiError, mismatch } from '../error.js'
import { libraryOf } from '../library/library.js'
import { Field, refusal, stack, stackSize } from '../marshal/frame.js'
import { outOfRange } from '../marshal/number.js'
import { native } from '../native.js'
import { wrapCall } from '../ownership/call.js'
import { ownershipOf } from '../ownership/signature.js'
import { notPointer } from '../pointer/pointer.js'
import type { CType } from '../signature/ctype.js'
import { type Binding, type Callable, generate } from './generate.js'
import { compileSignature, type Description, type Signature } from './signature.js'

/** Status numbers on which a function is bound anew: it never was, or its library was closed. */
const UNBOUND = 1
const CLOSED = 2

/**
 * Makes the function. Its symbol is looked up when it is first called, and again when its library was closed and opened anew.
 * @throws {FfiError} ERR_FFI_SIGNATURE
 */
export function bindFunction(name: string, description: Description): Callable {
  const ownership = ownershipOf(name, description)
  if (ownership !== undefined) return wrapCall(ownership, bindPlain(name, ownership.plain, ownership.consumed))
  return bindPlain(name, description)
}

function bindPlain(name: string, description: Description, consumed?: readonly number[]): Callable {
  const signature = compileSignature(name, description, consumed)
  return generate(name, signature, bindingOf(name, description, signature))
}

/** What a generated function asks of the outside: to be bound to its symbol, and to have its refusals worded. */
export function bindingOf(name: string, description: Description, signature: Signature): Binding {
  // Held by the generated function's scope: when that is collected, so is what stands for it in the core.
  let owner = {}
  return {
    recover(base) {
      if (base + native.headerSize > stackSize) throw refusal(base, { functionName: name })
      const status = stack.view.getUint32(base + Field.Status, true)
      if (isCallbackFailure(status)) throw callbackFailure(status, name)
      if (status !== UNBOUND && status !== CLOSED) throw refusal(base, { functionName: name }, signature.result.type)
      const library = libraryOf(description.library, name)
      owner = {}
      return library.bind(name, signature.plan, owner)
    },
    reject(position, value) {
      throw rejection(signature, position, value).with({ functionName: name, position })
    },
    locate(error, position) {
      return error instanceof FfiError ? error.with({ functionName: name, position }) : error
    },
    arity(values) {
      const expected = `${signature.parameters.length} arguments`
      throw new FfiError('ERR_FFI_ARITY', { functionName: name, expected, got: `${values.length}` })
    },
  }
}

function rejection(signature: Signature, position: number, value: unknown): FfiError {
  const type = signature.parameters[position]?.type as CType
  if (type.kind === 'handle') return notPointer(value)
  if (type.kind === 'scalar' && type.scalar.carrier !== 'boolean') {
    const { scalar } = type
    if (typeof value === 'number') return outOfRange(scalar, value)
    return mismatch(scalar.size === 8 && scalar.carrier !== 'float' ? 'a number or bigint' : 'a number', value)
  }
  return mismatch(type.kind === 'scalar' ? 'a boolean' : 'a string or null', value)
}
