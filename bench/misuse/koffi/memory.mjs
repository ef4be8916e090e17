// Turns the rows of the matrix about memory into these mistakes, made with koffi as its documentation shows.
import koffi from 'koffi'
import { BIG, finalized, fixture, growth, wild } from '../scene.mjs'
import { garbage, none, right, silent, sound, stale } from '../verdict.mjs'
import { block, bytes, c, freed, libc, mallocBlock, others, SIZE, SUM } from './bound.mjs'

export const rows = {
  1: {
    read() {
      const pointer = freed()
      others()
      return stale(koffi.decode(pointer, 'uint8_t', 4), Uint8Array.of(7, 7, 7, 7))
    },
    write() {
      koffi.encode(freed(), 'uint64_t', 0x4141414141414141n)
      others()
      return silent()
    },
  },
  '1b': {
    argument() {
      const pointer = freed()
      others()
      return stale(c.read_int(pointer), 0x07070707)
    },
    'in a struct'() {
      const pointer = freed()
      others()
      c.gate_open()
      return stale(c.gate_sum({ bytes: pointer, length: SIZE }), SUM)
    },
  },
  2: {
    '`koffi.free`'() {
      koffi.free(freed())
      return silent()
    },
    'bound `free`'() {
      const pointer = c.malloc_block(SIZE)
      libc.free(pointer)
      libc.free(pointer)
      return silent()
    },
  },
  3: {
    '`koffi.free`'() {
      koffi.free(block() + 16n)
      return silent()
    },
    'bound `free`'() {
      libc.free(c.malloc_block(SIZE) + 16n)
      return silent()
    },
  },
  4: {
    'memory of a library’s own allocator'() {
      koffi.free(c.box_new(1))
      return silent()
    },
    'a static variable'() {
      koffi.free(c.static_int())
      return silent()
    },
    'the memory of a Buffer'() {
      koffi.free(koffi.address(Buffer.alloc(SIZE)))
      return silent()
    },
  },
  5: {
    read: () => garbage(koffi.decode(block(), 'uint8_t', 4 * SIZE).slice(SIZE, SIZE + 16)),
    'far read': () => garbage(koffi.decode.int32(block() + BigInt(BIG) * 64n)),
    write() {
      koffi.encode(block(), SIZE, 'uint64_t', 0x4141414141414141n)
      others()
      return silent()
    },
    'read of a Buffer': () => garbage(koffi.decode(Buffer.alloc(4, 7), 'uint8_t', 64).slice(4)),
  },
  '5b': {
    'its own memory'() {
      const pointer = block()
      c.overrun(pointer, SIZE, 64)
      koffi.free(pointer)
      others()
      return silent()
    },
    'a Buffer'() {
      c.overrun(new Uint8Array(SIZE), SIZE, 64)
      return silent()
    },
  },
  6: {
    'a number read as a string'() {
      const pointer = koffi.alloc('double', 1)
      koffi.encode(pointer, 'double', 0.1)
      return garbage(koffi.decode(pointer, 'char *'))
    },
    'a value of the wrong type'() {
      koffi.encode(koffi.alloc('double', 1), 'double', '1')
      return silent()
    },
  },
  7: {
    read: () => stale(koffi.decode(block() + 1n, 'int32_t'), 0x07070707),
  },
  8: {
    'in JavaScript': () => garbage(koffi.decode(null, 'int32_t')),
    'in C'() {
      c.write_int(null, 1)
      return silent()
    },
  },
  9: {
    ...wild(c, (address) => garbage(koffi.decode(address, 'int32_t'))),
    'write to a read-only page'() {
      koffi.encode(c.readonly_page(), 'uint8_t', 1)
      return silent()
    },
  },
  15: {
    'without NUL': () => garbage(koffi.decode.string(c.unterminated())),
    'NUL inside': () => (c.string_length('a\0b') === 1 ? silent('cut short') : right()),
    'wide with NUL inside': () => (c.wide_length('a\0b') === 1 ? silent('cut short') : right()),
  },
  20: {
    'allocated memory'() {
      block(7, BIG)
      return { ...silent(), ends: true }
    },
  },
  21: {
    'a loop'() {
      const each = growth(() => koffi.alloc('uint8_t', 1024))
      return each > 512 ? { ...silent('all of it leaks'), got: Math.round(each) } : right()
    },
  },
  25: {
    read() {
      const pointer = mallocBlock()
      koffi.free(pointer)
      sound(others(9).includes(pointer), true)
      return stale(koffi.decode(pointer, 'uint8_t'), 7)
    },
  },
  size: {
    'a negative length': () => garbage(koffi.decode(block(), 'int32_t', -2)),
    'a huge length': () => garbage(koffi.decode(block(), 'int32_t', 1e8).length),
    'a huge view': () => garbage(koffi.view(block(), 2 ** 40).byteLength),
    'a negative view': () => garbage(koffi.view(block(), -1).byteLength),
    'a negative allocation': () => garbage(koffi.alloc('int32_t', -1)),
  },
  view: {
    read() {
      const pointer = block()
      const view = bytes(pointer)
      koffi.free(pointer)
      others()
      return stale([...view], new Array(SIZE).fill(7))
    },
    write() {
      const pointer = block()
      const view = bytes(pointer)
      koffi.free(pointer)
      view.fill(0x41)
      others()
      return silent()
    },
  },
  'destructor-throws': {
    'a disposable type'() {
      const thrown = new RangeError('of the release')
      const Text = koffi.disposable('const char *', () => {
        throw thrown
      })
      const text = koffi.load(fixture('ownership')).func('text_malloc', Text, ['int32_t'])
      try {
        return silent(text(1) === 'text 1' ? 'the error is lost' : 'the error and the result are lost')
      } catch (error) {
        if (error !== thrown) throw error
        return right('the call throws it')
      }
    },
  },
  'destructor-reenters': {
    'a disposable type freed twice'() {
      const Text = koffi.disposable('const char *', (pointer) => {
        koffi.free(pointer)
        koffi.free(pointer)
      })
      koffi.load(fixture('ownership')).func('text_malloc', Text, ['int32_t'])(1)
      return silent()
    },
  },
  resurrect: none('a pointer is a number, which nothing finalizes'),
  finalizer: {
    'live and freed ones': () =>
      finalized(() => {
        const live = block()
        koffi.free(live)
        koffi.free(live)
        return silent()
      }),
  },
  realloc: {
    'the old block'() {
      const pointer = c.malloc_block(SIZE)
      libc.realloc(pointer, BIG)
      others()
      return stale(koffi.decode(pointer, 'uint8_t', 4), Uint8Array.of(0, 1, 2, 3))
    },
    'what is not `malloc`’s'() {
      libc.realloc(c.static_int(), SIZE)
      return silent()
    },
  },
  transfer: {
    use() {
      const box = c.box_new(5)
      c.shelf_put(box)
      c.shelf_empty()
      others(1, 48)
      return stale(c.box_value(box), 5)
    },
  },
  adopt: {
    'a disposable type, twice'() {
      const text = koffi.load(fixture('async')).func('same_text', koffi.disposable('const char *'), ['void *'])
      const memory = c.text_malloc(1)
      sound(text(memory), 'text 1')
      return stale(text(memory), 'text 1')
    },
  },
}
