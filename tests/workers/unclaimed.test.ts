// Turns results that C gives away after their worker has ended into freed memory, and results that are not C's to give into none.
import { describe, expect, it } from 'vitest'
import { runThreads } from './threads.js'

/** Begins a call in a worker, ends the worker while C runs, and lets C go on. */
function outlive(begin: string, after: string) {
  const main = `
    const c = openAs('main')
    const before = Number(c.large_bytes())
    const worker = startWorker()
    await once(worker, 'message')
    while (c.gate_waiting() === 0) await pause(1)
    await worker.terminate()
    c.gate_open()
    while (c.gate_waiting() > 0) await pause(1)
    ${after}
  `
  const worker = `
    const c = openAs('worker')
    ${begin}
    parentPort.postMessage('begun')
    setInterval(() => {}, 1000)
  `
  return runThreads(main, worker)
}

describe('a call that returns when its worker has ended', () => {
  const SIZE = 40_000_000
  const freed = `
    const large = () => Number(c.large_bytes()) - before
    for (let i = 0; i < 5000 && large() > 1_000_000; i++) await pause(1)
    console.log(large() > 1_000_000 ? large() : 'freed')
  `

  it.runIf(process.platform === 'linux').each(['gate_text', 'gate_item'])(
    'has what it returned freed, as freeResultMemory says: %s',
    async (name) => {
      const { end, lines, stderr } = await outlive(`c.${name}.async([${SIZE}])`, freed)
      expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['freed'], stderr: '' })
    },
  )

  it('does not have its own argument freed, which goes with the call', async () => {
    const begin = `
      const [whole] = createPointer({ paramsType: [I32], paramsValue: [1] })
      c.gate_same.async([whole])
    `
    // Whoever frees it twice is stopped by the C library.
    const ended = await outlive(begin, `for (let i = 0; i < 20; i++) await pause(1); console.log('alive')`)
    expect(ended).toEqual({ end: 0, lines: ['alive'], stderr: '' })
  })
})
