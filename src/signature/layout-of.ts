// Turns a type's description into its size, alignment and offsets, for users who compare with their C compiler.

import type { FieldType } from '../datatype.js'
import { compileDescription } from './compile.js'

/** Bytes, as the platform's C compiler lays the type out. */
export interface TypeLayout {
  readonly size: number
  readonly align: number
  /** Of each field, for structs. */
  readonly offsets?: Readonly<Record<string, number>>
}

/**
 * Lays out a type. For a struct description this is the struct itself, with or without the `StackStruct` tag.
 * @throws {FfiError} ERR_FFI_SIGNATURE
 * @example layoutOf({ x: DataType.Double, n: DataType.I32 }) // { size: 16, align: 8, offsets: { x: 0, n: 8 } }
 */
export function layoutOf(type: FieldType): TypeLayout {
  const compiled = compileDescription(type, 'field', 'layoutOf')
  const pointed = compiled.type.kind === 'reference' && compiled.type.to.kind === 'struct'
  const ctype = compiled.type.kind === 'reference' && pointed ? compiled.type.to : compiled.type
  const layout = (pointed ? compiled.layout.children[0] : undefined) ?? compiled.layout
  const { size, align, offsets } = layout
  if (ctype.kind !== 'struct') return { size, align }
  return { size, align, offsets: Object.fromEntries(ctype.fields.map(({ name }, i) => [name, offsets[i] as number])) }
}
