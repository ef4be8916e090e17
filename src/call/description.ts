// Turns what a caller says of a function into a checked copy.

import { setCallbackTimeout } from '../callback/live.js'
import { badOptions } from '../error.js'
import { snapshotOf } from '../signature/snapshot.js'
import type { Description } from './signature.js'

let strictByDefault = false

/**
 * Sets what signatures compiled from here on do without a `strict` of their own: with true, integers out of range and
 * fractions are refused with ERR_FFI_RANGE instead of wrapped. `callbackTimeout`: how many milliseconds a thread waits for the
 * answer of a callback while JavaScript sits in one foreign call; then C gets zero and that call throws
 * ERR_FFI_CALLBACK_DEADLOCK. 5000, or `FFI_CALLBACK_TIMEOUT` in the environment, when nothing is set.
 * @throws {FfiError} ERR_FFI_OPTIONS
 */
export function configure(options: { readonly strict?: boolean; readonly callbackTimeout?: number }): void {
  if (typeof options !== 'object' || options === null) throw badOptions('configure', 'an options object', options)
  const { strict, callbackTimeout } = options
  if (callbackTimeout !== undefined) setCallbackTimeout(callbackTimeout)
  if (strict !== undefined) strictByDefault = flag(strict, 'strict', 'configure', false)
}

/** What `strict` is without a word of the caller. */
export function defaultStrict(): boolean {
  return strictByDefault
}

/** Copies a description. @throws {FfiError} ERR_FFI_OPTIONS naming the field, ERR_FFI_SIGNATURE for endless types */
export function describeFunction(value: unknown, name: string): Description {
  if (typeof value !== 'object' || value === null) throw badOptions(name, 'a description of a function', value)
  const { library, retType, paramsType, errno, freeResultMemory, strict, runInNewThread, variadic } = value as Readonly<
    Record<string, unknown>
  >
  if (typeof library !== 'string') throw badOptions(name, 'a string as library', library)
  if (!Array.isArray(paramsType)) throw badOptions(name, 'an array as paramsType', paramsType)
  if (retType === undefined) throw badOptions(name, 'a type as retType', retType)
  return {
    library,
    retType: snapshotOf(retType),
    paramsType: Array.from(paramsType, (type) => snapshotOf(type)),
    errno: flag(errno, 'errno', name, false),
    freeResultMemory: flag(freeResultMemory, 'freeResultMemory', name, false),
    strict: flag(strict, 'strict', name, strictByDefault),
    variadic: fixedCount(variadic, paramsType.length, name),
    runInNewThread: flag(runInNewThread, 'runInNewThread', name, false),
  }
}

/** A variadic function has at least one parameter before its tail, and all of them are described. */
function fixedCount(value: unknown, described: number, name: string): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= described) return value
  throw badOptions(name, `a number from 1 to ${described}, the length of paramsType, as variadic`, value)
}

function flag(value: unknown, field: string, name: string, otherwise: boolean): boolean {
  if (value === undefined) return otherwise
  if (typeof value !== 'boolean') throw badOptions(name, `a boolean as ${field}`, value)
  return value
}
