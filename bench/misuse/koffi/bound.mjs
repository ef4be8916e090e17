// Turns the fixtures into koffi's functions, and koffi's own memory into what a mistake is made with.
import { promisify } from 'node:util'
import koffi from 'koffi'
import { fixture, until } from '../scene.mjs'
import { legit, sound } from '../verdict.mjs'

export const { version } = koffi

koffi.struct('Span', { bytes: 'void *', length: 'uint64_t' })
koffi.struct('Labelled', { id: 'int32_t', name: 'const char *', wide: 'const wchar_t *', note: 'const char *' })
koffi.struct('Pair', { a: 'double', b: 'double' })
koffi.proto('int32_t Int_to_int(int32_t value)')
koffi.proto('void Act()')

/** Functions of a library by name, from their prototypes. */
export function bind(library, ...prototypes) {
  const functions = prototypes.map((prototype) => library.func(prototype))
  return Object.fromEntries(functions.map((fn) => [fn.info.name, fn]))
}
const load = (topic, ...prototypes) => bind(koffi.load(fixture(topic)), ...prototypes)

export const libc = bind(koffi.load('libc.so.6'), 'void free(void *block)', 'void *realloc(void *block, size_t size)')
export const c = {
  ...load('pointers', 'int32_t read_int(void *p)', 'void write_int(void *p, int32_t value)', 'void *id_ptr(void *p)'),
  ...load('pointers', 'void *static_int()', 'void *malloc_block(size_t size)', 'void *low_address()'),
  ...load('pointers', 'void *unmapped_address()', 'void *readonly_page()', 'void *noncanonical_address()'),
  ...load(
    'async',
    'void gate_open()',
    'void gate_close()',
    'int32_t gate_waiting()',
    'uint64_t gate_sum(const Span *span)',
  ),
  ...load('async', 'uint64_t gate_fill(_Inout_ void *bytes, uint64_t length, uint8_t value)'),
  ...load('callbacks', 'int64_t add_after(Act *callback, _Inout_ void *numbers, int32_t count)'),
  ...load('callbacks', 'void keep(Int_to_int *callback)', 'int32_t call_kept(int32_t value)'),
  ...load('callbacks', 'int32_t pass_i32(Int_to_int *callback, int32_t value)'),
  ...load('threads', 'int64_t run_and_wait(Int_to_int *callback, int32_t times)'),
  ...load('ownership', 'void *box_new(int32_t value)', 'int32_t box_value(void *box)', 'int32_t shelf_put(void *box)'),
  ...load('ownership', 'void shelf_empty()', 'void *text_malloc(int32_t number)'),
  ...load('crash', 'void overrun(_Inout_ void *bytes, size_t size, size_t count)'),
  ...load('strings', 'void *unterminated()', 'int32_t string_length(const char *text)'),
  ...load('strings', 'int32_t wide_length(const wchar_t *text)'),
  ...load('scalars', 'uint8_t id_u8(uint8_t v)', 'int32_t id_i32(int32_t v)', 'int64_t id_i64(int64_t v)'),
  ...load('errors', 'int32_t fail_i32(int32_t code)'),
  ...load('structs', 'double weigh_f64_f64_ptr(const Pair *pair)'),
  ...load('nested', 'double sum_labelled(const Labelled *label)'),
}

export const SIZE = 256
export const SUM = 7 * SIZE
export const later = (fn, ...values) => promisify(fn.async)(...values)
export const bytes = (pointer, size = SIZE) => new Uint8Array(koffi.view(pointer, size))

export const block = legit((value = 7, size = SIZE) => {
  const pointer = koffi.alloc('uint8_t', size)
  bytes(pointer, size).fill(value)
  return pointer
})
/** Memory of malloc itself: koffi's own comes from calloc, which takes other blocks first. */
export const mallocBlock = legit((value = 7, size = SIZE) => {
  const pointer = c.malloc_block(size - 1)
  bytes(pointer, size).fill(value)
  return pointer
})
/** Takes what was just freed. */
export const others = (value = 1, size = SIZE) =>
  Array.from({ length: 8 }, () => [block(value, size), mallocBlock(value, size)]).flat()

export function freed() {
  const pointer = block()
  sound(koffi.decode(pointer, 'uint8_t', 2), Uint8Array.of(7, 7))
  koffi.free(pointer)
  return pointer
}

/** Does something while an asynchronous call is at the gate, then lets it through. */
export async function atGate(call, meanwhile) {
  await until(() => c.gate_waiting() === 1)
  await meanwhile()
  c.gate_open()
  return call
}
