// Turns a struct type into generated functions that read the fields of an object and make an object of fields.

import { FfiError, mismatch } from '../error.js'
import type { StructType } from '../signature/ctype.js'
import type { Layout } from '../signature/layout.js'
import { type Codec, codecOf, type Reader } from './codec.js'
import type { Scratch } from './scratch.js'
import { compileSource, literalKey } from './source.js'

/** The codec of a struct type in place. */
export function structCodec(type: StructType, layout: Layout, strict: boolean): Codec {
  const codecs = type.fields.map((field, i) => codecOf(field.type, layout.children[i] as Layout, strict))
  const names = type.fields.map((field) => field.name)
  return { encode: encoder(names, codecs, layout.offsets), decode: decoder(names, codecs, layout.offsets) }
}

/** Names its place in a struct for an error met in a field. */
function inField(error: unknown, name: string | undefined): unknown {
  return error instanceof FfiError ? error.within(`.${name}`) : error
}

function encoder(names: readonly string[], codecs: readonly Codec[], offsets: readonly number[]): Codec['encode'] {
  const scope: Record<string, unknown> = { names, inField, mismatch }
  const lines = ['return function encodeStruct(value, scratch, at) {']
  lines.push(
    "if (typeof value !== 'object' || value === null) throw mismatch('an object', value)",
    'let field = 0',
    'try {',
  )
  names.forEach((name, i) => {
    scope[`e${i}`] = codecs[i]?.encode
    if (i > 0) lines.push(`field = ${i}`)
    lines.push(`e${i}(value[${JSON.stringify(name)}], scratch, at + ${offsets[i]})`)
  })
  lines.push('} catch (error) { throw inField(error, names[field]) }', '}')
  return compileSource<(value: unknown, scratch: Scratch, at: number) => void>('struct', scope, lines)
}

function decoder(names: readonly string[], codecs: readonly Codec[], offsets: readonly number[]): Codec['decode'] {
  const scope: Record<string, unknown> = {}
  const fields = names.map((name, i) => {
    scope[`d${i}`] = codecs[i]?.decode
    return `${literalKey(name)}: d${i}(reader, at + ${offsets[i]})`
  })
  const lines = ['return function decodeStruct(reader, at) {', `return { ${fields.join(', ')} }`, '}']
  return compileSource<(reader: Reader, at: number) => unknown>('struct', scope, lines)
}
