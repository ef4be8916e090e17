// Turns many asynchronous calls into their order, their limits and their ends before they begin.
import * as events from 'node:events'
import { counters, createPointer, DataType, type Pointer } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { refusal } from '../calls/caller.js'
import { c, holdThreads, threads } from './calls.js'

const one = (value: number): Pointer => {
  const [pointer] = createPointer({ paramsType: [DataType.I32], paramsValue: [value] })
  return pointer
}

describe('the queue of asynchronous calls', () => {
  it('starts calls in the order in which they were made', async () => {
    c.log_clear()
    const calls = Array.from({ length: 200 }, (_, i) => c.log_start.async([i, 0]))
    const places = await Promise.all(calls)
    expect(c.log_count()).toBe(200)
    // Two that start at the same moment on different threads may enter themselves in either order.
    for (const [i, place] of places.entries()) expect(Math.abs(place - i)).toBeLessThan(threads)
  })

  it('runs as many calls at one time as FFI_THREADS says', async () => {
    const open = await holdThreads()
    const next = c.gate_wait.async([7])
    await c.sleep_and_return(20, 0)
    expect(c.gate_waiting()).toBe(threads)
    expect(await open()).toEqual([0, 1])
    expect(await next).toBe(7)
  })

  it('takes back what has not started when its signal is aborted', async () => {
    const open = await holdThreads()
    const { asyncCalls, pins } = counters()
    c.log_clear()
    const [aborting, pointer] = [new AbortController(), one(1)]
    const waiting = [
      c.log_start.async([1, 0], { signal: aborting.signal }),
      c.same.async([pointer], { signal: aborting.signal }),
    ]
    const other = c.log_start.async([2, 0])
    expect(counters()).toMatchObject({ asyncCalls: asyncCalls + 3, pins: pins + 1 })
    aborting.abort(new Error('no longer wanted'))
    expect(counters()).toMatchObject({ asyncCalls: asyncCalls + 1, pins })
    const ends = await Promise.allSettled(waiting)
    expect(ends.map((end) => end.status === 'rejected' && end.reason.message)).toEqual([
      'no longer wanted',
      'no longer wanted',
    ])
    await open()
    await other
    expect([c.log_count(), c.log_at(0)]).toEqual([1, 2])
    pointer.free()
  })

  it('lets a call that has started end as it does, abort or not', async () => {
    c.gate_close()
    const aborting = new AbortController()
    const call = c.gate_wait.async([5], { signal: aborting.signal })
    while (c.gate_waiting() === 0) await new Promise((resolve) => setImmediate(resolve))
    aborting.abort()
    c.gate_open()
    expect(await call).toBe(5)
  })

  it('makes no call for a signal that is aborted already, or while values are read', async () => {
    c.log_clear()
    await expect(c.log_start.async([1, 0], { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    )
    const open = await holdThreads()
    const aborting = new AbortController()
    const value = {
      id: 1,
      name: 'a',
      get weights() {
        aborting.abort()
        return [1, 2, 3]
      },
    }
    await expect(c.weigh.async([value, 0], { signal: aborting.signal })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    )
    await open()
    expect(c.log_count()).toBe(0)
  })

  it('takes no other value for a signal: ERR_FFI_OPTIONS', () => {
    expect(() => c.add.async([1, 2], { signal: {} as never })).toThrow(refusal('ERR_FFI_OPTIONS'))
    expect(() => c.add.async([1, 2], 5 as never)).toThrow(refusal('ERR_FFI_OPTIONS'))
  })

  it('forgets a signal when the call is over', async () => {
    const { signal } = new AbortController()
    await c.add.async([1, 2], { signal })
    const { getEventListeners } = events as unknown as { getEventListeners(of: object, name: string): unknown[] }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('holds 65,536 calls and refuses the next with ERR_FFI_QUEUE_FULL', async () => {
    const open = await holdThreads()
    const before = counters().asyncCalls
    const calls = Array.from({ length: 65_536 - before }, (_, i) => c.add.async([i, 1]))
    expect(() => c.add.async([0, 0])).toThrow(refusal('ERR_FFI_QUEUE_FULL', { functionName: 'add' }))
    await open()
    const results = await Promise.all(calls)
    expect(results.every((result, i) => result === i + 1)).toBe(true)
    expect(await c.add.async([1, 1])).toBe(2)
  })

  it('holds 256 MiB of arguments and refuses more with ERR_FFI_QUEUE_FULL, but for one call alone', async () => {
    const open = await holdThreads()
    const large = Buffer.alloc(100 << 20)
    const calls = [0, 1].map((value) => c.fill.async([large, 1, value, 0]))
    expect(() => c.fill.async([large, 1, 2, 0])).toThrow(refusal('ERR_FFI_QUEUE_FULL'))
    await open()
    await Promise.all(calls)
    const larger = Buffer.alloc(300 << 20)
    await c.fill.async([larger, 1, 3, 0])
    expect(larger[0]).toBe(3)
  })

  it('has every counter back where it was after 20,000 calls', async () => {
    await c.join.async(['warm', 'up'])
    const [before, pointer] = [counters(), one(1)]
    for (let round = 0; round < 50; round++) {
      const strings = Array.from({ length: 200 }, (_, i) => c.join.async([`${round}`, `:${i}`]))
      const pointers = Array.from({ length: 200 }, () => c.same.async([pointer]))
      expect((await Promise.all(strings))[199]).toBe(`${round}:199`)
      await Promise.all(pointers)
    }
    pointer.free()
    expect(counters()).toMatchObject({ ...before, records: expect.any(Number) })
    expect(counters()).toMatchObject({ asyncCalls: 0, pins: 0 })
  })
})
