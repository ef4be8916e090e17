// Turns every refusal into one kind of error with a stable code and the facts that explain it.

import { types } from 'node:util'

/** Codes of refusals that TypeScript makes itself. The others are the core's (native/core/src/error.rs). */
export type FfiErrorCode =
  | 'ERR_FFI_TYPE'
  | 'ERR_FFI_RANGE'
  | 'ERR_FFI_ARITY'
  | 'ERR_FFI_OPTIONS'
  | 'ERR_FFI_STRING_NUL'
  | 'ERR_FFI_STRING_SURROGATE'
  | 'ERR_FFI_LIBRARY_CONFLICT'
  | 'ERR_FFI_NOT_POINTER'
  | 'ERR_FFI_ADDON'
  | 'ERR_FFI_CALLBACK_RESULT'
  | CoreCode

/** Codes of the core, in the order of their numbers from 1; a test compares the list with the addon's. */
export const CORE_CODES = [
  'ERR_FFI_LIBRARY_NOT_OPEN',
  'ERR_FFI_LIBRARY_CLOSED',
  'ERR_FFI_LIBRARY_LOAD',
  'ERR_FFI_SYMBOL_NOT_FOUND',
  'ERR_FFI_SYMBOL_NOT_FUNCTION',
  'ERR_FFI_VARIADIC',
  'ERR_FFI_SIGNATURE',
  'ERR_FFI_STACK_OVERFLOW',
  'ERR_FFI_USE_AFTER_FREE',
  'ERR_FFI_DOUBLE_FREE',
  'ERR_FFI_ALLOCATOR_MISMATCH',
  'ERR_FFI_NOT_OWNER',
  'ERR_FFI_OUT_OF_BOUNDS',
  'ERR_FFI_BAD_ADDRESS',
  'ERR_FFI_NULL_POINTER',
  'ERR_FFI_MISALIGNED',
  'ERR_FFI_POINTER_TYPE',
  'ERR_FFI_BUFFER_DETACHED',
  'ERR_FFI_OUT_OF_MEMORY',
  'ERR_FFI_STRING_UNTERMINATED',
  'ERR_FFI_INTERNAL',
  'ERR_FFI_OVERRUN',
  'ERR_FFI_NOT_PINNABLE',
  'ERR_FFI_QUEUE_FULL',
  'ERR_FFI_CALLBACK_THREW',
  'ERR_FFI_CALLBACK_RELEASED',
  'ERR_FFI_CALLBACK_DEADLOCK',
  'ERR_FFI_MOVED',
  'ERR_FFI_FORK',
] as const

/** One of {@link CORE_CODES}. */
export type CoreCode = (typeof CORE_CODES)[number]

/** What is known of a refusal besides its code. */
export interface FfiErrorFacts {
  /** The foreign function, or the exported function of Holdfast. */
  functionName?: string | undefined
  /** The guilty argument, counted from 0. */
  position?: number | undefined
  /** Where inside the argument or the memory, e.g. `.name` or `[3].x`. */
  path?: string | undefined
  /** What would have been accepted. */
  expected?: string | undefined
  /** What was met. */
  got?: string | undefined
  /** What else there is to say. */
  detail?: string | undefined
}

/** Thrown for everything a program can do wrong with Holdfast. `code` is stable, the message is for people. */
export class FfiError extends Error {
  override readonly name = 'FfiError'
  /** What went wrong, stable across releases. */
  readonly code: FfiErrorCode
  /** The foreign function, or the exported function of Holdfast. */
  readonly functionName: string | undefined
  /** The guilty argument, counted from 0. */
  readonly position: number | undefined
  /** Where inside the argument or the memory, e.g. `.name` or `[3].x`. */
  readonly path: string | undefined
  /** What would have been accepted. */
  readonly expected: string | undefined
  /** What was met. */
  readonly got: string | undefined
  /** What else there is to say. */
  readonly detail: string | undefined

  constructor(code: FfiErrorCode, facts: FfiErrorFacts = {}) {
    super(sentence(code, facts))
    this.code = code
    this.functionName = facts.functionName
    this.position = facts.position
    this.path = facts.path
    this.expected = facts.expected
    this.got = facts.got
    this.detail = facts.detail
  }

  /** The same refusal with more facts; those already known stay. */
  with(facts: FfiErrorFacts): FfiError {
    const { functionName, position, path, expected, got, detail } = this
    const known = Object.entries({ functionName, position, path, expected, got, detail })
    return remake(this.code, { ...facts, ...Object.fromEntries(known.filter(([, fact]) => fact !== undefined)) })
  }

  /** The same refusal, met `step` further out. */
  within(step: string): FfiError {
    return remake(this.code, { ...this, path: step + (this.path ?? '') })
  }
}

// Outside the class: a class that names itself is renamed by the bundler.
function remake(code: FfiErrorCode, facts: FfiErrorFacts): FfiError {
  return new FfiError(code, facts)
}

const WORDS: Partial<Record<FfiErrorCode, string>> = {
  ERR_FFI_USE_AFTER_FREE: 'the memory behind the pointer was freed',
  ERR_FFI_DOUBLE_FREE: 'the memory behind the pointer was freed before',
  ERR_FFI_LIBRARY_CLOSED: 'its library was closed',
  ERR_FFI_LIBRARY_NOT_OPEN: 'its library is not open',
  ERR_FFI_STACK_OVERFLOW: 'the arguments do not fit the call stack, or calls are nested too deeply',
  ERR_FFI_OUT_OF_BOUNDS: 'the access leaves the known extent of the memory',
  ERR_FFI_BAD_ADDRESS: 'there is no accessible memory at the address',
  ERR_FFI_NULL_POINTER: 'the pointer is NULL',
  ERR_FFI_MISALIGNED: 'the address is not aligned for the type',
  ERR_FFI_POINTER_TYPE: 'the memory is known to hold no pointer where the type has one',
  ERR_FFI_BUFFER_DETACHED: 'the JavaScript buffer behind the memory was detached',
  ERR_FFI_OUT_OF_MEMORY: 'the memory needed is not to be had',
  ERR_FFI_STRING_UNTERMINATED: 'the string does not end within its memory',
  ERR_FFI_STRING_NUL: 'a NUL inside a string would cut it short in C',
  ERR_FFI_STRING_SURROGATE: 'a lone surrogate has no UTF-8 form',
  ERR_FFI_ALLOCATOR_MISMATCH: 'the memory belongs to another allocator',
  ERR_FFI_NOT_PINNABLE:
    'the memory refers to JavaScript buffers, which another thread could take away while the call runs',
  ERR_FFI_QUEUE_FULL: 'too many asynchronous calls are pending: await some of them first',
  ERR_FFI_NOT_OWNER: 'the pointer does not own the memory',
  ERR_FFI_MOVED: 'the memory behind the pointer was handed over to C',
  ERR_FFI_OVERRUN: 'C wrote outside of the memory that it was given',
  ERR_FFI_CALLBACK_THREW: 'a callback could not run to its end: the JavaScript stack is exhausted',
  ERR_FFI_FORK: 'the function would fork the process',
  ERR_FFI_CALLBACK_RELEASED: 'C called a callback that was released, and got zero',
}

function sentence(code: FfiErrorCode, facts: FfiErrorFacts): string {
  const { functionName, position, path = '', expected, got, detail } = facts
  const argument = position === undefined ? path && `at ${path}` : `argument ${position}${path}`
  const where = [functionName, argument].filter(Boolean).join(', ')
  const clash = expected === undefined ? '' : `expected ${expected}${got === undefined ? '' : `, got ${got}`}`
  const what = [clash, detail || (clash ? '' : WORDS[code])].filter(Boolean).join('; ')
  return `${where}${where && what ? ': ' : ''}${what} [${code}]`
}

/** Names a value for a message without running any of its code. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 24 ? `a string of ${value.length} characters` : `string ${JSON.stringify(value)}`
    case 'number':
    case 'boolean':
      return `${typeof value} ${value}`
    case 'bigint':
      return `bigint ${value}n`
    case 'object':
      return value === null ? 'null' : describeObject(value)
    default:
      return typeof value
  }
}

function describeObject(value: object): string {
  if (types.isProxy(value)) return 'a Proxy'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (types.isExternal(value)) return 'an External of another addon'
  if (types.isArrayBufferView(value)) return 'a view of a buffer'
  if (types.isAnyArrayBuffer(value)) return 'a buffer'
  return types.isPromise(value) ? 'a Promise' : 'an object'
}

/** A value of the wrong kind. */
export function mismatch(expected: string, got: unknown): FfiError {
  return new FfiError('ERR_FFI_TYPE', { expected, got: describe(got) })
}

/** A call of an exported function that is malformed as a whole. */
export function badOptions(functionName: string, expected: string, got: unknown): FfiError {
  return new FfiError('ERR_FFI_OPTIONS', { functionName, expected, got: describe(got) })
}
