// Turns calls on C's own threads into results, order, errors, deadlocks and exits.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import {
  configure,
  counters,
  createPointer,
  DataType,
  define,
  funcConstructor,
  open,
  type Pointer,
  unwrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { intToInt, keepsBaseline } from './fixture.js'

keepsBaseline()

const { I32, I64, External, Void } = DataType

open({ library: 'threads', path: fixturePath('threads') })

const { start, is_done, finish, run_and_wait, tell, told_count } = define({
  start: { library: 'threads', retType: External, paramsType: [External, I32] },
  is_done: { library: 'threads', retType: I32, paramsType: [External] },
  finish: { library: 'threads', retType: I64, paramsType: [External] },
  run_and_wait: { library: 'threads', retType: I64, paramsType: [intToInt, I32] },
  tell: { library: 'threads', retType: Void, paramsType: [External, I32] },
  told_count: { library: 'threads', retType: I32, paramsType: [] },
})

function created(fn: (value: number) => number): { block: Pointer; code: Pointer } {
  const made = createPointer({ paramsType: [intToInt], paramsValue: [fn] })
  return { block: made[0], code: unwrapPointer(made)[0] }
}

async function finished(work: Pointer): Promise<number | bigint> {
  while (is_done(work) === 0) await setTimeout(1)
  return finish(work)
}

describe('a callback on another thread', () => {
  it('runs on the JavaScript thread, its caller waiting for the answer', async () => {
    const { block, code } = created((x) => x * 2)
    expect(await finished(start(code, 100))).toBe(9900)
    block.free()
  })

  it('answers eight threads at once, each with its own', async () => {
    const { block, code } = created((x) => x)
    const works = Array.from({ length: 8 }, () => start(code, 200))
    const sums = await Promise.all(works.map(finished))
    expect(new Set(sums)).toEqual(new Set([19_900]))
    block.free()
  })

  it('lives as long as the asynchronous call that it was passed to', async () => {
    const before = counters().callbacks
    const sums = await Promise.all([1, 2, 3].map((factor) => run_and_wait.async([(x) => x * factor, 100])))
    expect(sums).toEqual([4950, 9900, 14_850])
    expect(counters().callbacks).toBe(before)
  })

  it('that throws gives zero, and uncaughtException the error', async () => {
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught = once(process, 'uncaughtException')
    const { block, code } = created(() => {
      throw new Error('on a thread')
    })
    expect(await finished(start(code, 1))).toBe(0)
    const [error] = (await caught) as [Error]
    for (const listener of listeners) process.on('uncaughtException', listener)
    expect(error.message).toBe('on a thread')
    block.free()
  })

  it('that was released gives zero, with the warning ERR_FFI_CALLBACK_RELEASED', async () => {
    const { block, code } = created((x) => x + 1)
    const warned = once(process, 'warning')
    const work = start(code, 3)
    block.free()
    expect(await finished(work)).toBe(0)
    expect(((await warned) as [{ code: string }])[0].code).toBe('ERR_FFI_CALLBACK_RELEASED')
  })

  it('that nobody waits for gets every message in order, more than the queue holds', async () => {
    const seen: string[] = []
    const type = funcConstructor({ paramsType: [DataType.String, I32], retType: Void, nonblocking: true })
    const made = createPointer({ paramsType: [type], paramsValue: [(text, i) => seen.push(`${text} ${i}`)] })
    tell(unwrapPointer(made)[0], 3000)
    while (seen.length < 3000) await setImmediate()
    expect(seen).toEqual(Array.from({ length: 3000 }, (_, i) => `message ${i}`))
    made[0].free()
  })
})

it('a caller that does not wait for an answer waits for room when 1024 calls are queued', async () => {
  const type = funcConstructor({ paramsType: [DataType.String, I32], retType: Void, nonblocking: true })
  let seen = 0
  const made = createPointer({ paramsType: [type], paramsValue: [() => seen++] })
  const before = told_count()
  tell(unwrapPointer(made)[0], 1500)
  while (told_count() - before < 1024);
  const until = Date.now() + 100
  while (Date.now() < until) expect(told_count() - before).toBe(1024)
  expect(seen).toBe(0)
  while (told_count() - before < 1500) await setImmediate()
  while (seen < 1500) await setImmediate()
  made[0].free()
})

describe('a deadlock', () => {
  it('ends after the timeout: C gets zero, ERR_FFI_CALLBACK_DEADLOCK names both functions', () => {
    configure({ callbackTimeout: 200 })
    const begun = Date.now()
    let error: unknown
    try {
      run_and_wait(function answer() {
        return 1
      }, 1)
    } catch (caught) {
      error = caught
    }
    configure({ callbackTimeout: 5000 })
    expect(error).toMatchObject({ code: 'ERR_FFI_CALLBACK_DEADLOCK', functionName: 'run_and_wait' })
    expect((error as Error).message).toContain("'answer'")
    expect(Date.now() - begun).toBeGreaterThanOrEqual(200)
  })

  it('is not seen in JavaScript that is only busy', async () => {
    configure({ callbackTimeout: 100 })
    const { block, code } = created(() => 7)
    const work = start(code, 1)
    const until = Date.now() + 400
    let calls = 0
    while (Date.now() < until) calls += is_done(work) === 0 ? 1 : 0
    expect(calls).toBeGreaterThan(10)
    expect(await finished(work)).toBe(7)
    configure({ callbackTimeout: 5000 })
    block.free()
  })
})

const run = (name: string, ...more: string[]) => {
  const script = join(import.meta.dirname, 'processes', `${name}.mjs`)
  const paths = [fixturePath('threads'), fixturePath('callbacks')]
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script, ...paths, ...more], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, signal, stdout, stderr }
}

describe('a process', () => {
  it('ends although a callback lives', () => {
    expect(run('live')).toEqual({ status: 0, signal: null, stdout: 'end\n', stderr: '' })
  })

  it('waits for a callback that is referenced, until it is freed', () => {
    expect(run('referenced')).toEqual({ status: 0, signal: null, stdout: 'called\nend\n', stderr: '' })
  })

  it.each(['exit', 'natural'])('that ends (%s) lets waiting threads go on with zero', (how) => {
    const { status, signal, stdout, stderr } = run('waiting', how)
    expect({ status, signal, stdout, stderr }).toEqual({
      status: 0,
      signal: null,
      stdout: 'the thread went on\n',
      stderr: '',
    })
  })

  it('exits from inside a callback', () => {
    expect(run('exit-inside')).toEqual({ status: 7, signal: null, stdout: '', stderr: '' })
  })

  it('dies of an uncaught error of a callback on a thread with exit code 1, not of a signal', () => {
    const { status, signal, stderr } = run('uncaught')
    expect({ status, signal }).toEqual({ status: 1, signal: null })
    expect(stderr).toContain('Error: nobody catches this')
  })

  it('survives workers that are terminated inside callbacks and while threads wait', () => {
    expect(run('workers')).toEqual({ status: 0, signal: null, stdout: 'end\n', stderr: '' })
  }, 30_000)
})

it('a callback of an ended worker gives zero', async () => {
  const worker = new Worker(join(import.meta.dirname, 'processes', 'kept-by-worker.mjs'), {
    argv: [fixturePath('callbacks')],
  })
  await once(worker, 'exit')
  open({ library: 'callbacks', path: fixturePath('callbacks') })
  const { call_kept } = define({ call_kept: { library: 'callbacks', retType: I32, paramsType: [I32] } })
  expect(call_kept(5)).toBe(0)
})
