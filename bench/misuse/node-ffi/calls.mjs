// Turns the rows of the matrix about calls and callbacks into these mistakes, made with node:ffi as its documentation shows.
import ffi from 'node:ffi'
import { BIG, collect, copyOf, detach, failElsewhere, fixture, inWorker } from '../scene.mjs'
import { fine, garbage, none, right, silent, sound, stale } from '../verdict.mjs'
import { act, bind, block, c, intToInt, libc, open, others, release, SIZE } from './bound.mjs'

const NO_ASYNC = 'no asynchronous calls'
const NO_STRUCTS = 'no structs'

export const rows = {
  10: none(NO_ASYNC),
  11: {
    'a callback'() {
      const pointer = block(0)
      const free = act(() => {
        libc.free(pointer)
        others()
      })
      return stale(c.add_after(free, pointer, SIZE / 4), BigInt(SIZE / 4))
    },
  },
  12: {
    'a registered callback'() {
      const callback = intToInt((value) => value + 1)
      c.keep(callback)
      sound(c.call_kept(1), 2)
      release(callback)
      return stale(c.call_kept(1), 0)
    },
  },
  13: {
    async called() {
      c.keep(intToInt((value) => value * 3))
      await collect()
      return fine(c.call_kept(5), 15)
    },
    'the end of the process'() {
      c.keep(intToInt((value) => value * 3))
      return { ...right('the process ends'), ends: true }
    },
  },
  14: {
    'a call'() {
      const gc = act(() => globalThis.gc())
      return fine(c.add_after(gc, new Int32Array(BIG / 4), BIG / 4), BigInt(BIG / 4))
    },
    'an asynchronous call': none(NO_ASYNC),
  },
  16: {
    'detached before the call'() {
      const array = new Int32Array(SIZE)
      detach(array.buffer)
      return stale(
        c.add_after(
          act(() => {}),
          array,
          SIZE,
        ),
        BigInt(SIZE),
      )
    },
    'in a callback'() {
      const array = new Int32Array(BIG / 4)
      const callback = act(() => detach(array.buffer))
      return fine(c.add_after(callback, array, BIG / 4), BigInt(BIG / 4))
    },
  },
  17: {
    'an address that is none': () => garbage(c.read_int(0x4141414141414140n)),
    'a number': () => garbage(c.read_int(0x41414140)),
    'a plain object': () => garbage(c.read_int({})),
    'a Proxy': () => garbage(c.read_int(new Proxy(Buffer.alloc(8), {}))),
  },
  18: {
    'a function'() {
      const library = open(copyOf('scalars'))
      const { id_i32 } = bind(library, { id_i32: ['int32', 'int32'] })
      sound(id_i32(5), 5)
      library.close()
      return stale(id_i32(5), 5)
    },
    'in optimised code'() {
      const library = open(copyOf('scalars'))
      const { id_i32 } = bind(library, { id_i32: ['int32', 'int32'] })
      const sum = (count) => {
        let total = 0
        for (let i = 0; i < count; i++) total += id_i32(1)
        return total
      }
      sound([sum(200_000), sum(200_000), sum(200_000)], [200_000, 200_000, 200_000])
      library.close()
      return stale(sum(200_000), 200_000)
    },
    'a pointer'() {
      const library = open(copyOf('pointers'))
      const pointer = bind(library, { static_int: ['pointer'] }).static_int()
      sound(ffi.getInt32(pointer), 42)
      library.close()
      return stale(ffi.getInt32(pointer), 42)
    },
  },
  19: {
    async 'a pointer'() {
      const got = await inWorker('node:ffi', '(ffi, pointer) => ffi.getUint8(pointer)', block(5))
      return got === 5 ? silent('it is an address there too') : garbage(got)
    },
    async 'a library'() {
      await inWorker('node:ffi', '(ffi, path) => new ffi.DynamicLibrary(path).close()', fixture('scalars'))
      return fine(c.id_i32(5), 5)
    },
  },
  22: none(NO_STRUCTS),
  23: {
    '300 for a byte': () => silent(`C gets ${c.id_u8(300)}`),
    '1.5 for an integer': () => silent(`C gets ${c.id_i32(1.5)}`),
    '2^64 for 64 bits': () => silent(`C gets ${c.id_i64(2n ** 64n)}`),
  },
  24: {
    'declared as if it were none'() {
      const room = Buffer.alloc(16)
      return stale([libc.snprintf(room, 16n, '%.1f', 1.5), room.toString('latin1', 0, 3)], [3, '1.5'])
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
    'in a call'() {
      const thrown = new RangeError('of the callback')
      const callback = intToInt(() => {
        throw thrown
      })
      try {
        return garbage(c.pass_i32(callback, 1))
      } catch (error) {
        if (error !== thrown) throw error
        return right('the call throws it')
      }
    },
  },
  thread: {
    'a thread that is waited for': () =>
      fine(
        c.run_and_wait(
          intToInt((value) => value),
          1,
        ),
        0n,
      ),
  },
  fast: {
    'a loop'() {
      c.keep(intToInt((value) => value + 1))
      let sum = 0
      for (let i = 0; i < 200_000; i++) sum += c.call_kept(1)
      return fine(sum, 400_000)
    },
  },
  errno: {
    'through `__errno_location`'() {
      sound([c.fail_i32(2), ffi.getInt32(libc.__errno_location())], [-1, 2])
      c.fail_i32(13)
      failElsewhere()
      const errno = ffi.getInt32(libc.__errno_location())
      return errno === 13 ? right() : garbage(errno, 'the other code’s')
    },
  },
  unload: {
    'an asynchronous call': none(NO_ASYNC),
    'in a callback'() {
      const library = open(copyOf('callbacks'))
      const { pass_i32 } = bind(library, { pass_i32: ['int32', 'function', 'int32'] })
      const callback = intToInt((value) => {
        library.close()
        return value
      })
      return fine(pass_i32(callback, 5), 5)
    },
  },
}
