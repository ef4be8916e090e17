// Turns the soak of threads and workers into a test of a few seconds.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const script = join(import.meta.dirname, '..', 'soak', 'threads.mjs')

it.each([1, 2])(
  'threads of C and workers call, free, close and end at random without a wrong answer (seed %i)',
  async (seed) => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, '1.5', `${seed}`], {
      timeout: 60_000,
    })
    expect(stderr).toBe('')
    const [, calls, zeros] = /: (\d+) calls by 8 threads, (\d+) answered zero/.exec(stdout) ?? []
    expect(Number(calls)).toBeGreaterThan(Number(zeros))
  },
  60_000,
)
