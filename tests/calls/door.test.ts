// Turns optimised loops into checks that the door and the portable entry give the same values and the same refusals.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

const paths = Object.fromEntries(['scalars', 'strings', 'pointers'].map((topic) => [topic, fixturePath(topic)]))

interface Outcome {
  loops: Record<string, number>
  refusals: Record<string, string>
}

function run(fast: string): Outcome & { inWorker: Outcome } {
  const args = [join(import.meta.dirname, 'hot.mjs'), JSON.stringify(paths)]
  const env = { ...process.env, FFI_FAST: fast }
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8', timeout: 60_000 }))
}

const refusals = {
  freed: 'ERR_FFI_USE_AFTER_FREE',
  detached: 'ERR_FFI_BUFFER_DETACHED',
  badText: 'ERR_FFI_BAD_ADDRESS',
  number: 'ERR_FFI_TYPE',
  pointer: 'ERR_FFI_NOT_POINTER',
  arity: 'ERR_FFI_ARITY',
  closed: 'ERR_FFI_LIBRARY_CLOSED',
  reopened: 'returned 7',
}

it.each([
  ['with the door', '1'],
  ['without it', '0'],
])(
  'optimised calls give right values and refusals %s, on the main thread and in a worker',
  { timeout: 90_000 },
  (_, fast) => {
    const { inWorker, ...onMain } = run(fast)
    for (const { loops, refusals: got } of [onMain, inWorker]) {
      expect(Object.entries(loops).filter(([, wrong]) => wrong !== 0)).toEqual([])
      expect(Object.keys(loops).length).toBe(12)
      expect(got).toEqual(refusals)
    }
  },
)
