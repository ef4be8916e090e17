// Turns a record of descriptions into typed functions.

import { badOptions } from '../error.js'
import type { BoundFunctions, Define, FunctionDescription } from '../signature/infer.js'
import { bindFunction } from './bind.js'
import { describeFunction } from './description.js'

/**
 * Makes functions of a library. Symbols are looked up on the first call. Each is called with its values one by one, or with one
 * array of them; a single plain array is always the array of values.
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
    bindFunction(name, describeFunction(description, 'define')),
  ])
  return Object.fromEntries(bound) as BoundFunctions<D>
}
