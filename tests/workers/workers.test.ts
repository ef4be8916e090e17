// Turns worker threads that open, call, close and are terminated into processes that end as they should.
import { describe, expect, it } from 'vitest'
import { runThreads } from './threads.js'

const clean = (...lines: string[]) => ({ end: 0, lines, stderr: '' })

describe('worker threads', () => {
  it('have libraries, functions and memory of their own', async () => {
    const ended = await runThreads(
      `const c = openAs('shared key')
      const worker = startWorker()
      const exit = once(worker, 'exit')
      const [theirs] = await once(worker, 'message')
      await exit
      const { libraries, blocks } = counters()
      console.log(theirs.sum, theirs.before, theirs.during, libraries, blocks, c.add(1, 1))`,
      `const before = counters().libraries
      const c = openAs('shared key')
      createPointer({ paramsType: [I32], paramsValue: [1] })
      const sum = c.add(20, 22)
      close('shared key')
      parentPort.postMessage({ sum, before, during: counters().blocks })`,
    )
    expect(ended).toEqual(clean('42 0 1 1 0 2'))
  })

  it('open, call and close distinct keys at the same time', async () => {
    const ended = await runThreads(
      `const workers = Array.from({ length: 8 }, (_, i) => startWorker({ i }))
      const counts = await Promise.all(workers.map(async (worker) => {
        const exit = once(worker, 'exit')
        const [count] = await once(worker, 'message')
        await exit
        return count
      }))
      console.log(counts.join())`,
      `let rounds = 0
      const { i } = workerData
      for (; rounds < 50; rounds++) {
        const key = 'key ' + i + '.' + (rounds % 7)
        const c = openAs(key)
        if (c.add(rounds, i) !== rounds + i) throw new Error('add')
        if (c.join('a', 'b') !== 'ab') throw new Error('join')
        if (c.make_item(1).name !== 'one') throw new Error('make_item')
        const buffer = Buffer.alloc(4)
        const calls = [c.add.async([rounds, i]), c.fill.async([buffer, 4, 1, 0]), c.join.async(['x', 'y'])]
        if (rounds % 2) close(key)
        const [sum, , text] = await Promise.all(calls)
        if (sum !== rounds + i || buffer[3] !== 1 || text !== 'xy') throw new Error('async')
        if (!(rounds % 2)) close(key)
        const [pointer] = createPointer({ paramsType: [I32Array], paramsValue: [[1, 2, 3]] })
        if (rounds % 3) pointer.free()
      }
      const { libraries, asyncCalls, pins } = counters()
      if (libraries + asyncCalls + pins !== 0) throw new Error('counters')
      parentPort.postMessage(rounds)`,
    )
    expect(ended).toEqual(clean(new Array(8).fill(50).join()))
  })

  it('may be terminated at any moment, whatever they are doing', async () => {
    const ended = await runThreads(
      `const c = openAs('main')
      let ended = 0
      for (let round = 0; round < 10; round++) {
        const workers = Array.from({ length: 4 }, () => startWorker())
        await Promise.all(workers.map(async (worker, i) => {
          await once(worker, 'message')
          await pause((round * 7 + i * 5) % 40)
          await worker.terminate()
          ended++
        }))
        if (await c.add.async([round, 1]) !== round + 1) throw new Error('add')
      }
      console.log(ended, counters().asyncCalls)`,
      `const c = openAs('key')
      const pointers = []
      parentPort.postMessage('running')
      for (let i = 0; ; i++) {
        const [pointer] = createPointer({ paramsType: [I32Array], paramsValue: [new Array(100).fill(i)] })
        const calls = [c.sleep_and_return.async([3, i]), c.join.async(['a', 'b']), c.fill.async([Buffer.alloc(64), 64, 1, 2])]
        for (let j = 0; j < 20; j++) c.add(i, j)
        pointers.push(pointer)
        if (i % 3 === 0) pointers.shift().free()
        if (i % 5 === 0) await Promise.all(calls)
        else await null
      }`,
    )
    expect(ended).toEqual(clean('40 0'))
  })

  it('leave what their running calls use to those calls', async () => {
    const ended = await runThreads(
      `const c = openAs('main')
      const worker = startWorker()
      await once(worker, 'message')
      while (c.gate_waiting() < 2) await pause(1)
      await worker.terminate()
      c.gate_open()
      while (c.gate_waiting() > 0) await pause(1)
      // Queued behind the calls of the worker, which write all of their memory first.
      console.log(await Promise.all([c.add.async([1, 2]), c.add.async([3, 4]), c.sleep_and_return.async([50, 5])]).then(String))`,
      `const c = openAs('key')
      // Large enough to be unmapped when it is freed, so that a call that writes there afterwards ends the process.
      const values = new Uint8Array(9_000_000)
      const blocks = [0, 1].map(() => {
        const [owner] = createPointer({ paramsType: [I32Array], paramsValue: [values] })
        return { owner, bytes: owner.read(External) }
      })
      for (const { bytes } of blocks) c.gate_fill.async([bytes, 4 * values.length, 255])
      // One is freed while it is used, the other ends with the worker; the library is closed.
      blocks[0].owner.free()
      for (let i = 0; i < 100; i++) c.add.async([i, i])
      close('key')
      parentPort.postMessage('running')
      setInterval(() => {}, 1000)`,
      { FFI_THREADS: '2' },
    )
    expect(ended).toEqual(clean('3,7,5'))
  })

  it('end by themselves when their calls are over', async () => {
    const ended = await runThreads(
      `const worker = startWorker()
      const values = []
      worker.on('message', (value) => values.push(value))
      const [code] = await once(worker, 'exit')
      console.log(code, values.join())`,
      `const c = openAs('key')
      c.sleep_and_return.async([50, 9]).then((value) => parentPort.postMessage(value))`,
    )
    expect(ended).toEqual(clean('0 9'))
  })
})
