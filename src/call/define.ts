// Turns a record of descriptions into typed functions.

import { badOptions } from '../error.js'
import { rememberDefined } from '../ownership/release.js'
import type { BoundFunctions, Define, FunctionDescription } from '../signature/infer.js'
import { snapshotOf } from '../signature/snapshot.js'
import { bindAsync, type Start } from './asynchronous.js'
import { bindFunction } from './bind.js'
import { describeFunction } from './description.js'
import type { Callable } from './generate.js'
import type { Description } from './signature.js'
import { tupleOf } from './tuple.js'

/**
 * Makes functions of a library. Symbols are looked up on the first call. Each is called with its values one by one, or with one
 * array of them; a single plain array is always the array of values. Each has `async`, to be called on another thread, and a
 * variadic one has `variadic`, which makes the function for a tail of types.
 *
 * *Lifetime*: strings, arrays and structs given are copied for the call, buffers passed in place; results are copies.
 * @throws {FfiError} ERR_FFI_OPTIONS, ERR_FFI_SIGNATURE
 * @example const { abs } = define({ abs: { library: 'c', retType: DataType.I32, paramsType: [DataType.I32] } })
 */
export const define: Define = <const D extends Readonly<Record<string, FunctionDescription>>>(
  functions: D,
): BoundFunctions<D> => {
  if (typeof functions !== 'object' || functions === null)
    throw badOptions('define', 'an object of descriptions', functions)
  const bound = Object.entries(functions).map(([name, description]) => [
    name,
    bindDescribed(name, describeFunction(description, 'define')),
  ])
  return Object.fromEntries(bound) as BoundFunctions<D>
}

function bindDescribed(name: string, description: Description): Callable {
  let start: Start | undefined
  const begin: Start = (values, options) => {
    start ??= bindAsync(name, description)
    return start(values, options)
  }
  if (!description.runInNewThread) {
    const call = extend(bindFunction(name, description), name, description, begin)
    rememberDefined(call, name, description)
    return call
  }
  // Compiled at once, so that a signature is refused here and not in the first call.
  start = bindAsync(name, description)
  return extend((...values) => begin(tupleOf(values)), name, description, begin)
}

function extend(call: Callable, name: string, description: Description, begin: Start): Callable {
  if (description.variadic === undefined) return Object.assign(call, { async: begin })
  return Object.assign(call, { async: begin, variadic: (tail: unknown) => withTail(name, description, tail) })
}

function withTail(name: string, description: Description, tail: unknown): Callable {
  if (!Array.isArray(tail)) throw badOptions(name, 'an array of types as the tail', tail)
  const fixed = description.paramsType.slice(0, description.variadic)
  const paramsType = [...fixed, ...Array.from(tail, (type) => snapshotOf(type))]
  return bindDescribed(name, { ...description, paramsType })
}
