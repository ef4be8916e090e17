// Turns calls on other threads into promises: arguments are encoded at once, results decoded when the calls come back.

import { releaseAll } from '../callback/live.js'
import { badOptions, FfiError } from '../error.js'
import { refusal, stack, top } from '../marshal/frame.js'
import { native } from '../native.js'
import { wrapStart } from '../ownership/call.js'
import { releaseAllDue } from '../ownership/release.js'
import { ownershipOf } from '../ownership/signature.js'
import type { AsyncOptions } from '../signature/infer.js'
import { onAbort } from './abort.js'
import { bindingOf } from './bind.js'
import { generateHalves, type Halves } from './generate.js'
import { compileSignature, type Description } from './signature.js'

/** Begins a call with one tuple of values. */
export type Start = (values: readonly unknown[], options?: unknown) => Promise<unknown>

/** A call that has begun. */
interface Pending {
  readonly functionName: string
  readonly decode: Halves['decode']
  /** Kept from being collected, and written when the call is over. */
  readonly views: readonly ArrayBufferView[]
  /** Callbacks that live as long as the call. */
  readonly callbacks: number[]
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
  /** Stops waiting for an abort. */
  forget: (() => void) | undefined
}

const pending = new Map<number, Pending>()

let isListening = false

/** The most threads that calls may have: `FFI_THREADS`, or as many as run at one time on this machine. */
function threadLimit(): number {
  const given = process.env['FFI_THREADS']
  if (given === undefined || given === '') return 0
  const count = Number(given)
  if (Number.isInteger(count) && count >= 1 && count <= 1024) return count
  throw badOptions('an asynchronous call', 'a whole number from 1 to 1024 in FFI_THREADS', given)
}

/**
 * Makes the function that begins calls of a described function.
 * @throws {FfiError} ERR_FFI_SIGNATURE
 */
export function bindAsync(name: string, description: Description): Start {
  const ownership = ownershipOf(name, description)
  return ownership === undefined ? bindPlain(name, description) : wrapStart(ownership, bindPlain(name, ownership.plain))
}

function bindPlain(name: string, description: Description): Start {
  const signature = compileSignature(name, description)
  const { submit, decode } = generateHalves(name, signature, bindingOf(name, description, signature))
  return (values, options) => {
    if (!Array.isArray(values)) throw badOptions(name, 'an array of values', values)
    const signal = signalOf(name, options)
    if (!isListening) {
      native.listen(settle, threadLimit())
      isListening = true
    }
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { ticket, views, callbacks } = submit(values)
    return new Promise((resolve, reject) => {
      const call: Pending = { functionName: name, decode, views, callbacks, resolve, reject, forget: undefined }
      pending.set(ticket, call)
      if (signal === undefined) return
      // A getter among the values may have aborted it.
      if (signal.aborted) cancel(ticket, call, signal.reason)
      else call.forget = onAbort(signal, () => cancel(ticket, call, signal.reason))
    })
  }
}

function signalOf(name: string, options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null) throw badOptions(name, 'an options object', options)
  const { signal } = options as AsyncOptions
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw badOptions(name, 'an AbortSignal as signal', signal)
}

/** A call that has started is not taken back: its promise tells how it ended. */
function cancel(ticket: number, call: Pending, reason: unknown): void {
  if (!native.cancel(ticket)) return
  releaseAllDue()
  pending.delete(ticket)
  releaseAll(call.callbacks)
  call.forget?.()
  call.reject(reason)
}

/** Settles the promises of the calls that have come back. */
function settle(): void {
  for (const ticket of native.completed()) {
    const call = pending.get(ticket)
    if (call === undefined) continue
    pending.delete(ticket)
    try {
      call.forget?.()
      call.resolve(collect(ticket, call))
    } catch (error) {
      call.reject(error instanceof FfiError ? error.with({ functionName: call.functionName }) : error)
    } finally {
      releaseAll(call.callbacks)
    }
  }
  // What was freed while these calls used it. A release that throws here has no call that could tell.
  releaseAllDue()
}

function collect(ticket: number, { functionName, decode, views }: Pending): unknown {
  const base = top()
  stack.u32[1] = ticket
  const out = native.collect(...views)
  if (stack.u32[(base >>> 2) + 1] !== 0) throw refusal(base, { functionName })
  return decode(out)
}
