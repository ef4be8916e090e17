// Turns every code that JavaScript can reach into its error, thousands of times, with nothing left behind.
import assert from 'node:assert/strict'
import { mistakes } from '../mistakes.mjs'

/** Bad addresses are read here, and malloc's bookkeeping before blocks that are none. */
export const probes = true

/** What is not reached here, and why. */
const OUT_OF_REACH = [
  // A mistake in the core; arguments of a gigabyte, for which a tool has no room; an installation without addon.
  'ERR_FFI_INTERNAL',
  'ERR_FFI_OUT_OF_MEMORY',
  'ERR_FFI_ADDON',
  // Found with FFI_GUARD=1 only.
  'ERR_FFI_OVERRUN',
  // Of asynchronous calls, which this scenario makes none of.
  'ERR_FFI_NOT_PINNABLE',
  'ERR_FFI_QUEUE_FULL',
  // A sanitizer's `fork` is not the C library's, and would be called.
  'ERR_FFI_FORK',
]

export async function setUp(context) {
  const table = mistakes(context)
  const { ALL_CODES } = await import('../codes.mjs')
  const reached = Object.keys(table).concat(OUT_OF_REACH).sort()
  assert.deepEqual(reached, ALL_CODES.toSorted(), 'every code is reached here, or said to be out of reach')
  return () => {
    for (let i = 0; i < Math.ceil(context.n / 20); i++) {
      for (const [code, act] of Object.entries(table)) {
        assert.throws(
          act,
          (error) => {
            assert.equal(`${error.name} ${error.code}`, `FfiError ${code}`, error.stack)
            return true
          },
          `no ${code}`,
        )
      }
    }
  }
}
