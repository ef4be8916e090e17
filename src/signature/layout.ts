// Turns a C type into the core's layout of it: the one place where sizes and offsets come from.

import { lifetimes, native, refusable } from '../native.js'
import { type CType, textOf } from './ctype.js'

/** Sizes, alignments and offsets in bytes. */
export interface Layout {
  readonly size: number
  readonly align: number
  /** Of each member, for structs. */
  readonly offsets: readonly number[]
  /** Of members, items or what a reference points to. */
  readonly children: readonly Layout[]
}

/** A layout that the core keeps; its number is given back when this object is collected. */
export interface KeptLayout extends Layout {
  readonly id: number
}

/**
 * Lays out a type.
 * @throws {FfiError} ERR_FFI_SIGNATURE when it is too large.
 */
export function layoutOfType(type: CType, functionName: string): KeptLayout {
  const [id, ...numbers] = refusable({ functionName }, () => native.layout(textOf(type))) as [number, ...number[]]
  const kept = { id, ...read(type, numbers[Symbol.iterator]()) }
  lifetimes.layouts.register(kept, id)
  return kept
}

function read(type: CType, numbers: Iterator<number, undefined>): Layout {
  const next = () => numbers.next().value as number
  const size = next()
  const align = next()
  const offsets: number[] = []
  const children: Layout[] = []
  if (type.kind === 'struct') {
    for (const field of type.fields) {
      offsets.push(next())
      children.push(read(field.type, numbers))
    }
  } else if (type.kind === 'reference') {
    children.push(read(type.to, numbers))
  } else if (type.kind === 'array') {
    // An array without length has its item's text (see textOf), so its item's numbers are its own.
    const item = type.length === undefined ? readOpen(type.item, size, align, numbers) : read(type.item, numbers)
    children.push(item)
  }
  return { size, align, offsets, children }
}

function readOpen(item: CType, size: number, align: number, numbers: Iterator<number, undefined>): Layout {
  const head = [size, align]
  const rejoined: Iterator<number, undefined> = {
    next: () => (head.length > 0 ? { value: head.shift() as number, done: false } : numbers.next()),
  }
  return read(item, rejoined)
}
