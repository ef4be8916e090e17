// Turns one description with its values into a call, finding the function compiled for an earlier one that said the same.

import { badOptions } from '../error.js'
import { findLibrary, type Library, libraryOf } from '../library/library.js'
import type { Load } from '../signature/infer.js'
import { matches } from '../signature/snapshot.js'
import { bindAsync, type Start } from './asynchronous.js'
import { bindFunction } from './bind.js'
import { defaultStrict, describeFunction } from './description.js'
import type { Callable } from './generate.js'
import type { Description } from './signature.js'

/** Functions of one name differ in their types; of more than these, the oldest is compiled again. */
const MAX_VARIANTS = 32

/** Functions of one library that are found again without compiling. */
const MAX_NAMES = 4096

/** A function for calls here, or one for calls on another thread. */
type Variant = { readonly description: Description } & (
  | { readonly call: Callable; readonly start: undefined }
  | { readonly call: undefined; readonly start: Start }
)

/** By library, so that closing one lets go of its functions. */
const functions = new WeakMap<Library, Map<string, Variant[]>>()

/** The library asked for last, and its functions: most programs call one library many times. */
let lastLibrary: Library | undefined
let lastFunctions: Map<string, Variant[]> = new Map()

/**
 * Calls a function of a library. The compiled signature is found again from library, name and types, whether or not the caller
 * passes the same arrays and objects; they are read, never written.
 *
 * *Lifetime*: strings, arrays and structs given are copied for the call, buffers passed in place; the result is a copy.
 * @throws {FfiError} ERR_FFI_OPTIONS, ERR_FFI_SIGNATURE, ERR_FFI_LIBRARY_NOT_OPEN, ERR_FFI_LIBRARY_CLOSED, ERR_FFI_SYMBOL_NOT_FOUND,
 * ERR_FFI_ARITY, ERR_FFI_TYPE, ERR_FFI_RANGE, ERR_FFI_NOT_POINTER, ERR_FFI_USE_AFTER_FREE
 * @example load({ library: 'c', funcName: 'abs', retType: DataType.I32, paramsType: [DataType.I32], paramsValue: [-5] })
 */
export const load: Load = ((given: unknown) => {
  if (typeof given !== 'object' || given === null) throw badOptions('load', 'an options object', given)
  const params = given as Readonly<Record<string, unknown>>
  const { library, funcName, paramsValue } = params
  if (typeof library !== 'string') throw badOptions('load', 'a string as library', library)
  if (typeof funcName !== 'string') throw badOptions('load', 'a string as funcName', funcName)
  if (!Array.isArray(paramsValue)) throw badOptions('load', 'an array as paramsValue', paramsValue)
  const known = findLibrary(library)
  if (known !== lastLibrary || known === undefined) selectLibrary(known ?? libraryOf(library, funcName))
  const variants = lastFunctions.get(funcName)
  if (variants !== undefined) {
    for (let i = 0; i < variants.length; i++) {
      const variant = variants[i] as Variant
      if (isSame(variant.description, params)) return run(variant, paramsValue, params)
    }
  }
  return run(compile(funcName, params), paramsValue, params)
}) as Load

function run({ call, start }: Variant, values: readonly unknown[], params: object): unknown {
  return start === undefined ? call(values) : start(values, params)
}

function selectLibrary(library: Library): void {
  let found = functions.get(library)
  if (found === undefined) {
    found = new Map()
    functions.set(library, found)
  }
  lastLibrary = library
  lastFunctions = found
}

function isSame(description: Description, params: Readonly<Record<string, unknown>>): boolean {
  const { retType, paramsType, errno, freeResultMemory, strict, runInNewThread, variadic } = params
  if (!isSameType(description.retType, retType) || !Array.isArray(paramsType)) return false
  const types = description.paramsType
  if (types.length !== paramsType.length) return false
  for (let i = 0; i < types.length; i++) if (!isSameType(types[i], paramsType[i])) return false
  return (
    description.errno === (errno === undefined ? false : errno) &&
    description.freeResultMemory === (freeResultMemory === undefined ? false : freeResultMemory) &&
    description.strict === (strict === undefined ? defaultStrict() : strict) &&
    description.runInNewThread === (runInNewThread === undefined ? false : runInNewThread) &&
    description.variadic === variadic
  )
}

function isSameType(known: unknown, type: unknown): boolean {
  return typeof type === 'object' ? matches(known, type) : known === type
}

function compile(name: string, params: unknown): Variant {
  const description = describeFunction(params, 'load')
  const variant = description.runInNewThread
    ? { description, call: undefined, start: bindAsync(name, description) }
    : { description, call: bindFunction(name, description), start: undefined }
  const variants = lastFunctions.get(name) ?? []
  if (variants.length >= MAX_VARIANTS) variants.shift()
  variants.push(variant)
  if (lastFunctions.size >= MAX_NAMES) lastFunctions.clear()
  lastFunctions.set(name, variants)
  return variant
}
