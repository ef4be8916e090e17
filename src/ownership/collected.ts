// Turns the collection of pointers that own memory into calls of the functions that release it, and their errors into
// uncaught exceptions.
//
// Functions of libraries are called between two calls that make owned memory, so that a loop that never lets the event loop
// turn keeps a bounded number, and while the event loop turns. Functions of JavaScript's are called only then: a program does
// not expect its own code between two of its lines.

import { callbackFailure, isCallbackFailure } from '../callback/failure.js'
import { Field, refusal, stack, stackSize, top } from '../marshal/frame.js'
import { native } from '../native.js'
import { callCollected } from './release.js'

/** At most so many are released in one go; `BATCH` in native/node/src/napi/pointers.rs. */
const BATCH = 1024

/** After so many owned pointers it is looked whether old ones were collected. */
const OFTEN = 64

/** As many errors wait to be thrown; of the others, it is said how many there were. */
const MAX_WAITING = 8

const functionName = 'auto-free'

let handedOut = 0

/** One more owned pointer is the program's. */
export function noteHandedOut(): void {
  handedOut++
}

/** Has functions of libraries release as much as was handed out since the last time, now and then. */
export function releaseWhatIsOld(): void {
  if (handedOut < OFTEN) return
  for (let rest = handedOut; rest > 0; rest -= BATCH) releaseByLibraries()
  handedOut = 0
}

/** Releases a batch of what was collected, on an empty JavaScript stack. Whether there is more. */
export function releaseCollected(): boolean {
  const isLeft = releaseByLibraries()
  return callCollected(BATCH, throwLater) || isLeft
}

function releaseByLibraries(): boolean {
  const base = top()
  if (base + native.headerSize > stackSize) return false
  stack.view.setUint32(base + Field.Status, 0, true)
  const isLeft = native.releaseCollected()
  const status = stack.view.getUint32(base + Field.Status, true)
  // A release function has called JavaScript.
  if (isCallbackFailure(status)) throwLater(callbackFailure(status, functionName))
  else if (status !== 0) throwLater(refusal(base, { functionName }))
  return isLeft
}

let waiting = 0
let unsaid = 0

/** Throws what no call could throw: `uncaughtException`, as for any event handler. */
function throwLater(error: unknown): void {
  if (waiting === MAX_WAITING) {
    unsaid++
    return
  }
  waiting++
  queueMicrotask(() => {
    waiting--
    if (waiting === 0 && unsaid > 0) {
      process.emitWarning(`releases of collected memory threw ${unsaid} more times`, { type: 'FfiWarning' })
      unsaid = 0
    }
    throw error
  })
}
