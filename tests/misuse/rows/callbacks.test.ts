// Turns mistakes with callbacks, and mistakes made inside them, into the matrix's answers.
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import {
  arrayConstructor,
  configure,
  counters,
  createPointer,
  DataType,
  define,
  freePointer,
  funcConstructor,
  open,
  type Pointer,
  PointerType,
  unwrapPointer,
} from 'holdfast'
import { expect } from 'vitest'
import { intToInt, library } from '../../callbacks/fixture.js'
import { fixturePath } from '../../fixture.js'
import { c } from '../../pointers/calls.js'
import { row } from './row.js'

const { External, I32, I32Array, I64, U8, Usize, Void } = DataType
const act = funcConstructor({ paramsType: [], retType: Void })
const span = { numbers: External, count: I32 } as const

open({ library: 'threads', path: fixturePath('threads') })
open({ library: 'libc', path: process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6' })
const bound = define({
  add_after: { library, retType: I64, paramsType: [act, External, I32] },
  add_after_in: { library, retType: I64, paramsType: [act, span] },
  pass_i32: { library, retType: I32, paramsType: [intToInt, I32] },
  keep: { library, retType: Void, paramsType: [External] },
  call_kept: { library, retType: I32, paramsType: [I32] },
  run_and_wait: { library: 'threads', retType: I64, paramsType: [intToInt, I32] },
  start: { library: 'threads', retType: External, paramsType: [External, I32] },
  is_done: { library: 'threads', retType: I32, paramsType: [External] },
  finish: { library: 'threads', retType: I64, paramsType: [External] },
})
const libc = define({
  free: { library: 'libc', retType: Void, paramsType: [External] },
  realloc: { library: 'libc', retType: External, paramsType: [External, Usize] },
})

const COUNT = 64
const BYTES = 4 * COUNT

function numbers(): { owner: Pointer; list: Pointer } {
  const zeros = arrayConstructor({ type: I32Array, length: COUNT })
  const made = createPointer({ paramsType: [zeros], paramsValue: [new Array<number>(COUNT).fill(0)] })
  return { owner: made[0], list: unwrapPointer(made)[0] }
}

/** Takes what malloc gives: none of it may be what C still writes to. */
function others(): () => void {
  const taken = Array.from({ length: 20 }, numbers)
  const blocks = Array.from({ length: 20 }, () => c.malloc_block(BYTES))
  return () => {
    for (const { owner, list } of taken) {
      expect([list.read(I32), list.read(I32, BYTES - 4)]).toEqual([0, 0])
      owner.free()
    }
    for (const block of blocks) {
      expect([block.read(U8), block.read(U8, BYTES - 1)]).toEqual([0, BYTES - 1])
      libc.free(block)
    }
  }
}

function ofC(): Pointer {
  const block = c.malloc_block(BYTES)
  for (let i = 0; i < COUNT; i++) block.write(I32, 0, 4 * i)
  return block
}

row('11', {
  misuse({ refuses }) {
    const freeC = (pointer: Pointer) =>
      freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: PointerType.CPointer })
    const made = numbers()
    const theirs = ofC()
    const again = ofC()
    const cases: [Pointer, () => void, (callback: () => void) => number | bigint][] = [
      [made.list, () => made.owner.free(), (callback) => bound.add_after(callback, made.list, COUNT)],
      [theirs, () => freeC(theirs), (callback) => bound.add_after(callback, theirs, COUNT)],
      [again, () => libc.free(again), (callback) => bound.add_after_in(callback, { numbers: again, count: COUNT })],
    ]
    for (const [pointer, free, call] of cases) {
      let check = () => {}
      const sum = call(() => {
        if (pointer !== made.list) refuses('ERR_FFI_NOT_OWNER', () => libc.realloc(pointer, 1_000_000))
        free()
        refuses('ERR_FFI_USE_AFTER_FREE', () => pointer.read(U8))
        refuses('ERR_FFI_USE_AFTER_FREE', () => c.id_ptr(pointer))
        check = others()
      })
      expect(sum).toBe(COUNT)
      check()
      expect(pointer.state).toBe('freed')
    }
    expect(counters().pins).toBe(0)
  },
  legitimate() {
    const { owner, list } = numbers()
    const before = counters()
    const sum = bound.add_after(
      () => {
        // What a callback makes and frees goes at once, however long the call runs, but for the first of it.
        for (let i = 0; i < 100; i++) numbers().owner.free()
        expect(counters()).toMatchObject({ blocks: before.blocks + 1, pins: before.pins + 1 })
      },
      list,
      COUNT,
    )
    expect(sum).toBe(COUNT)
    owner.free()
  },
})

function created(fn: (value: number) => number): [Pointer, Pointer] {
  const made = createPointer({ paramsType: [intToInt], paramsValue: [fn] })
  return [made[0], unwrapPointer(made)[0]]
}

row('12', {
  async misuse({ refuses, saw }) {
    const [block, code] = created(() => {
      throw new Error('it was called')
    })
    bound.keep(code)
    block.free()
    const warned = once(process, 'warning')
    expect(bound.call_kept(1)).toBe(0)
    expect(await warned).toMatchObject([{ code: 'ERR_FFI_CALLBACK_RELEASED' }])
    saw('ERR_FFI_CALLBACK_RELEASED')
    refuses('ERR_FFI_USE_AFTER_FREE', () => bound.keep(code))
  },
  legitimate() {
    const [block, code] = created((value) => value + 1)
    bound.keep(code)
    expect(bound.call_kept(1)).toBe(2)
    block.free()
  },
})

row('13', {
  async misuse() {
    let collected = false
    const registry = new FinalizationRegistry(() => {
      collected = true
    })
    const block = (() => {
      const fn = (value: number) => value * 3
      registry.register(fn, undefined)
      const [made, code] = created(fn)
      bound.keep(code)
      return made
    })()
    for (let i = 0; i < 10; i++) {
      globalThis.gc?.()
      await turn()
    }
    expect([bound.call_kept(5), collected]).toEqual([15, false])
    block.free()
    for (let i = 0; i < 100 && !collected; i++) {
      globalThis.gc?.()
      await turn()
    }
    expect(collected).toBe(true)
  },
  legitimate: () => expect(bound.pass_i32((value) => value, 4)).toBe(4),
})

row('throw', {
  misuse() {
    const thrown = new Error('of the callback')
    const given: number[] = []
    const call = () =>
      bound.pass_i32(() => {
        given.push(bound.pass_i32((value) => value, 3))
        throw thrown
      }, 1)
    expect(call).toThrow(thrown)
    expect(given).toEqual([3])
  },
  legitimate: () => expect(bound.pass_i32((value) => value, 4)).toBe(4),
})

row('thread', {
  misuse({ refuses, saw }) {
    configure({ callbackTimeout: 100 })
    const call = () => bound.run_and_wait(() => 1, 1)
    refuses('ERR_FFI_CALLBACK_DEADLOCK', call, { functionName: 'run_and_wait' })
    configure({ callbackTimeout: 5000 })
    saw('ERR_FFI_CALLBACK_DEADLOCK')
  },
  async legitimate() {
    const [block, code] = created((value) => value + 1)
    const work = bound.start(code, 3)
    while (bound.is_done(work) === 0) await turn()
    expect(bound.finish(work)).toBe(6)
    block.free()
  },
})

row('fast', {
  misuse() {
    const [block, code] = created((value) => value + 1)
    bound.keep(code)
    let sum = 0
    for (let i = 0; i < 200_000; i++) sum += bound.call_kept(1)
    expect(sum).toBe(400_000)
    block.free()
  },
  legitimate() {
    let sum = 0
    for (let i = 0; i < 200_000; i++) sum += c.is_null(null) ? 1 : 0
    expect(sum).toBe(200_000)
  },
})
