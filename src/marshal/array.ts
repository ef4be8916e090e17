// Turns lists of values into C arrays: in place where the value is memory of the right kind, else item by item.

import { FfiError, mismatch } from '../error.js'
import type { ArrayType } from '../signature/ctype.js'
import type { Layout } from '../signature/layout.js'
import { type Scalar, U8 } from '../signature/scalar.js'
import { viewFor } from './buffer.js'
import { type Codec, codecOf, type Reader } from './codec.js'
import type { Scratch } from './scratch.js'

/** A plain array, or a typed array that is not of the item's own kind. */
type List = readonly unknown[] | (ArrayBufferView & { readonly length: number; readonly [index: number]: unknown })

/** The codec of an array type. `refer` takes what a pointer to it may be given: memory in place, a list, or null. */
export function arrayCodec(type: ArrayType, layout: Layout, strict: boolean): Codec {
  const [itemLayout] = layout.children as [Layout]
  const item = codecOf(type.item, itemLayout, strict)
  const scalar = type.item.kind === 'scalar' ? type.item.scalar : undefined
  const write = (list: List, scratch: Scratch, at: number, length: number) => {
    for (let i = 0; i < length; i++) encodeItem(item, list[i], i, scratch, at + i * itemLayout.size)
  }
  return {
    encode(value, scratch, at) {
      const list = asList(scalar === undefined ? value : unpack(scalar, value), scalar)
      const length = type.length ?? list.length
      if (list.length > length) {
        throw new FfiError('ERR_FFI_TYPE', { expected: `at most ${length} items`, got: `${list.length}` })
      }
      write(list, scratch, at, list.length)
    },
    refer(value, scratch) {
      if (value === null) return scratch.offset(0)
      const view = scalar && viewFor(scalar, value)
      if (view !== undefined) return scratch.viewNumber(checkLength(view, type.length, itemLayout.size))
      const list = asList(value, scalar)
      const length = type.length === undefined ? list.length : Math.max(list.length, type.length)
      const at = scratch.alloc(length * itemLayout.size, itemLayout.align)
      write(list, scratch, at, list.length)
      return scratch.offset(at)
    },
    decode: decoderOf(item, scalar, itemLayout.size, type.length ?? 0),
  }
}

function encodeItem(item: Codec, value: unknown, i: number, scratch: Scratch, at: number): void {
  try {
    item.encode(value, scratch, at)
  } catch (error) {
    throw error instanceof FfiError ? error.within(`[${i}]`) : error
  }
}

/** A buffer where C is promised a fixed number of items must have them. */
function checkLength(view: ArrayBufferView, length: number | undefined, itemSize: number): ArrayBufferView {
  if (length !== undefined && view.byteLength < length * itemSize) {
    throw new FfiError('ERR_FFI_TYPE', {
      expected: `a buffer of at least ${length * itemSize} bytes`,
      got: `${view.byteLength}`,
    })
  }
  return view
}

/** Where an inline array is declared, memory is copied; bytes of any view count one by one. */
function unpack(scalar: Scalar, value: unknown): unknown {
  if (scalar !== U8) return value
  const view = viewFor(scalar, value)
  return view === undefined ? value : new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function asList(value: unknown, scalar: Scalar | undefined): List {
  if (Array.isArray(value)) return value
  if (scalar !== undefined && ArrayBuffer.isView(value) && 'length' in value) return value as List
  throw mismatch(scalar === undefined ? 'an array' : `an array of ${scalar.label} or a buffer`, value)
}

function decoderOf(item: Codec, scalar: Scalar | undefined, size: number, length: number): Codec['decode'] {
  if (scalar === U8) {
    return (reader: Reader, at) => Buffer.from(reader.bytes.subarray(reader.origin + at, reader.origin + at + length))
  }
  return (reader, at) => {
    const items = new Array<unknown>(length)
    for (let i = 0; i < length; i++) items[i] = item.decode(reader, at + i * size)
    return items
  }
}
