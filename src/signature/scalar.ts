// Turns a scalar's name into everything the front end knows of it: one row a type.

import { DataType } from '../datatype.js'

/** How JavaScript carries a value: a number wrapped to the width, an exact 64-bit integer, a float, a boolean. */
export type Carrier = 'integer' | 'long' | 'bigint' | 'float' | 'boolean' | 'void'

/** A row of the scalar table. */
export interface Scalar {
  /** Name in canonical signatures (native/core/src/signature/scalar.rs). */
  readonly name: string
  /** Name in messages. */
  readonly label: string
  readonly dataType: number
  readonly size: number
  readonly signed: boolean
  readonly carrier: Carrier
  /** What follows `get` and `set` in the names of DataView's methods. */
  readonly accessor:
    | 'Int8'
    | 'Uint8'
    | 'Int16'
    | 'Uint16'
    | 'Int32'
    | 'Uint32'
    | 'BigInt64'
    | 'BigUint64'
    | 'Float32'
    | 'Float64'
  /** Smallest and largest value, for integers. */
  readonly min: number | bigint
  readonly max: number | bigint
}

const rows: Scalar[] = []

function integer(name: string, label: string, dataType: number, size: 1 | 2 | 4, signed: boolean): Scalar {
  const bits = size * 8
  const min = signed ? -(2 ** (bits - 1)) : 0
  const max = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1
  const accessor = `${signed ? 'Int' : 'Uint'}${bits as 8 | 16 | 32}` as const
  return row({ name, label, dataType, size, signed, carrier: 'integer', accessor, min, max })
}

function long(name: string, label: string, dataType: number, signed: boolean, carrier: 'long' | 'bigint'): Scalar {
  const min = signed ? -(2n ** 63n) : 0n
  const max = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n
  return row({ name, label, dataType, size: 8, signed, carrier, accessor: signed ? 'BigInt64' : 'BigUint64', min, max })
}

function row(scalar: Scalar): Scalar {
  rows.push(Object.freeze(scalar))
  return scalar
}

const whole = { min: -Infinity, max: Infinity, signed: true }

export const Void = row({
  ...whole,
  name: 'void',
  label: 'Void',
  dataType: DataType.Void,
  size: 0,
  carrier: 'void',
  accessor: 'Uint8',
})
row({
  ...whole,
  name: 'bool',
  label: 'Boolean',
  dataType: DataType.Boolean,
  size: 1,
  carrier: 'boolean',
  accessor: 'Uint8',
})
integer('i8', 'I8', DataType.I8, 1, true)
export const U8 = integer('u8', 'U8', DataType.U8, 1, false)
export const I16 = integer('i16', 'I16', DataType.I16, 2, true)
integer('u16', 'U16', DataType.U16, 2, false)
export const I32 = integer('i32', 'I32', DataType.I32, 4, true)
export const U32 = integer('u32', 'U32', DataType.U32, 4, false)
export const I64 = long('i64', 'I64', DataType.I64, true, 'long')
export const U64 = long('u64', 'U64', DataType.U64, false, 'long')
long('isize', 'Isize', DataType.Isize, true, 'long')
long('usize', 'Usize', DataType.Usize, false, 'long')
long('i64', 'BigInt', DataType.BigInt, true, 'bigint')
long('u64', 'BigUint64', DataType.BigUint64, false, 'bigint')
export const Float = row({
  ...whole,
  name: 'f32',
  label: 'Float',
  dataType: DataType.Float,
  size: 4,
  carrier: 'float',
  accessor: 'Float32',
})
export const Double = row({
  ...whole,
  name: 'f64',
  label: 'Double',
  dataType: DataType.Double,
  size: 8,
  carrier: 'float',
  accessor: 'Float64',
})

/**
 * What C's default argument promotions (C11 6.5.2.2) make of a scalar in a variadic tail: it is checked, cut and rounded as
 * declared, and passed as `int` or `double`.
 */
export function promoted(scalar: Scalar): Scalar {
  if (scalar.carrier === 'float')
    return scalar.size === 8 ? scalar : { ...scalar, name: 'f64', label: 'promoted Float' }
  if (scalar.size >= 4) return scalar
  return { ...scalar, name: 'i32', label: `promoted ${scalar.label}` }
}

/** The row of each DataType number that is a scalar. */
export const scalarOf: ReadonlyMap<number, Scalar> = new Map(rows.map((scalar) => [scalar.dataType, scalar]))

/** The item of each DataType number that is an array of scalars. */
export const itemOf: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [DataType.U8Array, U8],
  [DataType.I16Array, I16],
  [DataType.I32Array, I32],
  [DataType.U32Array, U32],
  [DataType.I64Array, I64],
  [DataType.U64Array, U64],
  [DataType.FloatArray, Float],
  [DataType.DoubleArray, Double],
])
