// Turns releases that throw, and ends of workers that have lost what they own, into child processes that end well.
import { describe, expect, it } from 'vitest'
import { run } from '../crash/child.js'
import { fixturePath } from '../fixture.js'
import { runThreads } from '../workers/threads.js'

const fixture = JSON.stringify(fixturePath('ownership'))

const prelude = `
  const { counters, frees, funcConstructor, owned } = holdfast
  open({ library: 'ownership', path: ${fixture} })
  const of = { library: 'ownership' }
  const c = define({
    live_count: { ...of, retType: I32, paramsType: [] },
    box_free: { ...of, retType: Void, paramsType: [External] },
    on_free: { ...of, retType: Void, paramsType: [funcConstructor({ paramsType: [I32], retType: Void })] },
  })
  const boxOf = (release) => define({ box_new: { ...of, retType: owned(External, release), paramsType: [I32] } }).box_new
  const thrower = boxOf((box) => { c.box_free(box); throw new Error('planned') })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const lose = async (count, make) => {
    (() => { for (let i = 0; i < count; i++) make(i) })()
    for (let i = 0; i < 50 && c.live_count() > 0; i++) {
      gc()
      await turn()
    }
    await turn()
  }
  const errors = []
`
const caught = `${prelude}
  process.on('uncaughtException', (error) => errors.push(error.message))
`

describe('a release function of JavaScript that throws when the collector calls it', () => {
  it('has thrown an uncaught exception, and released the memory, and the others go on', async () => {
    const program = `${caught}
      await lose(5, thrower)
      console.log(errors.join(), c.live_count(), counters().records, frees().automatic)
    `
    expect((await run(program)).lines).toEqual(['planned,planned,planned,planned,planned 0 0 5'])
  })

  it('ends a process that does not catch it', async () => {
    const { end, stderr } = await run(`${prelude}
      await lose(1, thrower)
      console.log('not reached')
    `)
    expect([end, stderr.includes('Error: planned')]).toEqual([1, true])
  })

  it('over and over keeps few errors, and says of how many others it has not', async () => {
    const program = `${caught}
      let others = 0
      process.on('warning', ({ message }) => { others += Number(/threw (\\d+) more times/.exec(message)[1]) })
      await lose(3000, thrower)
      await turn()
      console.log(errors.length + others, errors.length < 300, c.live_count(), frees().automatic)
    `
    expect((await run(program)).lines).toEqual(['3000 true 0 3000'])
  })
})

describe('a callback that throws when a release function of C calls it', () => {
  it('has thrown an uncaught exception, and the memory is released', async () => {
    const program = `${caught}
      const told = funcConstructor({ paramsType: [I32], retType: Void })
      const callback = createPointer({ paramsType: [told], paramsValue: [() => { throw new Error('heard') }] })
      c.on_free(unwrapPointer(callback)[0])
      await lose(1, boxOf('box_free_loudly'))
      console.log(errors.join(), c.live_count(), frees().automatic)
      // No later call throws it.
      console.log(codeOf(() => c.live_count()))
    `
    expect((await run(program)).lines).toEqual(['heard 0 1', '0'])
  })
})

describe('a worker', () => {
  it('releases what it has lost while it runs, and the rest when it ends, whichever way, each once', async () => {
    const main = `
      open({ library: 'ownership', path: ${fixture} })
      const counts = { library: 'ownership', retType: I32, paramsType: [] }
      const c = define({ live_count: counts, release_count: counts })
      for (const way of ['return', 'exit', 'throw', 'terminate']) {
        const before = c.release_count()
        const worker = startWorker({ way, before, module: import.meta.resolve('holdfast') })
        worker.on('error', () => {})
        const exit = new Promise((resolve) => worker.on('exit', resolve))
        const lost = await new Promise((resolve) => worker.once('message', resolve))
        if (way === 'terminate') await worker.terminate()
        await exit
        console.log(way, lost.automatic > 0, lost.automatic + 100 === lost.released, c.live_count(), c.release_count() - before)
      }
    `
    const worker = `
      const { frees, owned } = await import(workerData.module)
      open({ library: 'ownership', path: ${fixture} })
      const { box_new, release_count } = define({
        release_count: { library: 'ownership', retType: I32, paramsType: [] },
        box_new: { library: 'ownership', retType: owned(External, 'box_free'), paramsType: [I32] },
      })
      const kept = []
      for (let i = 0; i < 5000; i++) {
        const box = box_new(i)
        if (i % 50 === 0) box.free()
        if (i % 7 === 0) kept.push(box)
        if (i % 1000 === 0) gc()
      }
      parentPort.postMessage({ automatic: frees().automatic, released: release_count() - workerData.before })
      if (workerData.way === 'exit') process.exit()
      if (workerData.way === 'throw') throw new Error('on purpose')
      if (workerData.way === 'terminate') for (;;);
    `
    const lines = ['return', 'exit', 'throw', 'terminate'].map((way) => `${way} true true 0 5000`)
    expect(await runThreads(main, worker)).toEqual({ end: 0, lines, stderr: '' })
  })
})
