// Turns a description of a type into its compiled form, made once for all that say the same.

import { FfiError } from '../error.js'
import { type Codec, codecOf } from '../marshal/codec.js'
import { type CType, keyOf } from './ctype.js'
import { ctypeOf, type Role } from './describe.js'
import { type KeptLayout, layoutOfType } from './layout.js'
import { snapshotOf } from './snapshot.js'

/** A type with everything that is needed to write and read its values. */
export interface CompiledType {
  readonly type: CType
  readonly layout: KeptLayout
  readonly codec: Codec
}

/** As many compiled types are found again; the oldest is forgotten first, and lives on where it is in use. */
const MAX_KEPT = 512

const kept = new Map<string, CompiledType>()

/**
 * Compiles a type, or finds it compiled.
 * @throws {FfiError} ERR_FFI_SIGNATURE with the path to what cannot be a type.
 */
export function compileType(type: CType, strict: boolean, functionName: string): CompiledType {
  const key = `${strict ? '!' : ''}${keyOf(type)}`
  const found = kept.get(key)
  if (found !== undefined) return found
  const layout = layoutOfType(type, functionName)
  const compiled = { type, layout, codec: codecOf(type, layout, strict) }
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value as string)
  kept.set(key, compiled)
  return compiled
}

/**
 * Reads and compiles a caller's description of one type.
 * @throws {FfiError} ERR_FFI_SIGNATURE naming the exported function and the type's position.
 */
export function compileDescription(
  description: unknown,
  role: Role,
  functionName: string,
  position?: number,
  strict = false,
): CompiledType {
  try {
    return compileType(ctypeOf(snapshotOf(description), role), strict, functionName)
  } catch (error) {
    throw error instanceof FfiError ? error.with({ functionName, position }) : error
  }
}
