// Turns a compiled signature into the function that users call: checks, writes the frame, enters the core, decodes.
//
// The source is made of table rows and offsets; each function is compiled on its own, so that V8 optimises it for itself.
// Two forms. *Plain*: scalars, pointers, strings and buffers are encoded without running any code of the caller's, so the frame
// needs no protection. *Guarded*: arrays and structs may have getters that call again, so the frame is reserved meanwhile.

import { isFilled } from '../marshal/buffer.js'
import { Field, stack, stackSize } from '../marshal/frame.js'
import { exactLong } from '../marshal/number.js'
import { returnScratch, takeScratch } from '../marshal/scratch.js'
import { compileSource } from '../marshal/source.js'
import { putShort, takeText } from '../marshal/text.js'
import { native } from '../native.js'
import { readerAt } from '../pointer/operation.js'
import { adopt, pushHandle } from '../pointer/pointer.js'
import type { CompiledType } from '../signature/compile.js'
import type { Scalar } from '../signature/scalar.js'
import { doorFor, enterGuarded, enterPlain, enterSubmit } from './enter.js'
import { errnoMessage } from './errno.js'
import { isBytes, isFlat, isPlain, isText } from './forms.js'
import type { Signature } from './signature.js'
import { decodeScalar, encodeScalar } from './slots.js'

/** A function that takes one tuple or the values one by one. */
export type Callable = (...values: unknown[]) => unknown

/** What the generated function needs of the one who binds it. */
export interface Binding {
  /** After a refused call: throws, or binds the function anew and returns its number so that the call is made again. */
  recover(base: number): number
  /** Throws for an argument of the wrong type. */
  reject(position: number, value: unknown): never
  /** Adds the function's name and the position to an error met in an argument. */
  locate(error: unknown, position: number): unknown
  /** Throws for a wrong number of arguments. */
  arity(values: ArrayLike<unknown>): never
}

/** Generates the function. */
export function generate(name: string, signature: Signature, binding: Binding): Callable {
  const plain = signature.parameters.every((parameter) => isPlain(parameter.type))
  const guarded = guardedSource(signature, !plain)
  const lines = plain ? [...plainSource(signature), ...guarded] : guarded
  const scope = scopeOf(signature, binding)
  const entry = plain ? 'plain' : 'guarded'
  return compileSource(name, scope, ['let id = 0', ...lines, `return ${entry}`])
}

/** The two halves of a call on another thread. */
export interface Halves {
  /** Encodes, and begins the call. Its number, and the buffers and the callbacks among its arguments. */
  readonly submit: (...values: unknown[]) => { ticket: number; views: readonly ArrayBufferView[]; callbacks: number[] }
  /** Decodes what `collect` has left in the top frame; `out` is what it has returned. */
  readonly decode: (out: unknown) => unknown
}

/** Generates the halves of an asynchronous call: the guarded form, cut where it enters the core. */
export function generateHalves(name: string, signature: Signature, binding: Binding): Halves {
  const begun = [
    ...enterSubmit(),
    'return { ticket: out, views: scratch.takeViews(), callbacks: scratch.takeCallbacks() }',
  ]
  const decode = [
    'function decode(out) {',
    'const base = u32[0], w = base >>> 2',
    'let n',
    ...resultSource(signature),
    '}',
  ]
  const lines = [
    'let id = 0',
    ...guardedSource(signature, true, begun),
    ...decode,
    'return { submit: guarded, decode }',
  ]
  return compileSource(name, scopeOf(signature, binding), lines)
}

function scopeOf(signature: Signature, binding: Binding): Record<string, unknown> {
  const scope: Record<string, unknown> = {
    ...shared,
    errnoMessage,
    ...binding,
    door: doorFor(signature),
    decodeResult: signature.result.codec.decode,
  }
  signature.parameters.forEach((parameter, i) => {
    scope[`encode${i}`] = parameter.codec.encode
    scope[`refer${i}`] = parameter.codec.refer
    if (parameter.type.kind === 'scalar') scope[`scalar${i}`] = parameter.type.scalar
  })
  return scope
}

const { invoke, invokeFor, invokeViews, submit } = native
const shared = {
  ...stack,
  stackSize,
  invoke,
  invokeFor,
  invokeViews,
  submit,
  adopt,
  pushHandle,
  putShort,
  takeText,
  isFilled,
  exactLong,
  readerAt,
  takeScratch,
  returnScratch,
  isArray: Array.isArray,
  isView: ArrayBuffer.isView,
  floor: Math.floor,
  trunc: Math.trunc,
  fround: Math.fround,
}

function names(signature: Signature): string[] {
  return signature.parameters.map((_, i) => `a${i}`)
}

/** Takes the values out of a tuple, and refuses a wrong number of them. */
function unpackSource(list: readonly string[]): string[] {
  const count = list.length
  const wrong = '{ arity(arguments) }'
  const take = list.map((name, i) => `${name} = tuple[${i}]`).join('; ')
  const unpack = `{ const tuple = a0; if (!isArray(tuple) || tuple.length !== ${count}) arity(arguments[0] === tuple && isArray(tuple) ? tuple : arguments); ${take} }`
  if (count === 0) {
    return [
      'if (arguments.length !== 0 && !(arguments.length === 1 && isArray(arguments[0]) && arguments[0].length === 0)) arity(arguments)',
    ]
  }
  if (count === 1) {
    return [`if (arguments.length !== 1) ${wrong}`, `if (typeof a0 === 'object' && isArray(a0)) ${unpack}`]
  }
  return [`if (arguments.length !== ${count}) { if (arguments.length !== 1) ${wrong} ${unpack} }`]
}

function plainSource(signature: Signature): string[] {
  const list = names(signature)
  const { parameters, offsets, frameSize } = signature
  const hasText = parameters.some(({ type }) => type.kind === 'text')
  const views = parameters.flatMap(({ type }, i) => (isBytes(type) ? [`v${i}`] : []))
  const again = `return guarded(${list.join(', ')})`
  const lines = [`function plain(${list.join(', ')}) {`, ...unpackSource(list), 'const base = u32[0], w = base >>> 2']
  if (hasText || views.length > 0) {
    // Without room for the shortest strings, the guarded form finds scratch elsewhere.
    lines.push(`if (base + ${frameSize + 32 * parameters.length} > stackSize) ${again}`, `let end = ${frameSize}`)
  }
  let view = 0
  parameters.forEach(({ type }, i) => {
    const at = (offsets[i] as number) / 4
    if (type.kind === 'scalar') lines.push(...encodeScalar(type.scalar, `a${i}`, i, at, signature.strict))
    else if (type.kind === 'handle') lines.push(`if (!pushHandle(a${i}, w + ${at})) reject(${i}, a${i})`)
    else if (type.kind === 'text') lines.push(...encodeText(i, at, again))
    else lines.push(...encodeView(i, at, view++, again))
  })
  if (hasText || views.length > 0) lines.push(...header('end', 0))
  return [...lines, ...enterPlain(signature, views, again), ...resultSource(signature), '}']
}

/** Header words for scratch without references. */
function header(end: string, count: number): string[] {
  const word = (field: number) => `u32[w + ${field / 4}]`
  return [
    `${word(Field.ScratchEnd)} = ${end}`,
    `${word(Field.FixupCount)} = ${count}`,
    `${word(Field.HeapScratch)} = 0`,
  ]
}

function encodeText(i: number, at: number, again: string): string[] {
  return [
    `if (typeof a${i} === 'string') {`,
    `const size = putShort(a${i}, base + end)`,
    `if (size === 0) ${again}`,
    `u32[w + ${at}] = end; u32[w + ${at + 1}] = 0; end += size`,
    `} else if (a${i} === null) { u32[w + ${at}] = 0; u32[w + ${at + 1}] = 0 } else reject(${i}, a${i})`,
  ]
}

function encodeView(i: number, at: number, number: number, again: string): string[] {
  return [
    // Plain arrays, NULL and buffers without a view are rarer: the guarded form knows them. So are empty ones, see `enter`.
    `if (!isView(a${i})) ${again}`,
    `const v${i} = a${i}; u32[w + ${at}] = ${number}; u32[w + ${at + 1}] = 1`,
  ]
}

function guardedSource(signature: Signature, isEntry: boolean, enter?: readonly string[]): string[] {
  const list = names(signature)
  // Behind the plain form the values are unpacked already: a list that is left is a value.
  const lines = [`function guarded(${list.join(', ')}) {`, ...(isEntry ? unpackSource(list) : [])]
  lines.push('const base = u32[0], w = base >>> 2, scratch = takeScratch()', 'let position = 0', 'try {')
  lines.push(`scratch.begin(base, ${signature.frameSize})`)
  lines.push('try {')
  // Values that are written last cannot be overwritten by what user code does while others are read.
  signature.parameters.forEach((parameter, i) => {
    lines.push(`position = ${i}`, ...encodeGuarded(signature, parameter, i))
  })
  lines.push('} catch (error) { throw locate(error, position) }', 'scratch.seal()')
  lines.push(...(enter ?? [...enterGuarded(signature), ...resultSource(signature)]))
  return [...lines, '} finally { returnScratch(scratch, base) }', '}']
}

function encodeGuarded(signature: Signature, { type, layout }: CompiledType, i: number): string[] {
  const at = (signature.offsets[i] as number) / 4
  switch (type.kind) {
    case 'scalar':
      return encodeScalar(type.scalar, `a${i}`, i, at, signature.strict)
    case 'handle':
      return [`if (!pushHandle(a${i}, w + ${at})) reject(${i}, a${i})`]
    case 'text':
    case 'reference':
    case 'callback':
      return [`{ const low = refer${i}(a${i}, scratch); u32[w + ${at}] = low; u32[w + ${at + 1}] = scratch.high }`]
    default:
      return [
        `{ const low = scratch.alloc(${layout.size}, ${layout.align}); encode${i}(a${i}, scratch, low)`,
        `u32[w + ${at}] = low; u32[w + ${at + 1}] = 0 }`,
      ]
  }
}

function resultSource(signature: Signature): string[] {
  const value = resultValue(signature)
  if (!signature.errno) return [`return ${value}`]
  return [
    `const code = i32[w + ${Field.Errno / 4}]`,
    `return { errnoCode: code, errnoMessage: errnoMessage(code), value: ${value} }`,
  ]
}

function resultValue({ result, resultOffset, frameSize }: Signature): string {
  const { type } = result
  const at = resultOffset / 4
  if (type.kind === 'scalar') return decodeScalar(type.scalar as Scalar, at)
  if (type.kind === 'handle' || type.kind === 'callback') return `adopt(u32[w + ${at}], u32[w + ${at + 1}])`
  if (isText(type)) return `takeText(u32[w + ${at}], base + ${resultOffset + 8})`
  if (isFlat(type)) return `decodeResult({ view, bytes, origin: base + ${resultOffset} }, 0)`
  return `decodeResult(readerAt(base + ${frameSize}, out), 0)`
}
