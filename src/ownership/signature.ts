// Turns the description of a function with owned, borrowed, consumed and out types into a plain one and what is done around it.

import type { Description } from '../call/signature.js'
import { DataType } from '../datatype.js'
import { describe, FfiError } from '../error.js'
import { type CompiledType, compileType } from '../signature/compile.js'
import { ctypeOf } from '../signature/describe.js'
import { part, type Snapshot, type SnapshotNode } from '../signature/snapshot.js'
import { lendRecord } from './record.js'
import type { Releaser } from './release.js'
import { isMarked, markOf, type Settle, type Site, strip } from './settle.js'

/** A place that C writes to. */
export interface Place {
  readonly type: CompiledType
  readonly settle: Settle | undefined
  /** Whether the caller gives what is there before the call. */
  readonly takesValue: boolean
}

/** What is done around calls of one function. */
export interface Ownership {
  readonly functionName: string
  /** The function as C has it: places are pointers, and so is what is owned. */
  readonly plain: Description
  /** Positions of the parameters whose memory C takes over. */
  readonly consumed: readonly number[]
  /** For each parameter: undefined for a value that is passed on. */
  readonly places: readonly (Place | undefined)[]
  /** How many values a call takes. */
  readonly arity: number
  readonly settle: ((result: unknown, values: readonly unknown[]) => unknown) | undefined
  readonly releasers: readonly Releaser[]
}

/**
 * What there is to do around calls of a function; undefined for a plain signature, which costs nothing more.
 * @throws {FfiError} ERR_FFI_SIGNATURE naming the function and the parameter
 */
export function ownershipOf(functionName: string, description: Description): Ownership | undefined {
  const { retType, paramsType, library, strict } = description
  if (!isMarked(retType) && !paramsType.some(isMarked)) return undefined
  const site: Site = { functionName, library, strict, releasers: [] }
  const parameters = paramsType.map((type, i) => located(functionName, i, () => parameterOf(type, site)))
  const types = parameters.map(({ snapshot }) => snapshot)
  const result = located(functionName, undefined, () => resultOf(retType, types, site))
  const places = parameters.map(({ place }) => place)
  return {
    functionName,
    plain: { ...description, retType: result.snapshot, paramsType: types },
    consumed: parameters.flatMap(({ isConsumed }, i) => (isConsumed ? [i] : [])),
    places,
    arity: places.filter((place) => place === undefined || place.takesValue).length,
    settle: result.settle,
    releasers: site.releasers,
  }
}

interface Parameter {
  readonly snapshot: Snapshot
  readonly place?: Place
  readonly isConsumed?: boolean
}

function parameterOf(snapshot: Snapshot, site: Site): Parameter {
  switch (markOf(snapshot)) {
    case 'consumes':
      return consumedParameter(snapshot as SnapshotNode)
    case 'out':
      return placeParameter(snapshot as SnapshotNode, false, site)
    case 'inout':
      return placeParameter(snapshot as SnapshotNode, true, site)
    default:
      // What is owned elsewhere in a parameter is refused as any other description that is no type.
      return { snapshot }
  }
}

function consumedParameter(node: SnapshotNode): Parameter {
  const type = part(node, 'type')
  if (type === DataType.External) return { snapshot: type, isConsumed: true }
  throw refuse('External as the type of consumes(): what else is passed is a copy of ours', describe(type))
}

function placeParameter(node: SnapshotNode, takesValue: boolean, site: Site): Parameter {
  const inner = part(node, 'type')
  if (takesValue && isMarked(inner)) throw refuse('a plain type as the type of inout()', 'one with owned parts')
  const { snapshot, settle } = strip(inner, 'field', site)
  const type = compileType(ctypeOf(snapshot, 'field'), site.strict, site.functionName)
  return { snapshot: DataType.External, place: { type, settle, takesValue } }
}

function resultOf(snapshot: Snapshot, parameters: readonly Snapshot[], site: Site) {
  if (markOf(snapshot) !== 'borrowed') return strip(snapshot, 'result', site)
  const node = snapshot as SnapshotNode
  const [type, from] = [part(node, 'type'), part(node, 'from')]
  if (typeof from !== 'number' || parameters[from] !== DataType.External) {
    throw refuse('the position of an External as the second argument of borrowed()', describe(from))
  }
  // What is copied depends on nothing.
  if (type !== DataType.External) return { snapshot: type, settle: undefined }
  const settle = (result: unknown, values: readonly unknown[]) =>
    lendRecord(result as Parameters<typeof lendRecord>[0], values[from], site.functionName)
  return { snapshot: type, settle }
}

function located<T>(functionName: string, position: number | undefined, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof FfiError ? error.with({ functionName, position }) : error
  }
}

function refuse(expected: string, got: string): FfiError {
  return new FfiError('ERR_FFI_SIGNATURE', { expected, got })
}
