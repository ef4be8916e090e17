// Turns JavaScript numbers, bigints and booleans into the bits of C scalars, and refuses those that have none.

import { describe, FfiError, mismatch } from '../error.js'
import type { Scalar } from '../signature/scalar.js'

/** A number that is not in the type's range, or not whole where that is asked. */
export function outOfRange(scalar: Scalar, value: number | bigint): FfiError {
  return new FfiError('ERR_FFI_RANGE', {
    expected: `${scalar.label} from ${scalar.min} to ${scalar.max}`,
    got: describe(value),
  })
}

/** Refuses what a strict signature does not take for an integer of up to 32 bits, or for a float. */
export function checkStrict(scalar: Scalar, value: number): void {
  if (scalar.carrier === 'integer') {
    if (!Number.isInteger(value) || value < scalar.min || value > scalar.max) throw outOfRange(scalar, value)
  } else if (scalar.size === 4 && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw new FfiError('ERR_FFI_RANGE', { expected: 'a number in the range of a C float', got: describe(value) })
  }
}

/** What JavaScript passes for a 64-bit integer, as an exact bigint. A fraction is cut off unless `strict`. */
export function exactLong(scalar: Scalar, value: unknown, strict: boolean): bigint {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || (strict && !Number.isInteger(value))) throw outOfRange(scalar, value)
    return inRange(scalar, BigInt(Math.trunc(value)), value)
  }
  if (typeof value !== 'bigint') throw mismatch('a number or bigint', value)
  return inRange(scalar, value, value)
}

function inRange(scalar: Scalar, exact: bigint, value: number | bigint): bigint {
  if (exact < scalar.min || exact > scalar.max) throw outOfRange(scalar, value)
  return exact
}

/** A 64-bit integer as JavaScript gets it: a number while that is exact. */
export function fromLong(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Writes a scalar into memory. */
export type Put = (value: unknown, view: DataView, at: number) => void

/** The writer of a scalar's row. */
export function putterOf(scalar: Scalar, strict: boolean): Put {
  const { carrier } = scalar
  if (carrier === 'boolean') {
    return (value, view, at) => {
      if (typeof value !== 'boolean') throw mismatch('a boolean', value)
      view.setUint8(at, value ? 1 : 0)
    }
  }
  if (carrier === 'long' || carrier === 'bigint') {
    return (value, view, at) => {
      const exact = exactLong(scalar, value, strict)
      // Two's complement has the same bits for both.
      view.setBigInt64(at, BigInt.asIntN(64, exact), true)
    }
  }
  const set = `set${scalar.accessor as Exclude<Scalar['accessor'], 'BigInt64' | 'BigUint64'>}` as const
  return (value, view, at) => {
    if (typeof value !== 'number') throw mismatch('a number', value)
    if (strict) checkStrict(scalar, value)
    view[set](at, value, true)
  }
}

/** Reads a scalar from memory. */
export type Get = (view: DataView, at: number) => unknown

/** The reader of a scalar's row. */
export function getterOf(scalar: Scalar): Get {
  switch (scalar.carrier) {
    case 'void':
      return () => undefined
    case 'boolean':
      return (view, at) => view.getUint8(at) !== 0
    case 'bigint':
      return scalar.signed ? (view, at) => view.getBigInt64(at, true) : (view, at) => view.getBigUint64(at, true)
    case 'long':
      return scalar.signed
        ? (view, at) => fromLong(view.getBigInt64(at, true))
        : (view, at) => fromLong(view.getBigUint64(at, true))
    default: {
      const get = `get${scalar.accessor}` as const
      return (view, at) => view[get](at, true)
    }
  }
}
