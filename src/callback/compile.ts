// Turns the type of a callback into the function that runs it: reads a frame's arguments, calls, writes the result.

import { decodeScalar, encodeScalar } from '../call/slots.js'
import { FfiError, mismatch } from '../error.js'
import { stack } from '../marshal/frame.js'
import { exactLong } from '../marshal/number.js'
import { returnScratch, takeScratch } from '../marshal/scratch.js'
import { compileSource } from '../marshal/source.js'
import { lifetimes, native, refusable } from '../native.js'
import { readerAt } from '../pointer/operation.js'
import { adopt, pushHandle } from '../pointer/pointer.js'
import { type CompiledType, compileType } from '../signature/compile.js'
import { type CallbackType, type CType, signatureOf, textOf } from '../signature/ctype.js'

/** A function that a program passes to C. */
export type UserFunction = (...values: unknown[]) => unknown

/** Runs a function on a frame. Returns the buffer with the result where that does not fit the call stack. */
export type Run = (fn: UserFunction, base: number, overflow: ArrayBuffer | undefined) => ArrayBufferView | undefined

/** A compiled callback. The core forgets the plan when this is collected. */
export interface CompiledCallback {
  readonly plan: number
  readonly run: Run
}

/**
 * Compiles a callback.
 * @throws {FfiError} ERR_FFI_SIGNATURE
 */
export function compileCallback(type: CallbackType): CompiledCallback {
  const functionName = 'funcConstructor'
  const text = signatureOf(type, textOf)
  const numbers = refusable({ functionName }, () => native.compileCallback(text, type.freesArguments, type.nonblocking))
  const [plan, frameSize, resultOffset, ...offsets] = numbers as [number, number, number, ...number[]]
  const parameters = type.parameters.map((parameter) => compileType(parameter, false, functionName))
  const result = compileType(type.result, false, functionName)
  const compiled = { plan, run: generate(parameters, offsets, result, resultOffset, frameSize) }
  lifetimes.callbacks.register(compiled, plan)
  return compiled
}

/** What every generated function uses; asked for late, as the modules of pointers and codecs need this one too. */
const shared = () => ({
  ...stack,
  adopt,
  pushHandle,
  readerAt,
  exactLong,
  floor: Math.floor,
  trunc: Math.trunc,
  fround: Math.fround,
  /** The names that the source of a scalar's slot calls; only a result is encoded here. */
  locate: (error: unknown) => resultError(error),
})

function generate(
  parameters: readonly CompiledType[],
  offsets: readonly number[],
  result: CompiledType,
  resultOffset: number,
  frameSize: number,
): Run {
  const scope: Record<string, unknown> = { ...shared(), reject: rejecter(result.type) }
  parameters.forEach(({ codec }, i) => {
    scope[`decode${i}`] = codec.decode
  })
  if (result.type.kind === 'scalar') scope['scalar0'] = result.type.scalar
  scope['encodeData'] = dataEncoder(result, resultOffset, frameSize)
  const start = offsets[0] ?? frameSize
  const values = parameters.map(({ type }, i) => argument(type, i, offsets[i] as number, start))
  const reads = parameters.some(({ type }) => isRead(type))
  return compileSource('callback', scope, [
    'return function run(fn, base, overflow) {',
    'const w = base >>> 2',
    'let n',
    ...(reads ? [`const reader = readerAt(base + ${start}, overflow)`] : []),
    ...encodeResult(result.type, `fn(${values.join(', ')})`, resultOffset / 4),
    '}',
  ])
}

/** Whether a value is decoded from bytes, not from its slot alone. */
function isRead(type: CType): boolean {
  return type.kind !== 'scalar' && type.kind !== 'handle' && type.kind !== 'callback'
}

function argument(type: CType, i: number, offset: number, start: number): string {
  const at = offset / 4
  if (type.kind === 'scalar') return decodeScalar(type.scalar, at)
  if (isRead(type)) return `decode${i}(reader, ${offset - start})`
  return `adopt(u32[w + ${at}], u32[w + ${at + 1}])`
}

function encodeResult(type: CType, call: string, at: number): string[] {
  if (type.kind === 'scalar' && type.scalar.carrier === 'void') return [call]
  const value = `const value = ${call}`
  if (type.kind === 'scalar') return [value, ...encodeScalar(type.scalar, 'value', 0, at, false)]
  if (isRead(type)) return [`return encodeData(${call}, base)`]
  return [value, `if (!pushHandle(value, w + ${at})) reject(0, value)`]
}

function rejecter(type: CType): (position: number, value: unknown) => never {
  const expected =
    type.kind !== 'scalar'
      ? 'a Pointer or null'
      : type.scalar.carrier === 'boolean'
        ? 'a boolean'
        : type.scalar.carrier === 'long' || type.scalar.carrier === 'bigint'
          ? 'a number or bigint'
          : 'a number'
  return (_, value) => {
    throw resultError(mismatch(expected, value))
  }
}

/** The error for a result that C cannot be given; what the program's own code threw stays as it is. */
function resultError(error: unknown): unknown {
  if (!(error instanceof FfiError)) return error
  const { functionName, path, expected, got, detail } = error
  return new FfiError('ERR_FFI_CALLBACK_RESULT', { functionName, path, expected, got, detail: detail ?? error.code })
}

/** Writes a result that needs memory of its own into the frame's scratch, from which the core copies it. */
function dataEncoder({ layout, codec }: CompiledType, resultOffset: number, frameSize: number) {
  return (value: unknown, base: number): ArrayBufferView | undefined => {
    const scratch = takeScratch()
    try {
      scratch.begin(base, frameSize)
      scratch.outlives = true
      const low = codec.refer?.(value, scratch) ?? scratch.alloc(layout.size, layout.align)
      if (codec.refer === undefined) codec.encode(value, scratch, low)
      scratch.seal()
      stack.u32[(base + resultOffset) >>> 2] = low
      stack.u32[(base + resultOffset + 4) >>> 2] = 0
      return scratch.views[0]
    } catch (error) {
      throw resultError(error)
    } finally {
      returnScratch(scratch, base)
    }
  }
}
