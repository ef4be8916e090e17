// Turns what goes wrong in a callback into an error of the call that was running, or of the process when none was.

import { CORE_CODES, FfiError } from '../error.js'
import { Field, refusal, stack } from '../marshal/frame.js'
import { native } from '../native.js'
import { nameOf } from './live.js'

/** Status numbers of a call during which a callback failed. */
export const CALLBACK_THREW: number = CORE_CODES.indexOf('ERR_FFI_CALLBACK_THREW') + 1
const CALLBACK_DEADLOCK = CORE_CODES.indexOf('ERR_FFI_CALLBACK_DEADLOCK') + 1
const CALLBACK_RELEASED = CORE_CODES.indexOf('ERR_FFI_CALLBACK_RELEASED') + 1

/** What a callback threw while a call was running: thrown from the outermost of them when that returns. */
let pending: { readonly error: unknown; later: number } | undefined

/** As many later errors of one call are reported one by one; of the others, how many there were. */
const MAX_LATER = 8

/** An error met in a callback. The first is kept for the call that is running, later ones become warnings. */
export function reportError(error: unknown, base: number, name: string | undefined): void {
  const named = error instanceof FfiError ? error.with({ functionName: name || 'a callback' }) : error
  if (stack.u32[(base + Field.Errno) >>> 2] !== 0) {
    // No call is running: `uncaughtException`, as for any event handler.
    queueMicrotask(() => {
      throw named
    })
  } else if (pending === undefined) {
    pending = { error: named, later: 0 }
  } else if (++pending.later <= MAX_LATER) {
    const detail = named instanceof Error ? named.stack : undefined
    warn(
      'ERR_FFI_CALLBACK_THREW',
      'a callback threw again before the call that will throw its first error returned',
      detail,
    )
  }
}

/** The core refused to run a callback: it was released, or its arguments or result are bad. */
export function reportRefusal(base: number, live: { readonly name: string; warned: boolean } | undefined): void {
  const name = live?.name
  const status = stack.u32[(base + Field.Status) >>> 2]
  if (status === CALLBACK_RELEASED || status === 0) {
    if (live?.warned) return
    if (live !== undefined) live.warned = true
    const error = new FfiError('ERR_FFI_CALLBACK_RELEASED', { functionName: name || 'a callback' })
    warn(error.code, error.message)
    return
  }
  reportError(refusal(base, { functionName: name || 'a callback' }), base, name)
}

/** Whether a call's status says that a callback failed meanwhile. */
export function isCallbackFailure(status: number): boolean {
  return status === CALLBACK_THREW || status === CALLBACK_DEADLOCK
}

/** What a call throws during which a callback failed. */
export function callbackFailure(status: number, functionName: string): unknown {
  const first = pending
  pending = undefined
  if (first !== undefined && first.later > MAX_LATER) {
    warn(
      'ERR_FFI_CALLBACK_THREW',
      `callbacks threw ${first.later - MAX_LATER} more times during a call of ${functionName}`,
    )
  }
  const words = native.explain()
  const deadlock = words === '' ? undefined : deadlockOf(words)
  if (status === CALLBACK_DEADLOCK && first === undefined) {
    return deadlock ?? new FfiError('ERR_FFI_CALLBACK_DEADLOCK', { functionName })
  }
  if (deadlock !== undefined) warn(deadlock.code, deadlock.message)
  return first === undefined ? new FfiError('ERR_FFI_CALLBACK_THREW', { functionName }) : first.error
}

/** `words` are the function's name and the callback's number. */
function deadlockOf(words: string): FfiError {
  const [functionName, number] = words.split(' ')
  const detail = `it did not return while another thread waited for '${nameOf(Number(number))}'; C got zero`
  return new FfiError('ERR_FFI_CALLBACK_DEADLOCK', { functionName, detail })
}

function warn(code: string, message: string, detail?: string): void {
  process.emitWarning(message, { type: 'FfiWarning', code, ...(detail === undefined ? {} : { detail }) })
}
