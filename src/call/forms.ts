// Turns a C type into what its kind means for a call: how plainly it goes in and comes out.

import type { CType } from '../signature/ctype.js'
import type { Signature } from './signature.js'

/** Whether an argument is encoded without running any code of the caller's. */
export function isPlain(type: CType): boolean {
  return type.kind === 'scalar' || type.kind === 'handle' || isText(type) || isBytes(type)
}

/** `uint8_t *`: what buffers are passed for. */
export function isBytes(type: CType): boolean {
  return (
    type.kind === 'reference' &&
    type.to.kind === 'array' &&
    type.to.item.kind === 'scalar' &&
    type.to.item.scalar.name === 'u8'
  )
}

/** `char *` as a string. */
export function isText(type: CType): boolean {
  return type.kind === 'text' && !type.wide
}

/** Whether a value lies in its slot or its place as it is, and leads nowhere. */
export function isFlat(type: CType): boolean {
  if (type.kind === 'struct') return type.fields.every((field) => isFlat(field.type))
  if (type.kind === 'array') return isFlat(type.item)
  return type.kind === 'scalar'
}

/** Whether the core hands a result over as bytes that it has gathered. */
export function isGathered(type: CType): boolean {
  return type.kind !== 'handle' && type.kind !== 'callback' && !isText(type) && !isFlat(type)
}

/** Whether numbers go in and a number comes out: nothing to prepare, nothing to decode. */
export function isNumeric({ parameters, result }: Signature): boolean {
  return [...parameters, result].every(({ type }) => type.kind === 'scalar')
}
