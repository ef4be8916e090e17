// Turns the rows of the matrix about calls and callbacks into these mistakes, made with ffi-rs as its documentation shows.
import { setTimeout as sleep } from 'node:timers/promises'
import ffi from 'ffi-rs'
import { BIG, collect, copyOf, detach, failElsewhere, inWorker, until } from '../scene.mjs'
import { fine, garbage, none, right, silent, sound, stale } from '../verdict.mjs'
import {
  atGate,
  bind,
  block,
  bytesOf,
  c,
  callVoid,
  create,
  failing,
  free,
  freeOfC,
  intToInt,
  keepInline,
  later,
  libc,
  others,
  restore,
  SIZE,
  SUM,
} from './bound.mjs'

const { DataType, unwrapPointer } = ffi
const { External, I32, U8Array } = DataType

export const rows = {
  10: {
    async 'an asynchronous call'() {
      const pointer = block()
      c.gate_close()
      const call = later.gate_sum({ bytes: pointer, length: SIZE })
      const sum = await atGate(call, () => {
        freeOfC(pointer)
        others()
      })
      return stale(sum, SUM)
    },
  },
  11: {
    'a call': none('callbacks run after it'),
    async 'an asynchronous call'() {
      const pointer = block(0)
      const free = () => {
        freeOfC(pointer)
        others()
        return 0
      }
      return stale(await later.add_after(free, pointer, SIZE / 4), SIZE / 4)
    },
  },
  12: {
    async 'a callback of `createPointer`'() {
      const made = create(intToInt, (value) => value + 1)
      c.keep(unwrapPointer([made])[0])
      sound(await later.call_kept(1), 2)
      free(intToInt, made)
      return stale(await later.call_kept(1), 0)
    },
  },
  13: {
    async called() {
      keepInline((value) => value * 3)
      await collect()
      return fine(await later.call_kept(5), 15)
    },
    'the end of the process'() {
      keepInline((value) => value * 3)
      return { ...right('the process ends'), ends: true }
    },
  },
  14: {
    async 'an asynchronous call'() {
      const kept = new Uint8Array(BIG)
      c.gate_close()
      sound(await atGate(later.gate_fill(kept, BIG, 2), collect), 2 * BIG)
      sound(kept[BIG - 1], 2)
      c.gate_close()
      const call = later.gate_fill(new Uint8Array(BIG), BIG, 2)
      return fine(await atGate(call, collect), 2 * BIG)
    },
    async 'a Buffer in memory of `createPointer`'() {
      const kept = Buffer.alloc(BIG, 7)
      const sane = create(U8Array, kept)
      const pointer = create(U8Array, Buffer.alloc(BIG, 7))
      await collect()
      sound([...restore(bytesOf(2), sane), kept[0]], [7, 7, 7])
      return fine([...restore(bytesOf(2), pointer)], [7, 7])
    },
  },
  16: {
    'detached before the call'() {
      const array = new Uint8Array(SIZE).fill(7)
      sound(c.sum_u8(array, SIZE), SUM)
      detach(array.buffer)
      return stale(c.sum_u8(array, SIZE), 0)
    },
    async 'during an asynchronous call'() {
      const array = new Uint8Array(BIG)
      c.gate_close()
      const call = later.gate_fill(array, BIG, 2)
      const sum = await atGate(call, () => {
        detach(array.buffer)
        return collect()
      })
      return fine(sum, 2 * BIG)
    },
  },
  17: {
    'a number': () => garbage(restore(I32, 0x41414140)),
    'a plain object': () => garbage(restore(I32, {})),
    'a Proxy': () => garbage(restore(I32, new Proxy(create(I32, 7), {}))),
    'an External of Node’s': () => garbage(restore(I32, process.stdout._handle._externalStream)),
    'a plain object as an argument': () => garbage(c.read_int({})),
  },
  18: {
    'a function'() {
      ffi.open({ library: 'closing', path: copyOf('scalars') })
      const { id_i32 } = bind('closing', { id_i32: [I32, I32] })
      sound(id_i32(5), 5)
      ffi.close('closing')
      return stale(id_i32(5), 5)
    },
    'in optimised code'() {
      ffi.open({ library: 'closing', path: copyOf('scalars') })
      const { id_i32 } = bind('closing', { id_i32: [I32, I32] })
      let sum = 0
      for (let i = 0; i < 20_000; i++) {
        if (i === 15_000) ffi.close('closing')
        sum += id_i32(1)
      }
      return stale(sum, 20_000)
    },
    'a pointer'() {
      ffi.open({ library: 'closing', path: copyOf('pointers') })
      const pointer = bind('closing', { static_int: [External] }).static_int()
      sound(restore(I32, pointer), 42)
      ffi.close('closing')
      return stale(restore(I32, pointer), 42)
    },
  },
  19: {
    'a pointer': async () => garbage(await inWorker('ffi-rs', '() => 1', create(I32, 5))),
    async 'a library'() {
      sound(c.id_i32(5), 5)
      await inWorker('ffi-rs', '(ffi, key) => ffi.close(key)', 'scalars')
      try {
        return fine(c.id_i32(5), 5)
      } catch {
        return garbage(undefined, 'it is closed for all threads')
      }
    },
  },
  22: {
    'a missing field'() {
      sound(c.sum_labelled({ id: 3, name: 'ab', wide: 'x', note: 'c' }), 6)
      return stale(c.sum_labelled({ id: 3 }), 3)
    },
    'a field of the wrong type': () => stale(c.sum_labelled({ id: '3', name: 'ab', wide: 'x', note: 'c' }), 6),
    'no object': () => stale(c.sum_labelled(7), 7),
  },
  23: {
    '300 for a byte': () => silent(`C gets ${c.id_u8(300)}`),
    '1.5 for an integer': () => silent(`C gets ${c.id_i32(1.5)}`),
    '2^64 for 64 bits': () => silent(`C gets ${c.id_i64(2n ** 64n)}`),
  },
  24: {
    'declared as if it were none'() {
      const room = Buffer.alloc(16)
      return stale([libc.snprintf(room, 16, '%.1f', 1.5), room.toString('latin1', 0, 3)], [3, '1.5'])
    },
    'declared as variadic': none('no variadic calls'),
  },
  26: {
    '`fork`'() {
      if (libc.fork() === 0) libc._exit(0)
      return silent('a second process runs')
    },
  },
  throw: {
    async 'without a result'() {
      callVoid(() => {
        throw new RangeError('of the callback')
      }, 1)
      await sleep(100)
      return silent('the error is lost')
    },
    async 'with a result'() {
      const throwing = () => {
        throw new RangeError('of the callback')
      }
      return garbage(await later.pass_i32(throwing, 1))
    },
  },
  thread: {
    'a thread that is waited for': () =>
      fine(
        c.run_and_wait((value) => value, 1),
        0,
      ),
  },
  fast: {
    'a loop'() {
      keepInline((value) => value + 1)
      let sum = 0
      for (let i = 0; i < 1000; i++) sum += c.call_kept(1)
      return sum === 2000 ? right() : garbage(sum, 'C gets values that nobody wrote, with a warning')
    },
  },
  errno: {
    '`errno: true`'() {
      const { errnoCode } = failing.fail_i32(13)
      failElsewhere()
      return fine(errnoCode, 13)
    },
  },
  unload: {
    async 'an asynchronous call'() {
      ffi.open({ library: 'closing', path: copyOf('async') })
      const { log_count } = bind('closing', { log_count: [I32] })
      const call = bind('closing', { log_start: [I32, I32, I32] }, { runInNewThread: true }).log_start(1, 300)
      await until(() => log_count() === 1)
      ffi.close('closing')
      return fine(await call, 0)
    },
  },
}
