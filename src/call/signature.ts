// Turns the types of a function into its compiled signature: C types, codecs, and the core's plan of the frame.

import { FfiError } from '../error.js'
import { lifetimes, native, refusable } from '../native.js'
import { type CompiledType, compileType } from '../signature/compile.js'
import { textOf } from '../signature/ctype.js'
import { ctypeOf, type Role } from '../signature/describe.js'
import { promoted } from '../signature/scalar.js'
import type { Snapshot } from '../signature/snapshot.js'

/** What a function's description says, as copied from the caller. */
export interface Description {
  readonly library: string
  readonly retType: Snapshot
  readonly paramsType: readonly Snapshot[]
  readonly errno: boolean
  readonly freeResultMemory: boolean
  readonly strict: boolean
  /** How many of the parameters come before C's `...`; undefined for a function that has none. */
  readonly variadic: number | undefined
  readonly runInNewThread: boolean
}

/** A compiled signature. The core forgets the plan when this is collected. */
export interface Signature {
  readonly plan: number
  readonly text: string
  readonly parameters: readonly CompiledType[]
  readonly result: CompiledType
  /** Bytes of the frame before scratch. */
  readonly frameSize: number
  readonly resultOffset: number
  /** Of each parameter's slot. */
  readonly offsets: readonly number[]
  readonly errno: boolean
  readonly strict: boolean
}

/**
 * Compiles a signature. C takes over the memory of the arguments at the positions of `consumed`.
 * @throws {FfiError} ERR_FFI_SIGNATURE naming the function and the parameter.
 */
export function compileSignature(name: string, description: Description, consumed: readonly number[] = []): Signature {
  const { errno, freeResultMemory, strict } = description
  const compiled = (snapshot: Snapshot, role: Role, position?: number, inTail = false): CompiledType => {
    try {
      const type = ctypeOf(snapshot, role)
      const isPromoted = inTail && type.kind === 'scalar'
      return compileType(isPromoted ? { ...type, scalar: promoted(type.scalar) } : type, strict, name)
    } catch (error) {
      throw error instanceof FfiError ? error.with({ functionName: name, position }) : error
    }
  }
  const result = compiled(description.retType, 'result')
  const fixed = description.variadic ?? description.paramsType.length
  const parameters = description.paramsType.map((snapshot, i) => compiled(snapshot, 'parameter', i, i >= fixed))
  const texts = parameters.map((parameter) => textOf(parameter.type))
  const tail = description.variadic === undefined ? '' : `;${texts.splice(fixed).join(',')}`
  const text = `${textOf(result.type)}(${texts.join(',')}${tail})`
  const numbers = refusable({ functionName: name }, () =>
    native.compile(text, errno, freeResultMemory, Uint32Array.from(consumed)),
  )
  const [plan, frameSize, resultOffset, ...offsets] = numbers as [number, number, number, ...number[]]
  const signature = { plan, text, parameters, result, frameSize, resultOffset, offsets, errno, strict }
  lifetimes.plans.register(signature, plan)
  return signature
}
