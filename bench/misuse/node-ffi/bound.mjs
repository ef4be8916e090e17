// Turns the fixtures into functions of node:ffi, and memory of malloc into what a mistake is made with.
import ffi from 'node:ffi'
import { fixture } from '../scene.mjs'
import { legit, sound } from '../verdict.mjs'

export const version = process.versions.node

/** Functions of a library by name, from their types, the result's first. */
export function bind(library, signatures) {
  const described = ([name, [result, ...parameters]]) => [name, { return: result, arguments: parameters }]
  return library.getFunctions(Object.fromEntries(Object.entries(signatures).map(described)))
}
export const open = (path) => new ffi.DynamicLibrary(path)
const load = (topic, signatures) => bind(open(fixture(topic)), signatures)

const callbacks = open(fixture('callbacks'))

export const libc = bind(open('libc.so.6'), {
  malloc: ['pointer', 'uint64'],
  free: ['void', 'pointer'],
  realloc: ['pointer', 'pointer', 'uint64'],
  fork: ['int32'],
  _exit: ['void', 'int32'],
  snprintf: ['int32', 'pointer', 'uint64', 'string', 'float64'],
  __errno_location: ['pointer'],
})
export const c = {
  ...load('pointers', { read_int: ['int32', 'pointer'], write_int: ['void', 'pointer', 'int32'] }),
  ...load('pointers', { static_int: ['pointer'], low_address: ['pointer'], noncanonical_address: ['pointer'] }),
  ...load('pointers', { unmapped_address: ['pointer'], readonly_page: ['pointer'] }),
  ...load('async', { gate_open: ['void'], gate_sum: ['uint64', 'pointer'] }),
  ...bind(callbacks, {
    add_after: ['int64', 'function', 'pointer', 'int32'],
    pass_i32: ['int32', 'function', 'int32'],
  }),
  ...bind(callbacks, { keep: ['void', 'function'], call_kept: ['int32', 'int32'] }),
  ...load('threads', { run_and_wait: ['int64', 'function', 'int32'] }),
  ...load('ownership', {
    box_new: ['pointer', 'int32'],
    box_value: ['int32', 'pointer'],
    shelf_put: ['int32', 'pointer'],
  }),
  ...load('ownership', { shelf_empty: ['void'] }),
  ...load('crash', { overrun: ['void', 'pointer', 'uint64', 'uint64'] }),
  ...load('strings', { unterminated: ['pointer'], string_length: ['int32', 'string'] }),
  ...load('scalars', { id_u8: ['uint8', 'uint8'], id_i32: ['int32', 'int32'], id_i64: ['int64', 'int64'] }),
  ...load('errors', { fail_i32: ['int32', 'int32'] }),
}

export const intToInt = (fn) => callbacks.registerCallback({ return: 'int32', arguments: ['int32'] }, fn)
export const act = (fn) => callbacks.registerCallback(fn)
export const release = (callback) => callbacks.unregisterCallback(callback)

export const SIZE = 256
export const SUM = 7 * SIZE

export const block = legit((value = 7, size = SIZE) => {
  const pointer = libc.malloc(BigInt(size))
  ffi.exportBuffer(Buffer.alloc(size, value), pointer, size)
  return pointer
})
/** Takes what was just freed. */
export const others = (value = 1, size = SIZE) => Array.from({ length: 8 }, () => block(value, size))

export function freed() {
  const pointer = block()
  sound(ffi.getInt32(pointer), 0x07070707)
  libc.free(pointer)
  return pointer
}
