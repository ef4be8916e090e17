// Turns each row of the benchmark into data: a neutral signature, the answers it must give, and its timed loop.

const WORDS = [
  'hello world',
  'lorem ipsum',
  'quick brown',
  'silent lake',
  'copper wire',
  'velvet moss',
  'amber stone',
  'paper crane',
]
const TEXTS = ['north-face-1', 'south-face-2', 'eastern-rim3', 'western-rim4']
const BIG = 2 ** 33
// Buffer.alloc: eight ArrayBuffers, where Buffer.from would cut all from one pool.
const BUFFERS = Array.from({ length: 8 }, (_, first) => Buffer.alloc(64).map((_, i) => first + i))

/**
 * A case:
 * - `bind`: the functions it needs, `fn` being the timed one; types are the neutral names that every driver maps.
 * - `checks(bound)`: `[got, expected]` pairs, compared before anything is timed.
 * - `loop(bound, n)`: n calls; its result goes into the child's answer, so that no call can be optimised away. Arguments
 *   are written at the call site, as a program has them.
 * - `literal`: the case is about calls that name their types each time, which a driver may not have.
 * - `targets`: how many times faster than each peer Holdfast has to be; koffi 1 unless said otherwise.
 */
export const cases = [
  {
    id: 'no_op',
    title: 'no-op',
    bind: { fn: { symbol: 'no_op', params: [], ret: 'void' } },
    checks: ({ fn }) => [[fn(), undefined]],
    loop({ fn }, n) {
      let last
      for (let i = 0; i < n; i++) last = fn()
      return last ?? 0
    },
  },
  {
    id: 'add_i32',
    title: 'add of two i32',
    bind: { fn: { symbol: 'add_i32', params: ['i32', 'i32'], ret: 'i32' } },
    checks: ({ fn }) => [
      [fn(2, 40), 42],
      [fn(-5, 3), -2],
    ],
    loop: addIntegers,
    targets: { koffi: 2.5 },
  },
  {
    id: 'add_f64',
    title: 'add of two f64',
    bind: { fn: { symbol: 'add_f64', params: ['f64', 'f64'], ret: 'f64' } },
    checks: ({ fn }) => [
      [fn(0.25, 1.5), 1.75],
      [fn(-1e300, 1), -1e300],
    ],
    loop({ fn }, n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += fn(i + 0.5, 0.25)
      return sum
    },
    targets: { koffi: 2.5 },
  },
  {
    id: 'add_u64',
    title: 'add of two u64, as numbers',
    bind: { fn: { symbol: 'add_u64', params: ['u64', 'u64'], ret: 'u64' } },
    checks: ({ fn }) => [
      [fn(2, 40), 42],
      [fn(7, BIG), BIG + 7],
    ],
    // Results above 32 bits: what a u64 is for.
    loop({ fn }, n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += fn(i, BIG)
      return sum
    },
    targets: { koffi: 2.5 },
  },
  {
    id: 'strlen',
    title: 'string in, 11 ASCII characters',
    bind: { fn: { symbol: 'length_of', params: ['string'], ret: 'u32' } },
    checks: ({ fn }) => [[fn(''), 0], ...WORDS.map((word) => [fn(word), 11])],
    // Eight strings in turn: remembering the last one encoded gains nothing.
    loop({ fn }, n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += fn(WORDS[i & 7])
      return sum
    },
  },
  {
    id: 'text_12',
    title: 'string out, 12 bytes',
    bind: { fn: { symbol: 'text_12', params: [], ret: 'string' } },
    checks: ({ fn }) => TEXTS.map((text) => [fn(), text]),
    loop({ fn }, n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += fn().length
      return sum
    },
  },
  {
    id: 'text_new',
    title: 'string out, 12 bytes, never the same',
    bind: { fn: { symbol: 'text_new', params: [], ret: 'string' } },
    checks: ({ fn }) => [
      [fn(), 'aaaaaaaaaaab'],
      [fn(), 'aaaaaaaaaaac'],
    ],
    loop({ fn }, n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += fn().length
      return sum
    },
  },
  {
    id: 'id_ptr',
    title: 'pointer in and out',
    bind: {
      fn: { symbol: 'id_ptr', params: ['pointer'], ret: 'pointer' },
      base: { symbol: 'base_ptr', params: [], ret: 'pointer' },
      isBase: { symbol: 'is_base', params: ['pointer'], ret: 'i32' },
    },
    checks: ({ fn, base, isBase }) => [
      [isBase(base()), 1],
      [isBase(fn(base())), 1],
    ],
    loop({ fn, base, isBase }, n) {
      const given = base()
      let last = given
      for (let i = 0; i < n; i++) last = fn(given)
      return isBase(last)
    },
  },
  {
    id: 'sum_64',
    title: '64-byte Buffer in',
    bind: { fn: { symbol: 'sum_64', params: ['buffer64'], ret: 'u32' } },
    checks: ({ fn }) => BUFFERS.map((buffer) => [fn(buffer), buffer.reduce((sum, byte) => sum + byte, 0)]),
    loop({ fn }, n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += fn(BUFFERS[i & 7])
      return sum
    },
  },
  {
    id: 'mix_10',
    title: '10 mixed arguments',
    bind: {
      fn: {
        symbol: 'mix_10',
        params: ['i32', 'f64', 'i64', 'f32', 'u8', 'f64', 'i16', 'f64', 'u32', 'bool'],
        ret: 'f64',
      },
    },
    checks: ({ fn }) => [
      [fn(-1, 0.5, BIG, 0.25, 200, 1.5, -300, 2.5, 4e9, true), BIG + 4e9 - 95.25],
      [fn(1, 0, -BIG, 0, 0, 0, 0, 0, 0, false), 1 - BIG],
    ],
    loop({ fn }, n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += fn(i, 0.5, BIG, 0.25, 200, 1.5, -300, 2.5, 4e9, true)
      return sum
    },
    targets: { koffi: 2.5 },
  },
  {
    id: 'struct',
    title: '16-byte struct by value, in and out',
    bind: { fn: { symbol: 'turn', params: ['point'], ret: 'point' } },
    checks: ({ fn }) => [[{ ...fn({ x: 3, y: 0.5 }) }, { x: -0.5, y: 3 }]],
    loop({ fn }, n) {
      let sum = 0
      for (let i = 0; i < n; i++) {
        const { x, y } = fn({ x: i, y: 0.5 })
        sum += x + y
      }
      return sum
    },
    targets: { koffi: 2.5 },
  },
  {
    id: 'callback',
    title: 'callback, C loop calling `int(int)`',
    bind: { fn: { symbol: 'sum_of', params: ['int_to_int', 'i32'], ret: 'i64' } },
    checks: ({ fn }) => [
      [Number(fn((i) => i * 2, 10)), 90],
      [Number(fn((i) => -i, 3)), -3],
    ],
    // One call of C for all callbacks: a callback is what is timed.
    loop: ({ fn }, n) => Number(fn((i) => (i & 1023) + 1, n)),
  },
  {
    id: 'load',
    title: '`load()` with a literal, two i32',
    literal: true,
    checks: ({ fn }) => [
      [fn(2, 40), 42],
      [fn(-5, 3), -2],
    ],
    loop: addIntegers,
    targets: { 'ffi-rs': 40 },
  },
]

function addIntegers({ fn }, n) {
  let sum = 0
  for (let i = 0; i < n; i++) sum = (sum + fn(i, 7)) | 0
  return sum
}
