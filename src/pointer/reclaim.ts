// Turns a collection into the release of what the collected pointers owned, while the event loop turns.
//
// The core looks for itself whenever pointers are made (native/node/src/napi/watches.rs). This is for programs that make no
// more of them: one object that nobody keeps tells of every collection.

import { native, refusable } from '../native.js'
import { releaseCollected } from '../ownership/collected.js'
import { startCohort } from './cohort.js'

const collections = new FinalizationRegistry(() => {
  startCohort()
  sweep(true)
  watchForNext()
})

function watchForNext(): void {
  collections.register({}, undefined)
}

/**
 * Looks at a bounded number of pointers and releases a bounded number of what collected ones owned; goes on in later turns of
 * the event loop, which does not wait for it.
 */
function sweep(isNew: boolean): void {
  let isLeft = true
  try {
    isLeft = refusable({ functionName: 'auto-free' }, () => native.sweep(isNew))
  } catch (error) {
    // C has written around a guarded block that nobody freed: there is no call to throw this from.
    process.emitWarning(error as Error)
  }
  isLeft = releaseCollected() || isLeft
  if (isLeft) setImmediate(sweep, false).unref()
}

watchForNext()
