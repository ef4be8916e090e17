// Turns the fixtures into ffi-rs functions of positional arguments, and C's memory into what a mistake is made with.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import ffi from 'ffi-rs'
import { fixture, until } from '../scene.mjs'
import { legit, sound } from '../verdict.mjs'

const { DataType, arrayConstructor, createExternalBuffer, createPointer, define, freePointer, funcConstructor } = ffi
const { BigInt: Big, Double, External, I32, I64, String: Text, U64, U8, U8Array, Void, WString } = DataType

const manifest = join(dirname(createRequire(import.meta.url).resolve('ffi-rs')), 'package.json')
export const { version } = JSON.parse(readFileSync(manifest, 'utf8'))

export const intToInt = funcConstructor({ paramsType: [I32], retType: I32 })
const span = { bytes: External, length: U64 }

/** Functions of an open library by name, from their types, the result's first. */
export function bind(library, signatures, options = {}) {
  const described = ([name, [retType, ...paramsType]]) => [name, { library, retType, paramsType, ...options }]
  const functions = define(Object.fromEntries(Object.entries(signatures).map(described)))
  return Object.fromEntries(Object.entries(functions).map(([name, fn]) => [name, (...values) => fn(values)]))
}
function load(topic, signatures, options) {
  ffi.open({ library: topic, path: fixture(topic) })
  return bind(topic, signatures, options)
}

ffi.open({ library: 'libc', path: 'libc.so.6' })
export const libc = bind('libc', {
  free: [Void, External],
  realloc: [External, External, U64],
  fork: [I32],
  _exit: [Void, I32],
  snprintf: [I32, U8Array, U64, Text, Double],
})
export const c = {
  ...load('pointers', { read_int: [I32, External], write_int: [Void, External, I32], malloc_block: [External, U64] }),
  ...load('pointers', { static_int: [External], low_address: [External], noncanonical_address: [External] }),
  ...load('pointers', { unmapped_address: [External], readonly_page: [External], null_ptr: [External] }),
  ...load('pointers', { offset_ptr: [External, External, I64] }),
  ...load('async', { gate_open: [Void], gate_close: [Void], gate_waiting: [I32], gate_sum: [U64, span] }),
  ...load('async', { gate_fill: [U64, U8Array, U64, U8] }),
  ...load('callbacks', { keep: [Void, External], call_kept: [I32, I32] }),
  ...load('threads', { run_and_wait: [I64, intToInt, I32] }),
  ...load('ownership', { box_new: [External, I32], box_value: [I32, External], shelf_put: [I32, External] }),
  ...load('ownership', { shelf_empty: [Void], text_malloc: [External, I32] }),
  ...load('crash', { overrun: [Void, External, U64, U64] }),
  ...load('strings', { unterminated: [Text], string_length: [I32, Text], wide_length: [I32, WString] }),
  ...load('scalars', { id_u8: [U8, U8], id_i32: [I32, I32], id_i64: [Big, Big] }),
  ...load('nested', { sum_labelled: [Double, { id: I32, name: Text, wide: WString, note: Text }] }),
  ...load('arrays', { sum_u8: [U64, U8Array, I32] }),
}
/** The same in another thread; callbacks with a result are answered only there. */
export const later = {
  ...load('async', { gate_sum: [U64, span], gate_fill: [U64, U8Array, U64, U8] }, { runInNewThread: true }),
  ...load('callbacks', { pass_i32: [I32, intToInt, I32], call_kept: [I32, I32] }, { runInNewThread: true }),
  ...load(
    'callbacks',
    { add_after: [I64, funcConstructor({ paramsType: [], retType: I32 }), External, I32] },
    { runInNewThread: true },
  ),
}
export const keepInline = bind('callbacks', { keep: [Void, intToInt] }).keep
export const callVoid = bind('callbacks', {
  call_void: [I32, funcConstructor({ paramsType: [], retType: Void }), I32],
}).call_void
export const overrunBuffer = bind('crash', { overrun: [Void, U8Array, U64, U64] }).overrun
export const failing = load('errors', { fail_i32: [I32, I32] }, { errno: true })

export const SIZE = 256
export const SUM = 7 * SIZE

export const create = (type, value) => createPointer({ paramsType: [type], paramsValue: [value] })[0]
export const restore = (type, pointer) => ffi.restorePointer({ retType: [type], paramsValue: [pointer] })[0]
export const free = (type, pointer, pointerType = ffi.PointerType.RsPointer) =>
  freePointer({ paramsType: [type], paramsValue: [pointer], pointerType })
/** C's memory is given back so. */
export const freeOfC = (pointer) => free(External, pointer, ffi.PointerType.CPointer)
export const bytesOf = (length) => arrayConstructor({ type: U8Array, length })

export const block = legit((value = 7, size = SIZE) => {
  const pointer = c.malloc_block(size - 1)
  createExternalBuffer(pointer, size).fill(value)
  return pointer
})
/** Takes what was just freed. */
export const others = (value = 1, size = SIZE) => Array.from({ length: 8 }, () => block(value, size))

/** Memory that ffi-rs has made and freed. */
export function freed(type, value) {
  const pointer = create(type, value)
  sound(restore(type, pointer), value)
  free(type, pointer)
  return pointer
}

/** Does something while an asynchronous call is at the gate, then lets it through. */
export async function atGate(call, meanwhile) {
  await until(() => c.gate_waiting() === 1)
  await meanwhile()
  c.gate_open()
  return call
}
