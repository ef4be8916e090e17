// Turns the rows of the matrix about calls and callbacks into these mistakes, made with koffi as its documentation shows.
import koffi from 'koffi'
import { BIG, collect, copyOf, detach, failElsewhere, fixture, inWorker, until } from '../scene.mjs'
import { fine, garbage, right, silent, sound, stale } from '../verdict.mjs'
import { atGate, bind, block, c, later, others, SIZE, SUM } from './bound.mjs'

export const rows = {
  10: {
    async 'an asynchronous call'() {
      const pointer = block()
      c.gate_close()
      const call = later(c.gate_sum, { bytes: pointer, length: SIZE })
      const sum = await atGate(call, () => {
        koffi.free(pointer)
        others()
      })
      return stale(sum, SUM)
    },
  },
  11: {
    'a callback'() {
      const pointer = block(0)
      const sum = c.add_after(
        () => {
          koffi.free(pointer)
          others()
        },
        pointer,
        SIZE / 4,
      )
      return stale(sum, SIZE / 4)
    },
  },
  12: {
    'a registered callback'() {
      const callback = koffi.register((value) => value + 1, 'Int_to_int *')
      c.keep(callback)
      sound(c.call_kept(1), 2)
      koffi.unregister(callback)
      return stale(c.call_kept(1), 0)
    },
    'one for the duration of a call'() {
      c.keep((value) => value + 1)
      return stale(c.call_kept(1), 0)
    },
  },
  13: {
    async called() {
      c.keep(koffi.register((value) => value * 3, 'Int_to_int *'))
      await collect()
      return fine(c.call_kept(5), 15)
    },
    'the end of the process'() {
      c.keep(koffi.register((value) => value * 3, 'Int_to_int *'))
      return { ...right('the process ends'), ends: true }
    },
  },
  14: {
    'a call'() {
      const sum = c.add_after(() => globalThis.gc(), new Int32Array(BIG / 4), BIG / 4)
      return fine(sum, BIG / 4)
    },
    async 'an asynchronous call'() {
      c.gate_close()
      const call = later(c.gate_fill, new Uint8Array(BIG), BIG, 2)
      return fine(await atGate(call, collect), 2 * BIG)
    },
  },
  16: {
    'detached before the call'() {
      const array = new Int32Array(SIZE)
      detach(array.buffer)
      return stale(
        c.add_after(() => {}, array, SIZE),
        SIZE,
      )
    },
    'in a callback'() {
      const array = new Int32Array(BIG / 4)
      return fine(
        c.add_after(() => detach(array.buffer), array, BIG / 4),
        BIG / 4,
      )
    },
    async 'during an asynchronous call'() {
      const array = new Uint8Array(BIG)
      c.gate_close()
      const call = later(c.gate_fill, array, BIG, 2)
      const sum = await atGate(call, () => {
        detach(array.buffer)
        return collect()
      })
      return fine(sum, 2 * BIG)
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
      const library = koffi.load(copyOf('scalars'))
      const { id_i32 } = bind(library, 'int32_t id_i32(int32_t v)')
      sound(id_i32(5), 5)
      library.unload()
      return stale(id_i32(5), 5)
    },
    'in optimised code'() {
      const library = koffi.load(copyOf('scalars'))
      const { id_i32 } = bind(library, 'int32_t id_i32(int32_t v)')
      let sum = 0
      for (let i = 0; i < 200_000; i++) {
        if (i === 150_000) library.unload()
        sum += id_i32(1)
      }
      return stale(sum, 200_000)
    },
    'a pointer'() {
      const library = koffi.load(copyOf('pointers'))
      const pointer = bind(library, 'void *static_int()').static_int()
      sound(koffi.decode(pointer, 'int32_t'), 42)
      library.unload()
      return stale(koffi.decode(pointer, 'int32_t'), 42)
    },
  },
  19: {
    async 'a pointer'() {
      const pointer = block(5)
      const got = await inWorker('koffi', '(koffi, pointer) => koffi.decode(pointer, "uint8_t")', pointer)
      return got === 5 ? silent('it is an address there too') : garbage(got)
    },
    async 'a library'() {
      await inWorker('koffi', '(koffi, path) => koffi.load(path).unload()', fixture('scalars'))
      return fine(c.id_i32(5), 5)
    },
  },
  22: {
    'a missing field'() {
      sound(c.sum_labelled({ id: 3, name: 'ab', wide: null, note: null }), 5)
      return stale(c.sum_labelled({ id: 3 }), 3)
    },
    'an integer of the wrong type': () => stale(c.sum_labelled({ id: '3', name: 'ab', wide: null, note: null }), 5),
    'a double of the wrong type': () => stale(c.weigh_f64_f64_ptr({ a: '1', b: 2 }), 5),
    'no object': () => stale(c.sum_labelled(7), 7),
  },
  23: {
    '300 for a byte': () => silent(`C gets ${c.id_u8(300)}`),
    '1.5 for an integer': () => silent(`C gets ${c.id_i32(1.5)}`),
    '2^64 for 64 bits': () => silent(`C gets ${c.id_i64(2n ** 64n)}`),
  },
  24: {
    'declared as if it were none'() {
      const { snprintf } = bind(
        koffi.load('libc.so.6'),
        'int snprintf(_Out_ void *room, size_t size, const char *format, double value)',
      )
      const room = Buffer.alloc(16)
      return stale([snprintf(room, 16, '%.1f', 1.5), room.toString('latin1', 0, 3)], [3, '1.5'])
    },
    'declared as variadic with a `float`'() {
      const { snprintf } = bind(
        koffi.load('libc.so.6'),
        'int snprintf(_Out_ void *room, size_t size, const char *format, ...)',
      )
      const room = Buffer.alloc(16)
      const length = snprintf(room, 16, '%.1f', 'float', 1.5)
      return fine(room.toString('latin1', 0, length), '1.5')
    },
    'declared as variadic'() {
      const { snprintf } = bind(
        koffi.load('libc.so.6'),
        'int snprintf(_Out_ void *room, size_t size, const char *format, ...)',
      )
      const room = Buffer.alloc(16)
      const length = snprintf(room, 16, '%.1f %d', 'double', 1.5, 'int', -3)
      return fine(room.toString('latin1', 0, length), '1.5 -3')
    },
  },
  26: {
    '`fork`'() {
      const { fork, _exit } = bind(koffi.load('libc.so.6'), 'int fork()', 'void _exit(int code)')
      if (fork() === 0) _exit(0)
      return silent('a second process runs')
    },
  },
  throw: {
    'in a call'() {
      const thrown = new RangeError('of the callback')
      try {
        return garbage(
          c.pass_i32(() => {
            throw thrown
          }, 1),
        )
      } catch (error) {
        if (error !== thrown) throw error
        return right('the call throws it')
      }
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
      c.keep(koffi.register((value) => value + 1, 'Int_to_int *'))
      let sum = 0
      for (let i = 0; i < 200_000; i++) sum += c.call_kept(1)
      return fine(sum, 400_000)
    },
  },
  errno: {
    '`koffi.errno`'() {
      c.fail_i32(2)
      sound(koffi.errno(), 2)
      c.fail_i32(13)
      failElsewhere()
      const errno = koffi.errno()
      return errno === 13 ? right() : garbage(errno, 'the other code’s')
    },
  },
  unload: {
    async 'an asynchronous call'() {
      const library = koffi.load(copyOf('async'))
      const own = bind(library, 'int32_t log_start(int32_t number, int32_t ms)', 'int32_t log_count()')
      const call = later(own.log_start, 1, 300)
      await until(() => own.log_count() === 1)
      library.unload()
      return fine(await call, 0)
    },
    'in a callback'() {
      const library = koffi.load(copyOf('callbacks'))
      const { pass_i32 } = bind(library, 'int32_t pass_i32(Int_to_int *callback, int32_t value)')
      const call = () =>
        pass_i32((value) => {
          library.unload()
          return value
        }, 5)
      return fine(call(), 5)
    },
  },
}
