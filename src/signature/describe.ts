// Turns a type written as ffi-rs writes it (a number, an arrayConstructor, a plain object) into a C type.

import { DataType, FFITypeTag } from '../datatype.js'
import { describe, FfiError } from '../error.js'
import type { CType } from './ctype.js'
import { itemOf, scalarOf } from './scalar.js'
import { isNode, part, type Snapshot, type SnapshotNode } from './snapshot.js'

/** Where a type stands. Only a parameter's array takes its length from the value. */
export type Role = 'parameter' | 'result' | 'field'

/** Arrays of more items are refused: no C type of this size exists (native/core/src/plan/layout.rs). */
const MAX_LENGTH = 2 ** 30

/**
 * Reads a description.
 * @throws {FfiError} ERR_FFI_SIGNATURE with the path to what cannot be a type.
 */
export function ctypeOf(snapshot: Snapshot, role: Role): CType {
  if (typeof snapshot === 'number') return numbered(snapshot, role)
  if (!isNode(snapshot)) throw refuse('a DataType, an arrayConstructor or a struct description', describe(snapshot))
  const tag = part(snapshot, 'ffiTypeTag')
  if (tag === FFITypeTag.Function) return callback(snapshot)
  if (typeof tag === 'string') throw refuse('a type', `${tag}(), which has no place here: see docs/guides/ownership.md`)
  if (tag === FFITypeTag.Array || tag === FFITypeTag.StackArray) return array(snapshot, tag, role)
  return struct(snapshot, tag)
}

function numbered(number: number, role: Role): CType {
  const scalar = scalarOf.get(number)
  if (scalar?.carrier === 'void') {
    if (role === 'result') return { kind: 'scalar', scalar }
    throw refuse('a type with a value', 'Void, which only a result can be')
  }
  if (scalar !== undefined) return { kind: 'scalar', scalar }
  if (number === DataType.External) return { kind: 'handle' }
  if (number === DataType.String || number === DataType.WString) return textType(number)
  const item = itemOf.get(number)
  const isList = item !== undefined || number === DataType.StringArray
  if (!isList) throw refuse('a DataType', `number ${number}`)
  if (role !== 'parameter')
    throw refuse('arrayConstructor({type, length})', `a bare array type (${number}) without length`)
  return open(item === undefined ? textType(DataType.String) : { kind: 'scalar', scalar: item })
}

function textType(number: number): CType {
  return { kind: 'text', wide: number === DataType.WString }
}

/** A pointer to as many items as the value has. */
function open(item: CType): CType {
  return { kind: 'reference', to: { kind: 'array', item, length: undefined } }
}

function array(node: SnapshotNode, tag: number, role: Role): CType {
  const item = itemType(node)
  const length = part(node, 'length')
  const inline = tag === FFITypeTag.StackArray && role === 'field'
  // As in ffi-rs, what a parameter declares as its length means nothing: the value has one.
  if (role === 'parameter' && !inline) return open(item)
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0 || length > MAX_LENGTH) {
    throw refuse('a length from 0 to 2^30', describe(length)).within('.length')
  }
  const items: CType = { kind: 'array', item, length }
  return inline ? items : { kind: 'reference', to: items }
}

function itemType(node: SnapshotNode): CType {
  const type = part(node, 'type')
  const structItemType = part(node, 'structItemType')
  if (type === DataType.StructArray) {
    if (!isNode(structItemType))
      throw refuse('a struct description', describe(structItemType)).within('.structItemType')
    return inside('.structItemType', () => struct(structItemType, part(structItemType, 'ffiTypeTag')))
  }
  if (type === DataType.StringArray) return textType(DataType.String)
  const scalar = typeof type === 'number' ? itemOf.get(type) : undefined
  if (scalar === undefined) throw refuse('an array DataType', describe(type)).within('.type')
  return { kind: 'scalar', scalar }
}

function struct(node: SnapshotNode, tag: unknown): CType {
  if (tag !== undefined && tag !== FFITypeTag.StackStruct)
    throw refuse('no tag or StackStruct', describe(tag)).within('.ffiTypeTag')
  const fields = node.keys
    .map((name, i) => ({ name, snapshot: node.values[i] }))
    .filter(({ name }) => name !== 'ffiTypeTag')
    .map(({ name, snapshot }) => ({ name, type: inside(`.${name}`, () => ctypeOf(snapshot, 'field')) }))
  if (fields.length === 0) throw refuse('a struct with fields', 'an empty object')
  const type: CType = { kind: 'struct', fields }
  return tag === FFITypeTag.StackStruct ? type : { kind: 'reference', to: type }
}

function callback(node: SnapshotNode): CType {
  const paramsType = part(node, 'paramsType')
  if (!isNode(paramsType)) throw refuse('an array of types', describe(paramsType)).within('.paramsType')
  const parameters = paramsType.values.map((snapshot, i) => {
    return inside(`.paramsType[${i}]`, () => {
      // An array comes as an address: only its declared length tells how much to read.
      const type = ctypeOf(snapshot, 'result')
      if (snapshot === DataType.Void) throw refuse('a type with a value', 'Void, which only a result can be')
      return type
    })
  })
  const retType = part(node, 'retType')
  const result = inside('.retType', () => ctypeOf(retType, retType === DataType.Void ? 'result' : 'parameter'))
  const freesArguments = flag(node, 'freeCFuncParamsMemory')
  return { kind: 'callback', parameters, result, freesArguments, nonblocking: flag(node, 'nonblocking') }
}

function flag(node: SnapshotNode, name: string): boolean {
  const value = part(node, name)
  if (value === undefined) return false
  if (typeof value !== 'boolean') throw refuse('a boolean', describe(value)).within(`.${name}`)
  return value
}

function inside<T>(step: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof FfiError ? error.within(step) : error
  }
}

function refuse(expected: string, got: string): FfiError {
  return new FfiError('ERR_FFI_SIGNATURE', { expected, got })
}
