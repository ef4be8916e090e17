// Turns what any front end means by a type into one small tree of C types, and that into canonical text.

import type { Scalar } from './scalar.js'

/** A C type as the front end sees it: the core's tree (native/core/src/signature) plus names and JavaScript's carriers. */
export type CType =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  /** `ptr`: an opaque pointer, a Pointer object in JavaScript. */
  | { readonly kind: 'handle' }
  /** `str`, `wstr` */
  | { readonly kind: 'text'; readonly wide: boolean }
  /** `*T`; null in JavaScript for NULL. */
  | { readonly kind: 'reference'; readonly to: CType }
  | ArrayType
  | StructType
  | CallbackType

/** Items in place. A length of undefined is taken from the value; such an array occurs only behind a parameter's reference. */
export interface ArrayType {
  readonly kind: 'array'
  readonly item: CType
  readonly length: number | undefined
}

/** Fields in place. */
export interface StructType {
  readonly kind: 'struct'
  readonly fields: readonly { readonly name: string; readonly type: CType }[]
}

/** Code that C calls: a function in JavaScript, or the Pointer of one. */
export interface CallbackType {
  readonly kind: 'callback'
  readonly parameters: readonly CType[]
  readonly result: CType
  /** Arguments' memory is given to libc's `free` once it is copied. */
  readonly freesArguments: boolean
  /** Other threads do not wait for the function. */
  readonly nonblocking: boolean
}

/** The canonical text of a type, as the core reads it. It names no fields. */
export function textOf(type: CType): string {
  switch (type.kind) {
    case 'scalar':
      return type.scalar.name
    case 'handle':
      return 'ptr'
    case 'text':
      return type.wide ? 'wstr' : 'str'
    case 'reference':
      return `*${textOf(type.to)}`
    case 'array':
      return type.length === undefined ? textOf(type.item) : `[${type.length}]${textOf(type.item)}`
    case 'struct':
      return `{${type.fields.map((field) => textOf(field.type)).join(',')}}`
    case 'callback':
      return `fn(${signatureOf(type, textOf)})`
  }
}

/** A text that differs whenever JavaScript must encode or decode differently: names and carriers included. */
export function keyOf(type: CType): string {
  switch (type.kind) {
    case 'scalar':
      return type.scalar.label
    case 'handle':
    case 'text':
      return textOf(type)
    case 'reference':
      return `*${keyOf(type.to)}`
    case 'array':
      return `[${type.length ?? ''}]${keyOf(type.item)}`
    case 'struct':
      return `{${type.fields.map(({ name, type: field }) => `${JSON.stringify(name)}:${keyOf(field)}`).join(',')}}`
    case 'callback':
      return `fn${type.freesArguments ? '!' : ''}${type.nonblocking ? '~' : ''}(${signatureOf(type, keyOf)})`
  }
}

/** The text of a callback's own signature. */
export function signatureOf({ parameters, result }: CallbackType, of: (type: CType) => string): string {
  return `${of(result)}(${parameters.map(of).join(',')})`
}
