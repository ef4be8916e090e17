// Turns the ends of workers, and damage in what was collected, into child processes that end well.
import { describe, expect, it } from 'vitest'
import { run } from '../crash/child.js'
import { runThreads } from '../workers/threads.js'

const lost = `
  const texts = { paramsType: [Text, I32], paramsValue: ['x'.repeat(1000), 1] }
  const kept = []
  for (let i = 0; i < 20_000; i++) {
    const [text] = createPointer(texts)
    if (i % 7 === 0) text.free()
    if (i % 11 === 0) kept.push(text)
  }
`

describe('a worker', () => {
  it('frees its lost blocks while it runs, and the rest when it ends, whichever way', async () => {
    const main = `
      for (const way of ['return', 'exit', 'throw', 'terminate']) {
        const worker = startWorker({ way, module: import.meta.resolve('holdfast') })
        worker.on('error', () => {})
        const exit = new Promise((resolve) => worker.on('exit', resolve))
        // Not the promise of node:events: the error may overtake the message.
        const held = await new Promise((resolve) => worker.once('message', resolve))
        if (way === 'terminate') await worker.terminate()
        await exit
        console.log(way, held.blocks < 40_000, held.automatic > 0)
      }
    `
    const worker = `
      const { frees } = await import(workerData.module)
      ${lost}
      parentPort.postMessage({ blocks: counters().blocks, automatic: frees().automatic })
      if (workerData.way === 'exit') process.exit()
      if (workerData.way === 'throw') throw new Error('on purpose')
      if (workerData.way === 'terminate') for (;;) createPointer(texts)
    `
    const ended = await runThreads(main, worker)
    const lines = ['return', 'exit', 'throw', 'terminate'].map((way) => `${way} true true`)
    expect(ended).toEqual({ end: 0, lines, stderr: '' })
  })
})

describe.runIf(process.platform === 'linux')('damage around a block that was collected', () => {
  it('is a warning with ERR_FFI_OVERRUN', async () => {
    const program = `
      process.on('warning', (warning) => console.log(warning.code, warning.message.includes('2 bytes past the end')))
      const overrun = bind('overrun', Void, External, U64, U64)
      ;(() => overrun(unwrapPointer(createPointer({ paramsType: [Text], paramsValue: ['abcd'] }))[0], 5, 2))()
      for (let i = 0; i < 20 && holdfast.counters().blocks > 0; i++) {
        gc()
        await new Promise((resolve) => setImmediate(resolve))
      }
      console.log(holdfast.counters().blocks, holdfast.frees().automatic)
      await new Promise((resolve) => setImmediate(resolve))
    `
    const { end, lines } = await run(program, { FFI_GUARD: '1' })
    expect([end, lines.toSorted()]).toEqual([0, ['0 1', 'ERR_FFI_OVERRUN true']])
  })
})
