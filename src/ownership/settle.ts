// Turns a type with owned parts into the plain type that C is called by, and what is done with its values afterwards.

import { DataType } from '../datatype.js'
import { FfiError } from '../error.js'
import { checkPointer, type Pointer } from '../pointer/pointer.js'
import { enlist, hasScopes } from '../scope/scope.js'
import { compileType } from '../signature/compile.js'
import { ctypeOf, type Role } from '../signature/describe.js'
import { isNode, nodeOf, part, type Snapshot, type SnapshotNode } from '../signature/snapshot.js'
import { noteHandedOut } from './collected.js'
import { alone, followRecord, ownRecord } from './record.js'
import { type Releaser, releaserOf } from './release.js'

/** Turns a decoded value into what the caller gets. */
export type Settle = (value: unknown) => unknown

/** Where a signature's types stand. */
export interface Site {
  readonly functionName: string
  readonly library: string
  readonly strict: boolean
  /** All releases that the signature names. */
  readonly releasers: Releaser[]
}

/** A type without owned parts. */
export interface Stripped {
  readonly snapshot: Snapshot
  /** Undefined where there were none. */
  readonly settle: Settle | undefined
}

/** The tag of a type of this folder. */
export function markOf(snapshot: Snapshot): string | undefined {
  const tag = isNode(snapshot) ? part(snapshot, 'ffiTypeTag') : undefined
  return typeof tag === 'string' ? tag : undefined
}

/** Whether a type has parts of this folder. */
export function isMarked(snapshot: Snapshot): boolean {
  return isNode(snapshot) && (markOf(snapshot) !== undefined || snapshot.values.some(isMarked))
}

/** Takes the owned parts out of a type. @throws {FfiError} ERR_FFI_SIGNATURE with the path to what cannot be owned */
export function strip(snapshot: Snapshot, role: Role, site: Site): Stripped {
  if (!isNode(snapshot) || !isMarked(snapshot)) return { snapshot, settle: undefined }
  if (markOf(snapshot) === 'owned') return stripOwned(snapshot, role, site)
  const item = part(snapshot, 'structItemType')
  return isNode(item) ? stripItems(snapshot, item, site) : stripFields(snapshot, site)
}

function stripOwned(node: SnapshotNode, role: Role, site: Site): Stripped {
  const { functionName } = site
  const inner = strip(part(node, 'type'), role, site)
  const type = ctypeOf(inner.snapshot, role)
  const releaser = releaserOf(part(node, 'release'), site.library, functionName)
  site.releasers.push(releaser)
  const own = (value: unknown) => take(value as Pointer, releaser, functionName)
  if (type.kind === 'handle') {
    return { snapshot: DataType.External, settle: (value) => listed(handOut(own(value))) }
  }
  if (type.kind !== 'text' && type.kind !== 'reference') {
    const expected = 'a Pointer, or a string, array or struct behind a pointer, as the type of owned()'
    throw new FfiError('ERR_FFI_SIGNATURE', { expected, got: 'a value in place' })
  }
  const compiled = compileType(type, site.strict, functionName)
  const copy = (value: unknown) => {
    const pointer = own(value)
    try {
      const copied = followRecord(pointer, compiled, functionName)
      return inner.settle === undefined ? copied : inner.settle(copied)
    } finally {
      pointer.free()
    }
  }
  return { snapshot: DataType.External, settle: copy }
}

function take(pointer: Pointer, releaser: Releaser, functionName: string): Pointer {
  const { slot, generation } = checkPointer(pointer)
  // NULL is owned by nobody.
  if (slot === 0 && generation === 0) return pointer
  const number = releaser.take()
  try {
    return ownRecord(pointer, number, functionName)
  } catch (error) {
    releaser.giveBack(number)
    throw error
  }
}

/** What the caller gets is collected by itself: the memory of others may be large. */
function handOut(pointer: Pointer): Pointer {
  noteHandedOut()
  return alone(pointer)
}

function listed(pointer: Pointer): Pointer {
  if (hasScopes) enlist(pointer, () => pointer[Symbol.dispose]())
  return pointer
}

function stripItems(node: SnapshotNode, item: SnapshotNode, site: Site): Stripped {
  const stripped = inside('.structItemType', () => strip(item, 'field', site))
  const values = node.values.map((value) => (value === item ? stripped.snapshot : value))
  const settle = (list: unknown) =>
    Array.isArray(list) ? list.map((value, i) => inside(`[${i}]`, () => stripped.settle?.(value))) : list
  return { snapshot: nodeOf(node.keys, values), settle }
}

function stripFields(node: SnapshotNode, site: Site): Stripped {
  const fields = node.keys.map((name, i) => inside(`.${name}`, () => strip(node.values[i], 'field', site)))
  const settled = node.keys.flatMap((name, i) => {
    const settle = fields[i]?.settle
    return settle === undefined ? [] : [{ name, settle }]
  })
  const settle = (value: unknown) => {
    if (value === null) return null
    const struct = value as Record<string, unknown>
    for (const { name, settle } of settled) struct[name] = inside(`.${name}`, () => settle(struct[name]))
    return struct
  }
  return {
    snapshot: nodeOf(
      node.keys,
      fields.map(({ snapshot }) => snapshot),
    ),
    settle,
  }
}

/** Names its place for an error met in a part. */
function inside<T>(step: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof FfiError ? error.within(step) : error
  }
}
