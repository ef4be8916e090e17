// Turns a caller's description of a type into a frozen copy, and tells whether another description says the same.

import { FfiError } from '../error.js'

/** Deeper descriptions are refused: they are cyclic, or meant to be. */
const MAX_DEPTH = 32

/** Larger descriptions are refused: shared parts can make a small object an endless one. */
const MAX_PARTS = 100_000

/** What a description said when it was read: a primitive, or named parts in their order. */
export type Snapshot = unknown | SnapshotNode

/** An object or array of a description. */
export interface SnapshotNode {
  readonly keys: readonly string[]
  readonly values: readonly Snapshot[]
}

class Node implements SnapshotNode {
  constructor(
    readonly keys: readonly string[],
    readonly values: readonly Snapshot[],
  ) {}
}

/** A snapshot with these parts. */
export function nodeOf(keys: readonly string[], values: readonly Snapshot[]): SnapshotNode {
  return new Node(keys, values)
}

/** Whether a snapshot has parts. */
export function isNode(snapshot: Snapshot): snapshot is SnapshotNode {
  return snapshot instanceof Node
}

/**
 * Copies a description. Getters and proxies run here and never again, so what was checked is what is used.
 * @throws {FfiError} ERR_FFI_SIGNATURE when it is nested too deeply.
 */
export function snapshotOf(description: unknown): Snapshot {
  return copy(description, 0, { parts: 0 })
}

function copy(description: unknown, depth: number, total: { parts: number }): Snapshot {
  if (typeof description !== 'object' || description === null) return description
  total.parts++
  if (depth > MAX_DEPTH || total.parts > MAX_PARTS) {
    throw new FfiError('ERR_FFI_SIGNATURE', {
      detail: 'the description of a type is cyclic, nested too deeply, or too large',
    })
  }
  const keys = Object.keys(description)
  const parts = description as Readonly<Record<string, unknown>>
  return new Node(
    keys,
    keys.map((key) => copy(parts[key], depth + 1, total)),
  )
}

/** Whether a description says what the snapshot of an earlier one says. */
export function matches(snapshot: Snapshot, description: unknown, depth = 0): boolean {
  if (typeof description !== 'object' || description === null) return Object.is(snapshot, description)
  if (!isNode(snapshot) || depth > MAX_DEPTH) return false
  const { keys, values } = snapshot
  const parts = description as Readonly<Record<string, unknown>>
  let i = 0
  for (const key in parts) {
    if (!Object.hasOwn(parts, key)) continue
    if (key !== keys[i] || !matches(values[i], parts[key], depth + 1)) return false
    i++
  }
  return i === keys.length
}

/** A part of a snapshot by name. */
export function part(node: SnapshotNode, name: string): Snapshot {
  return node.values[node.keys.indexOf(name)]
}
