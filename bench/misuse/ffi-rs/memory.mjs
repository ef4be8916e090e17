// Turns the rows of the matrix about memory into these mistakes, made with ffi-rs as its documentation shows.
import ffi from 'ffi-rs'
import { BIG, finalized, growth, wild } from '../scene.mjs'
import { garbage, none, right, silent, sound, stale } from '../verdict.mjs'
import {
  bind,
  block,
  c,
  create,
  free,
  freed,
  freeOfC,
  libc,
  others,
  overrunBuffer,
  restore,
  SIZE,
  SUM,
} from './bound.mjs'

const { DataType, PointerType, arrayConstructor, createExternalBuffer, unwrapPointer, wrapPointer } = ffi
const { External, I32, I32Array, String: Text, U8 } = DataType
const numbers = (length) => arrayConstructor({ type: I32Array, length })
const texts = { text: Text, number: I32 }

export const rows = {
  1: {
    'a number'() {
      const pointer = freed(I32, 7)
      for (let i = 0; i < 8; i++) create(I32, 1)
      return stale(restore(I32, pointer), 7)
    },
    'a struct with a string'() {
      const pointer = freed(texts, { text: 'abc', number: 1 })
      return stale(restore(texts, pointer), { text: 'abc', number: 1 })
    },
  },
  '1b': {
    argument() {
      const pointer = freed(I32, 7)
      for (let i = 0; i < 8; i++) create(I32, 1)
      return stale(c.read_int(pointer), 7)
    },
    'in a struct'() {
      const pointer = block()
      c.gate_open()
      sound(c.gate_sum({ bytes: pointer, length: SIZE }), SUM)
      freeOfC(pointer)
      others()
      return stale(c.gate_sum({ bytes: pointer, length: SIZE }), SUM)
    },
  },
  2: {
    'a number'() {
      free(I32, freed(I32, 7))
      return silent()
    },
    'a string'() {
      free(Text, freed(Text, 'abc'))
      return silent()
    },
    'bound `free`'() {
      const pointer = block()
      libc.free(pointer)
      libc.free(pointer)
      return silent()
    },
  },
  3: {
    'what `unwrapPointer` gives'() {
      const pointer = create(Text, 'abc')
      free(I32, unwrapPointer([pointer])[0])
      free(Text, pointer)
      return silent()
    },
    'the middle of a block'() {
      freeOfC(c.offset_ptr(block(), 16))
      return silent()
    },
    'bound `free`'() {
      libc.free(c.offset_ptr(block(), 16))
      return silent()
    },
  },
  4: {
    'memory of C as its own'() {
      free(Text, wrapPointer([c.text_malloc(1)])[0])
      return silent()
    },
    'its own as memory of C'() {
      free(Text, create(Text, 'abc'), PointerType.CPointer)
      return silent()
    },
    'memory of a library’s own allocator'() {
      freeOfC(c.box_new(1))
      return silent()
    },
    'a static variable'() {
      freeOfC(c.static_int())
      return silent()
    },
  },
  5: {
    read: () => garbage(restore(numbers(64), create(I32Array, [1, 2, 3, 4])).slice(4)),
    'far read': () => garbage(restore(numbers(1e8), create(I32Array, [1, 2, 3, 4])).length),
    write() {
      const [list] = unwrapPointer([create(I32Array, new Array(SIZE / 4).fill(7))])
      createExternalBuffer(list, SIZE + 64).fill(0x41, SIZE)
      others()
      return silent()
    },
  },
  '5b': {
    'its own memory'() {
      const made = create(I32Array, new Array(SIZE / 4).fill(7))
      c.overrun(unwrapPointer([made])[0], SIZE, 64)
      free(numbers(SIZE / 4), made)
      others()
      return silent()
    },
    'a Buffer'() {
      overrunBuffer(new Uint8Array(SIZE), SIZE, 64)
      return silent()
    },
  },
  6: {
    'a number read as a string': () => garbage(restore(Text, create(DataType.Double, 0.1))),
    'a value of the wrong type'() {
      create(I32, '1')
      return silent()
    },
  },
  7: {
    read: () => stale(restore(I32, c.offset_ptr(block(), 1)), 0x07070707),
  },
  8: {
    'in JavaScript': () => garbage(restore(I32, c.null_ptr())),
    'in C'() {
      c.write_int(c.null_ptr(), 1)
      return silent()
    },
  },
  9: {
    ...wild(c, (address) => garbage(restore(I32, address))),
    'write to a read-only page'() {
      createExternalBuffer(c.readonly_page(), 8)[0] = 1
      return silent()
    },
  },
  15: {
    'without NUL': () => garbage(c.unterminated()),
    'NUL inside': () => (c.string_length('a\0b') === 1 ? silent('cut short') : right()),
    'wide with NUL inside': () => (c.wide_length('a\0b') === 1 ? silent('cut short') : right()),
  },
  20: {
    'memory of `createPointer`'() {
      create(I32Array, new Array(100_000).fill(7))
      return { ...silent(), ends: true }
    },
  },
  21: {
    'a loop'() {
      const value = 'x'.repeat(1023)
      const each = growth(() => create(Text, value), 20_000)
      return each > 512 ? { ...silent('all of it leaks'), got: Math.round(each) } : right()
    },
  },
  25: {
    read() {
      const pointer = block()
      freeOfC(pointer)
      others(9)
      return stale(restore(U8, pointer), 7)
    },
  },
  size: {
    'a negative length': () => garbage(restore(numbers(-1), create(I32Array, [1, 2]))),
    'a huge length': () => garbage(restore(numbers(1e8), create(I32Array, [1, 2])).length),
    'a negative Buffer': () => garbage(createExternalBuffer(block(), -1).length),
    'a huge Buffer': () => garbage(createExternalBuffer(block(), 2 ** 40).length),
  },
  view: {
    read() {
      const pointer = block()
      const view = createExternalBuffer(pointer, SIZE)
      freeOfC(pointer)
      others()
      return stale([...view], new Array(SIZE).fill(7))
    },
    write() {
      const pointer = block()
      const view = createExternalBuffer(pointer, SIZE)
      freeOfC(pointer)
      view.fill(0x41)
      others()
      return silent()
    },
  },
  'destructor-throws': none('no release functions'),
  'destructor-reenters': none('no release functions'),
  resurrect: none('nothing finalizes a pointer'),
  finalizer: {
    'live and freed ones': () =>
      finalized(() => {
        free(I32, freed(I32, 7))
        return silent()
      }),
  },
  realloc: {
    'the old block'() {
      const pointer = block()
      libc.realloc(pointer, BIG)
      others()
      return stale(restore(U8, pointer), 7)
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
    '`freeResultMemory`, twice'() {
      const { same_text } = bind('async', { same_text: [Text, External] }, { freeResultMemory: true })
      const memory = c.text_malloc(1)
      same_text(memory)
      same_text(memory)
      return silent()
    },
  },
}
