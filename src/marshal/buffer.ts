// Turns JavaScript's buffers of all kinds into views whose memory C gets in place.

import { types } from 'node:util'
import { FfiError } from '../error.js'
import type { Scalar } from '../signature/scalar.js'

const VIEW_OF: Readonly<Record<Scalar['accessor'], string>> = {
  Int8: 'Int8Array',
  Uint8: 'Uint8Array',
  Int16: 'Int16Array',
  Uint16: 'Uint16Array',
  Int32: 'Int32Array',
  Uint32: 'Uint32Array',
  BigInt64: 'BigInt64Array',
  BigUint64: 'BigUint64Array',
  Float32: 'Float32Array',
  Float64: 'Float64Array',
}

const viewTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get

/** A typed array's real kind, whatever its prototype says; undefined for a DataView. */
export function kindOf(view: ArrayBufferView): string | undefined {
  return viewTag?.call(view)
}

/**
 * The view to pass for a value that is memory already: any view or buffer where bytes are declared, DataViews and
 * buffers everywhere, typed arrays where the item is theirs. Undefined for everything else.
 * @throws {FfiError} ERR_FFI_BUFFER_DETACHED
 */
export function viewFor(item: Scalar, value: unknown): ArrayBufferView | undefined {
  if (ArrayBuffer.isView(value)) {
    const kind = kindOf(value)
    const fits = item.size === 1 || kind === undefined || kind === VIEW_OF[item.accessor]
    return fits ? attached(value) : undefined
  }
  if (!types.isAnyArrayBuffer(value)) return undefined
  try {
    return new Uint8Array(value)
  } catch {
    throw new FfiError('ERR_FFI_BUFFER_DETACHED')
  }
}

const byteLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength')?.get

/** Whether a typed array has bytes, asked without running any code of the caller's; false for a DataView. */
export function isFilled(view: ArrayBufferView): boolean {
  try {
    return byteLength?.call(view) !== 0
  } catch {
    return false
  }
}

/** The view itself, its buffer not detached. */
export function attached<V extends ArrayBufferView>(view: V): V {
  try {
    // Node 20 has no `detached`: a DataView over a detached buffer throws here, and no view over one can be made.
    if (view.byteLength !== 0) return view
    new Uint8Array(view.buffer)
  } catch {
    throw new FfiError('ERR_FFI_BUFFER_DETACHED')
  }
  return view
}
