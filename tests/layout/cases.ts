// Turns the type language into more than a hundred struct types for the layout oracle: hand-chosen, derived, generated.
import { type FieldType, DataType as T } from 'holdfast'
import {
  arrays,
  byValue,
  inline,
  inlineItems,
  inlinePointers,
  type LayoutCase,
  pointed,
  pointedItems,
  pointedPointers,
  scalars,
} from './describe.js'
import { generateStructs } from './generate.js'

type StructFields = Record<string, FieldType>

const point = { x: T.I32, y: T.Double }
const triple = { r: T.U8, g: T.U8, b: T.U8 }
const node = { value: T.I32, next: T.External }
const odd = { flag: T.Boolean, wide: T.I64, small: T.I16 }

const handChosen: Record<string, StructFields> = {
  oneByte: { a: T.U8 },
  oneBool: { a: T.Boolean },
  onePointer: { a: T.External },
  threeBytes: { a: T.U8, b: T.U8, c: T.U8 },
  shrinking: { a: T.I64, b: T.I32, c: T.I16, d: T.I8 },
  growing: { a: T.I8, b: T.I16, c: T.I32, d: T.I64 },
  holes: { a: T.I8, b: T.I64, c: T.I8, d: T.I32, e: T.I8, f: T.I16, g: T.I8 },
  tailPadding: { a: T.Double, b: T.Boolean },
  floats: { a: T.Float, b: T.Double, c: T.Float },
  bools: { a: T.Boolean, b: T.I16, c: T.Boolean, d: T.Boolean, e: T.I32 },
  strings: { a: T.I16, name: T.String, b: T.Boolean, wide: T.WString, c: T.U8 },
  sizes: { a: T.U8, size: T.Usize, b: T.U16, offset: T.Isize },
  bigs: { a: T.U8, any: T.BigInt, b: T.U8, positive: T.BigUint64 },
  timeval: { tv_sec: T.I64, tv_usec: T.I64 },
  div_t: { quot: T.I32, rem: T.I32 },
  pollfd: { fd: T.I32, events: T.I16, revents: T.I16 },
  iovec: { iov_base: T.External, iov_len: T.Usize },
  sockaddr_in: {
    sin_family: T.U16,
    sin_port: T.U16,
    sin_addr: byValue({ s_addr: T.U32 }),
    sin_zero: inline(T.U8Array, 8),
  },
  tm: {
    tm_sec: T.I32,
    tm_min: T.I32,
    tm_hour: T.I32,
    tm_mday: T.I32,
    tm_mon: T.I32,
    tm_year: T.I32,
    tm_wday: T.I32,
    tm_yday: T.I32,
    tm_isdst: T.I32,
    tm_gmtoff: T.I64,
    tm_zone: T.String,
  },
  dirent: { d_ino: T.U64, d_off: T.I64, d_reclen: T.U16, d_type: T.U8, d_name: inline(T.U8Array, 256) },
  z_stream: {
    next_in: T.External,
    avail_in: T.U32,
    total_in: T.U64,
    next_out: T.External,
    avail_out: T.U32,
    total_out: T.U64,
    msg: T.String,
    state: T.External,
    zalloc: T.External,
    zfree: T.External,
    opaque: T.External,
    data_type: T.I32,
    adler: T.U64,
    reserved: T.U64,
  },
  innerByValue: { tag: T.U8, inner: byValue(point), tail: T.I16 },
  innerByPointer: { tag: T.U8, inner: point, tail: T.I16 },
  innerOfBytes: { tag: T.U8, inner: byValue(triple), tail: T.U8, next: byValue(triple), last: T.I32 },
  innerWithTailPadding: { a: byValue(odd), b: T.I8 },
  threeLevels: {
    a: T.I8,
    b: byValue({ c: T.I16, d: byValue({ e: T.I8, f: byValue({ g: T.I64, h: T.I8 }) }), i: T.I8 }),
    j: T.I8,
  },
  valueThenPointer: { a: byValue({ b: T.I8, c: { d: T.I64 }, e: T.I8 }), f: { g: byValue(point) } },
  inlineItemsFirst: { items: inlineItems(point, 3), tail: T.I8 },
  inlineItemsMiddle: { head: T.I8, items: inlineItems(point, 3), tail: T.I32 },
  inlineItemsLast: { head: T.I8, items: inlineItems(triple, 5) },
  inlineItemsOfBytes: { head: T.I16, items: inlineItems(triple, 3), tail: T.I16 },
  inlinePointersMiddle: { head: T.I8, items: inlinePointers(point, 3), tail: T.I8 },
  pointedItemsMiddle: { head: T.I8, items: pointedItems(point, 3), tail: T.I8 },
  pointedPointersMiddle: { head: T.I8, items: pointedPointers(node, 3), tail: T.I8 },
  itemsWithArrays: {
    head: T.I8,
    items: inlineItems({ a: T.I8, b: inline(T.DoubleArray, 2), c: T.I16 }, 2),
    tail: T.Float,
  },
  itemsOfItems: {
    head: T.I8,
    rows: inlineItems({ id: T.I16, cells: inlineItems({ a: T.I8, b: T.Float }, 3), end: T.I8 }, 2),
    tail: T.I8,
  },
  inlineOfOne: { head: T.I8, one: inline(T.I64Array, 1), tail: T.I8 },
  arraysInARow: { a: inline(T.U8Array, 3), b: inline(T.I16Array, 3), c: inline(T.U8Array, 1), d: T.I8 },
  largeInline: { head: T.I8, data: inline(T.DoubleArray, 1000), tail: T.U8 },
  bytesOnly: { data: inline(T.U8Array, 7) },
  person: {
    name: T.String,
    age: T.I32,
    active: T.Boolean,
    height: T.Double,
    weight: T.Float,
    id: T.I64,
    staticBytes: inline(T.U8Array, 16),
    scores: pointed(T.I32Array, 3),
    nicknames: pointed(T.StringArray, 2),
    parent: { name: T.String, age: T.I32 },
  },
}

// Each type between single bytes: its alignment shows in its own offset, its size in the offset after it.
const derived: Record<string, StructFields> = {}
for (const scalar of scalars) derived[`scalar ${scalar} between bytes`] = { head: T.I8, field: scalar, tail: T.I8 }
for (const array of arrays) {
  derived[`inline array ${array} between bytes`] = { head: T.I8, field: inline(array, 3), tail: T.I8 }
  derived[`pointer array ${array} between bytes`] = { head: T.I8, field: pointed(array, 3), tail: T.I8 }
}

/** Every struct that the oracle measures: the same on each run. */
export const cases: LayoutCase[] = [
  ...Object.entries(handChosen).map(([name, type]) => ({ name, type })),
  ...Object.entries(derived).map(([name, type]) => ({ name, type })),
  ...generateStructs(48),
]
