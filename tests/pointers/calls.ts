// Turns cpp/pointers.c into typed functions, and an expected refusal into what toThrow takes.
import { DataType, define, type FfiErrorCode, type FfiErrorFacts, open } from 'holdfast'
import { expect } from 'vitest'
import { fixturePath } from '../fixture.js'

export const library = 'pointers'
export const path = fixturePath(library)

open({ library, path })

const { Boolean: Bool, Double, External, I32, I64, U64, U8, Usize, Void } = DataType

function returning<
  const Result extends typeof External | typeof I32 | typeof U64 | typeof Void,
  const Types extends readonly DataType[],
>(retType: Result, ...paramsType: Types) {
  return { library, retType, paramsType } as const
}

/** The functions of the fixture. */
export const c = define({
  id_ptr: returning(External, External),
  null_ptr: returning(External),
  is_null: { library, retType: Bool, paramsType: [External] },
  same_ptr: { library, retType: Bool, paramsType: [External, External] },
  address_of: returning(U64, External),
  offset_ptr: returning(External, External, I64),
  static_int: returning(External),
  out_int: returning(Void, External),
  out_double: returning(Void, External),
  out_bool: returning(Void, External),
  out_u64: returning(Void, External),
  out_string: returning(Void, External),
  out_malloc_string: returning(Void, External),
  out_ptr: returning(Void, External),
  out_null: returning(Void, External),
  swap_ints: returning(Void, External, External),
  read_int: returning(I32, External),
  write_int: returning(Void, External, I32),
  read_double: { library, retType: Double, paramsType: [External] },
  write_double: returning(Void, External, Double),
  read_byte: { library, retType: U8, paramsType: [External, I64] },
  write_byte: returning(Void, External, I64, U8),
  read_ptr: returning(External, External),
  malloc_block: returning(External, Usize),
  malloc_int: returning(External, I32),
  out_buffer: returning(Void, External, External, Usize),
  block_alloc: returning(External, Usize),
  block_free: returning(Void, External),
  live_blocks: returning(I32),
  low_address: returning(External),
  noncanonical_address: returning(External),
  unmapped_address: returning(External),
  readonly_page: returning(External),
  protected_page: returning(External),
  before_fault: returning(External, Usize),
})

/** An FfiError of this code with at least these facts. */
export function refusal(code: FfiErrorCode, facts: FfiErrorFacts = {}): Error {
  return expect.objectContaining({ name: 'FfiError', code, ...facts })
}
