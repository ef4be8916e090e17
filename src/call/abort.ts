// Turns one abort of a signal into the end of every call that waits with it, through a single listener.
//
// A listener for each call would be reported as a leak from the eleventh on.

interface Watch {
  readonly acts: Set<() => void>
  readonly listener: () => void
}

const watches = new WeakMap<AbortSignal, Watch>()

// Not what a caller may have put in their place on one signal.
const { addEventListener, removeEventListener } = EventTarget.prototype

/** Has `act` called when the signal is aborted. Returns what takes that back. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const { acts, listener } = watches.get(signal) ?? watch(signal)
  acts.add(act)
  return () => {
    if (!acts.delete(act) || acts.size > 0) return
    watches.delete(signal)
    removeEventListener.call(signal, 'abort', listener)
  }
}

function watch(signal: AbortSignal): Watch {
  const acts = new Set<() => void>()
  const listener = () => {
    for (const act of acts) act()
  }
  const made = { acts, listener }
  watches.set(signal, made)
  addEventListener.call(signal, 'abort', listener, { once: true })
  return made
}
