// Turns a C type into the pair of functions that write JavaScript values as its bytes and read them back.

import { mismatch } from '../error.js'
import { adopt, handleInto } from '../pointer/pointer.js'
import type { CType } from '../signature/ctype.js'
import type { Layout } from '../signature/layout.js'
import { arrayCodec } from './array.js'
import { callbackCodec } from './callback.js'
import { getterOf, putterOf } from './number.js'
import type { Scratch } from './scratch.js'
import { structCodec } from './struct.js'
import { readWide, referText, referWide } from './text.js'

/** Bytes to read values from: offset 0 is at `origin`. */
export interface Reader {
  readonly view: DataView
  readonly bytes: Buffer
  readonly origin: number
}

/** How values of one C type cross. */
export interface Codec {
  /** Writes a value at an offset of scratch that was allocated for it. */
  readonly encode: (value: unknown, scratch: Scratch, at: number) => void
  /** Reads the value at an offset; references in it are offsets, as the core gathers them. */
  readonly decode: (reader: Reader, at: number) => unknown
  /** For pointer types: writes what a value points to. Returns the low half of the reference, `scratch.high` the other. */
  readonly refer?: (value: unknown, scratch: Scratch) => number
}

/** The codec of a type with its layout. */
export function codecOf(type: CType, layout: Layout, strict: boolean): Codec {
  switch (type.kind) {
    case 'scalar': {
      const put = putterOf(type.scalar, strict)
      const get = getterOf(type.scalar)
      return {
        encode: (value, scratch, at) => put(value, scratch.view, scratch.origin + at),
        decode: (reader, at) => get(reader.view, reader.origin + at),
      }
    }
    case 'handle':
      return handleCodec
    case 'text':
      return type.wide ? wideCodec : textCodec
    case 'reference':
      return referenceCodec(type.to, layout, strict)
    case 'array':
      return arrayCodec(type, layout, strict)
    case 'struct':
      return structCodec(type, layout, strict)
    case 'callback':
      return callbackCodec(type)
  }
}

const handleCodec: Codec = {
  encode(value, scratch, at) {
    handleInto(value, (slot, generation) => scratch.handle(at, slot, generation))
  },
  decode: (reader, at) =>
    adopt(reader.view.getUint32(reader.origin + at, true), reader.view.getUint32(reader.origin + at + 4, true)),
}

const textCodec: Codec = {
  encode: (value, scratch, at) => scratch.refer(at, referText(value, scratch)),
  refer: referText,
  decode(reader, at) {
    const from = reader.view.getUint32(reader.origin + at, true)
    const length = reader.view.getUint32(reader.origin + at + 4, true)
    if (from === 0) return null
    return reader.bytes.toString('utf8', reader.origin + from, reader.origin + from + length)
  },
}

const wideCodec: Codec = {
  encode: (value, scratch, at) => scratch.refer(at, referWide(value, scratch)),
  refer: referWide,
  decode(reader, at) {
    const from = reader.view.getUint32(reader.origin + at, true)
    const units = reader.view.getUint32(reader.origin + at + 4, true)
    return from === 0 ? null : readWide(reader.view, reader.origin + from, units)
  },
}

function referenceCodec(to: CType, layout: Layout, strict: boolean): Codec {
  const [target] = layout.children as [Layout]
  const codec = codecOf(to, target, strict)
  const refer =
    codec.refer ??
    ((value: unknown, scratch: Scratch) => {
      if (value === null) return scratch.offset(0)
      if (typeof value !== 'object') throw mismatch('an object or null', value)
      const at = scratch.alloc(target.size, target.align)
      codec.encode(value, scratch, at)
      return scratch.offset(at)
    })
  return {
    refer,
    encode: (value, scratch, at) => scratch.refer(at, refer(value, scratch)),
    decode(reader, at) {
      const from = reader.view.getUint32(reader.origin + at, true)
      return from === 0 ? null : codec.decode(reader, from)
    },
  }
}
