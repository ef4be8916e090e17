// Turns scalar rows into the source that writes an argument's slot and reads a result's.
//
// Slots are written in 4-byte halves (64-bit floats whole), which is how the core reads them: a wider load of what was just
// written in halves would stall. `w` is the frame's base in words.

import type { Scalar } from '../signature/scalar.js'

/** Source that checks `value` and writes it at word `at`. */
export function encodeScalar(scalar: Scalar, value: string, position: number, at: number, strict: boolean): string[] {
  const refuse = `reject(${position}, ${value})`
  switch (scalar.carrier) {
    case 'integer':
      return [
        `if (typeof ${value} !== 'number'${strict ? ` || ${narrow(scalar, value)} !== ${value}` : ''}) ${refuse}`,
        `i32[w + ${at}] = ${narrow(scalar, value)}`,
      ]
    case 'boolean':
      return [`if (typeof ${value} !== 'boolean') ${refuse}`, `i32[w + ${at}] = ${value} ? 1 : 0`]
    case 'float':
      return encodeFloat(scalar, value, refuse, at, strict)
    default:
      return encodeLong(scalar, value, refuse, at, strict, position)
  }
}

/** The value as the type's width has it, extended to 32 bits as the ABI wants small integers. */
function narrow(scalar: Scalar, value: string): string {
  if (scalar.size === 4) return scalar.signed ? `(${value} | 0)` : `(${value} >>> 0)`
  if (!scalar.signed) return `(${value} & ${scalar.max})`
  const shift = 32 - 8 * scalar.size
  return `(${value} << ${shift} >> ${shift})`
}

function encodeFloat(scalar: Scalar, value: string, refuse: string, at: number, strict: boolean): string[] {
  const check = `if (typeof ${value} !== 'number') ${refuse}`
  // The frame's base is a multiple of 16 and slots are of 8, so the halved index is whole.
  if (scalar.size === 8) return [check, `f64[(w + ${at}) >>> 1] = ${value}`]
  const put = scalar.name === 'f64' ? `f64[(w + ${at}) >>> 1] = fround(${value})` : `f32[w + ${at}] = ${value}`
  const range = `if (fround(${value}) - ${value} === Infinity || fround(${value}) - ${value} === -Infinity) ${refuse}`
  return [check, ...(strict ? [range] : []), put]
}

function encodeLong(
  scalar: Scalar,
  value: string,
  refuse: string,
  at: number,
  strict: boolean,
  position: number,
): string[] {
  const low = scalar.signed ? '-9007199254740991' : '0'
  const whole = strict ? value : `trunc(${value})`
  const fraction = strict ? ` && trunc(${value}) === ${value}` : ''
  return [
    `if (typeof ${value} === 'number' && ${value} >= ${low} && ${value} <= 9007199254740991${fraction}) {`,
    `const whole = ${whole}; i32[w + ${at}] = whole; i32[w + ${at + 1}] = floor(whole / 4294967296)`,
    `} else if (typeof ${value} === 'number' || typeof ${value} === 'bigint') {`,
    `try { u64[(w + ${at}) >>> 1] = exactLong(scalar${position}, ${value}, ${strict}) } catch (error) { throw locate(error, ${position}) }`,
    `} else ${refuse}`,
  ]
}

/** Source of the value at word `at`. The core has written eight bytes there; a narrower type is in the low ones. */
export function decodeScalar(scalar: Scalar, at: number): string {
  switch (scalar.carrier) {
    case 'void':
      return 'undefined'
    case 'boolean':
      return `(u32[w + ${at}] & 255) !== 0`
    case 'bigint':
      return `${scalar.signed ? 'i64' : 'u64'}[(w + ${at}) >>> 1]`
    case 'long':
      return decodeLong(scalar, at)
    case 'float':
      return scalar.size === 8 ? `f64[(w + ${at}) >>> 1]` : `f32[w + ${at}]`
    default:
      return narrow(scalar, `i32[w + ${at}]`)
  }
}

/** Sets `n`, which the generated function declares, to the value in double arithmetic: exact while it is safe. */
function decodeLong(scalar: Scalar, at: number): string {
  const high = `${scalar.signed ? 'i32' : 'u32'}[w + ${at + 1}]`
  const above = scalar.signed ? ' && n >= -9007199254740991' : ''
  const exact = `${scalar.signed ? 'i64' : 'u64'}[(w + ${at}) >>> 1]`
  return `(n = ${high} * 4294967296 + u32[w + ${at}]) <= 9007199254740991${above} ? n : ${exact}`
}
