// Keeps the functions that C may call, each at its closure's number, and runs them when the core says so.

import { badOptions, FfiError } from '../error.js'
import { Field, Operand, stack, stackSize } from '../marshal/frame.js'
import type { Scratch } from '../marshal/scratch.js'
import { native, Operation } from '../native.js'
import type { Handle } from '../pointer/pointer.js'
import type { CompiledCallback, Run, UserFunction } from './compile.js'
import { CALLBACK_THREW, reportError, reportRefusal } from './failure.js'

/** A function at its closure's number; without one, it was released. The core keeps the number until C has forgotten it. */
interface Live {
  fn: UserFunction | undefined
  run: Run
  /** For messages. */
  name: string
  /** The warning about its release was given. */
  warned: boolean
}

const { u32 } = stack
const { operationSize } = native

const callbacks: (Live | undefined)[] = []

let started = false

function start(): void {
  started = true
  native.startCallbacks(dispatch)
  const timeout = Number(process.env['FFI_CALLBACK_TIMEOUT'])
  if (timeout > 0) native.setCallbackTimeout(Math.min(timeout, MAX_TIMEOUT))
  // Threads that wait for an answer would wait for ever.
  process.once('exit', () => native.closeCallbacks())
}

/** Runs the callback whose frame the core has written. */
function dispatch(overflow?: ArrayBuffer): ArrayBufferView | undefined {
  const base = u32[1] as number
  const w = base >>> 2
  const live = callbacks[u32[w] as number]
  try {
    const fn = live?.fn
    if (u32[w + Field.Status / 4] === 0 && live !== undefined && fn !== undefined) {
      return live.run(fn, base, overflow)
    }
    reportRefusal(base, live)
  } catch (error) {
    u32[w + Field.Status / 4] = CALLBACK_THREW
    reportError(error, base, live?.name)
  }
  return undefined
}

/** Begins an operation on a callback in a frame of its own. Returns where that is, in words. */
function operand(number: number): number {
  const base = u32[0] as number
  if (base + operationSize > stackSize) throw new FfiError('ERR_FFI_STACK_OVERFLOW')
  const w = base >>> 2
  u32[w + Operand.Number / 4] = number
  return w
}

/**
 * Makes a function callable for as long as a call's scratch. Returns the slot of its code's record, `scratch.high` the
 * generation.
 */
export function arm(compiled: CompiledCallback, fn: UserFunction, scratch: Scratch): number {
  if (!started) start()
  // May run code of the program's; nothing is made yet.
  const { name } = fn
  const w = operand(compiled.plan)
  native.arm()
  if (u32[w + Field.Status / 4] !== 0) {
    throw new FfiError('ERR_FFI_OUT_OF_MEMORY', { detail: native.explain() || 'no memory that may be executed' })
  }
  const number = u32[w + Operand.Number / 4] as number
  callbacks[number] = { fn, run: compiled.run, name: typeof name === 'string' ? name : '', warned: false }
  scratch.callbacks.push(number)
  scratch.high = u32[w + Operand.Generation / 4] as number
  return u32[w + Operand.Slot / 4] as number
}

/** Releases callbacks whose call is over. */
export function releaseAll(numbers: number[]): void {
  // Setting an array's length costs more than taking its items out.
  for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
    operand(number)
    native.disarm()
    forget(number)
  }
}

/** Callbacks end with a block from here on. */
export function giveAll(numbers: number[], block: Handle): void {
  const { slot, generation } = block
  for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
    const w = operand(number)
    u32[w + Operand.Slot / 4] = slot
    u32[w + Operand.Generation / 4] = generation
    native.operate(Operation.Give)
  }
}

/** Lets go of the functions of callbacks that the core has released, their numbers being words where a reader is. */
export function forgetAll({ view, origin }: { view: DataView; origin: number }, count: number): void {
  for (let i = 0; i < count; i++) forget(view.getUint32(origin + 4 * i, true))
}

function forget(number: number): void {
  const live = callbacks[number]
  if (live !== undefined) live.fn = undefined
}

/** What a callback is called in messages. */
export function nameOf(number: number): string {
  return callbacks[number]?.name || 'a callback'
}

const MAX_TIMEOUT = 2 ** 31

/** Sets how long a thread waits for JavaScript that sits in one foreign call. @throws {FfiError} ERR_FFI_OPTIONS */
export function setCallbackTimeout(milliseconds: unknown): void {
  if (typeof milliseconds !== 'number' || !(milliseconds >= 1 && milliseconds <= MAX_TIMEOUT)) {
    throw badOptions('configure', 'milliseconds from 1 to 2^31 as callbackTimeout', milliseconds)
  }
  if (!started) start()
  native.setCallbackTimeout(Math.floor(milliseconds))
}
