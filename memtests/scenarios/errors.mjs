// Turns every code that JavaScript can reach into its error, thousands of times, with nothing left behind.
import assert from 'node:assert/strict'
import { ALL_CODES } from '../codes.mjs'
import { concurrentMistakes, overrunMistake } from '../concurrent-mistakes.mjs'
import { mistakes } from '../mistakes.mjs'

/** Bad addresses are read here, and malloc's bookkeeping before blocks that are none. */
export const probes = true

export const variants = { guarded: { FFI_GUARD: '1', FFI_GUARD_QUARANTINE: String(2 ** 20) } }

/**
 * What is not reached here: a mistake in the core; arguments of gigabytes, for which a tool has no room; no addon; `fork`, which
 * a sanitizer replaces by its own, and that would be called.
 */
const OUT_OF_REACH = ['ERR_FFI_INTERNAL', 'ERR_FFI_OUT_OF_MEMORY', 'ERR_FFI_ADDON', 'ERR_FFI_FORK']

function isCode(code) {
  return (error) => {
    assert.equal(`${error.name} ${error.code}`, `FfiError ${code}`, error.stack)
    return true
  }
}

export function setUp(context) {
  const concurrent = concurrentMistakes(context)
  const thrown = mistakes(context)
  if (process.env.FFI_GUARD) thrown.ERR_FFI_OVERRUN = overrunMistake(context)
  const reached = [...Object.keys(thrown), ...Object.keys(concurrent), ...OUT_OF_REACH]
  if (!process.env.FFI_GUARD) reached.push('ERR_FFI_OVERRUN')
  assert.deepEqual(reached.sort(), ALL_CODES.toSorted(), 'every code is reached here, or said to be out of reach')
  return async () => {
    for (let i = 0; i < Math.ceil(context.n / 20); i++) {
      for (const [code, act] of Object.entries(thrown)) assert.throws(act, isCode(code), `no ${code}`)
    }
    for (const [code, act] of Object.entries(concurrent)) assert.equal(await act(), code)
  }
}
