// Turns the rows of the matrix about memory into these mistakes, made with node:ffi as its documentation shows.
import ffi from 'node:ffi'
import { BIG, finalized, wild } from '../scene.mjs'
import { garbage, none, right, silent, sound, stale } from '../verdict.mjs'
import { block, c, freed, libc, others, SIZE, SUM } from './bound.mjs'

/** A struct, written by hand. */
const span = (pointer, length) => Buffer.from(new BigUint64Array([pointer, BigInt(length)]).buffer)

export const rows = {
  1: {
    read() {
      const pointer = freed()
      others()
      return stale(ffi.getInt32(pointer), 0x07070707)
    },
    write() {
      ffi.setUint64(freed(), 0, 0x4141414141414141n)
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
    'in a struct, written by hand'() {
      const pointer = block()
      c.gate_open()
      sound(c.gate_sum(span(pointer, SIZE)), BigInt(SUM))
      libc.free(pointer)
      others()
      return stale(c.gate_sum(span(pointer, SIZE)), BigInt(SUM))
    },
  },
  2: {
    'bound `free`'() {
      libc.free(freed())
      return silent()
    },
  },
  3: {
    'bound `free`'() {
      libc.free(block() + 16n)
      return silent()
    },
  },
  4: {
    'memory of a library’s own allocator'() {
      libc.free(c.box_new(1))
      return silent()
    },
    'a static variable'() {
      libc.free(c.static_int())
      return silent()
    },
    'the memory of a Buffer'() {
      libc.free(ffi.getRawPointer(Buffer.alloc(SIZE)))
      return silent()
    },
  },
  5: {
    read: () => garbage([...ffi.toBuffer(block(), 4 * SIZE)].slice(SIZE, SIZE + 16)),
    'far read': () => garbage(ffi.getInt32(block(), 64 * BIG)),
    write() {
      ffi.setUint64(block(), SIZE, 0x4141414141414141n)
      others()
      return silent()
    },
    'a Buffer copied to less room': () => garbage(ffi.exportBuffer(Buffer.alloc(SIZE), block(), 4)),
  },
  '5b': {
    'a block'() {
      const pointer = block()
      c.overrun(pointer, BigInt(SIZE), 64n)
      libc.free(pointer)
      others()
      return silent()
    },
    'a Buffer'() {
      c.overrun(new Uint8Array(SIZE), BigInt(SIZE), 64n)
      return silent()
    },
  },
  6: {
    'a number read as a string'() {
      const pointer = block()
      ffi.setFloat64(pointer, 0, 0.1)
      return garbage(ffi.toString(ffi.getUint64(pointer)))
    },
    'a value of the wrong type'() {
      ffi.setFloat64(block(), 0, '1')
      return silent()
    },
  },
  7: {
    read: () => stale(ffi.getInt32(block(), 1), 0x07070707),
  },
  8: {
    'in JavaScript': () => garbage(ffi.getInt32(0n)),
    'in C'() {
      c.write_int(null, 1)
      return silent()
    },
  },
  9: {
    ...wild(c, (address) => garbage(ffi.getInt32(address))),
    'write to a read-only page'() {
      ffi.setUint8(c.readonly_page(), 0, 1)
      return silent()
    },
  },
  15: {
    'without NUL': () => garbage(ffi.toString(c.unterminated())),
    'NUL inside': () => (c.string_length('a\0b') === 1 ? silent('cut short') : right()),
  },
  20: {
    'a block of `malloc`'() {
      block(7, BIG)
      return { ...silent(), ends: true }
    },
  },
  21: none('it allocates nothing'),
  25: {
    read() {
      const pointer = freed()
      sound(others(9).includes(pointer), true)
      return stale(ffi.getUint8(pointer), 7)
    },
  },
  size: {
    'a negative offset': () => garbage(ffi.getInt32(block(), -8)),
    'a negative length': () => garbage(ffi.toBuffer(block(), -1).length),
    'a huge length': () => garbage(ffi.toBuffer(block(), 1e9).length),
    'a huge view': () => garbage(ffi.toBuffer(block(), 2 ** 40, false).length),
  },
  view: {
    read() {
      const pointer = block()
      const view = ffi.toBuffer(pointer, SIZE, false)
      libc.free(pointer)
      others()
      return stale([...view], new Array(SIZE).fill(7))
    },
    write() {
      const pointer = block()
      const view = ffi.toBuffer(pointer, SIZE, false)
      libc.free(pointer)
      view.fill(0x41)
      others()
      return silent()
    },
  },
  'destructor-throws': none('no release functions'),
  'destructor-reenters': none('no release functions'),
  resurrect: none('a pointer is a number, which nothing finalizes'),
  finalizer: {
    'live and freed ones': () =>
      finalized(() => {
        libc.free(freed())
        return silent()
      }),
  },
  realloc: {
    'the old block'() {
      const pointer = block()
      libc.realloc(pointer, BigInt(BIG))
      others()
      return stale(ffi.getUint8(pointer), 7)
    },
    'what is not `malloc`’s'() {
      libc.realloc(c.static_int(), BigInt(SIZE))
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
  adopt: none('it takes over no memory'),
}
