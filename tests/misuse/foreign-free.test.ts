// Turns addresses that malloc never returned into refusals of free, and what outlives its buffer or parent into errors.
import { setImmediate as turn } from 'node:timers/promises'
import { createPointer, DataType, define, freePointer, open, type Pointer, PointerType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

const { External, I64, U8, U8Array, Usize } = DataType
open({ library: 'foreign-free', path: fixturePath('pointers') })
const pointer = { library: 'foreign-free', retType: External, paramsType: [] } as const
const c = define({
  low_address: pointer,
  noncanonical_address: pointer,
  unmapped_address: pointer,
  protected_page: pointer,
  static_int: pointer,
  malloc_block: { ...pointer, paramsType: [Usize] },
  offset_ptr: { ...pointer, paramsType: [External, I64] },
})

const freeC = (target: Pointer) =>
  freePointer({ paramsType: [External], paramsValue: [target], pointerType: PointerType.CPointer })

const code = (expected: string) => expect.objectContaining({ name: 'FfiError', code: expected })

describe('freeing as C memory', () => {
  const wild = {
    'a low address': () => c.low_address(),
    'a non-canonical address': () => c.noncanonical_address(),
    'an unmapped address': () => c.unmapped_address(),
    'a page of a mapping': () => c.protected_page(),
    'a static variable': () => c.static_int(),
    'the middle of a block': () => c.offset_ptr(c.malloc_block(64), 16),
  }
  it.each(Object.entries(wild))('refuses %s with ERR_FFI_ALLOCATOR_MISMATCH and leaves it live', (_, make) => {
    const target = make()
    expect(() => freeC(target)).toThrow(code('ERR_FFI_ALLOCATOR_MISMATCH'))
    expect(target.state).toBe('live')
  })

  it.each([1, 24, 1000, 200_000, 5_000_000])('frees a block of %i bytes once', (size) => {
    const block = c.malloc_block(size)
    freeC(block)
    expect(block.state).toBe('freed')
    expect(() => freeC(block)).toThrow(code('ERR_FFI_DOUBLE_FREE'))
  })
})

describe('what a pointer depends on', () => {
  it('keeps the record of a borrowed pointer while a part of it is in use', async () => {
    const partOf = () => {
      const block = c.malloc_block(16)
      const part = block.withLength(16)
      for (let i = 0; i < 200; i++) c.low_address()
      return part
    }
    const part = partOf()
    for (let i = 0; i < 5; i++) {
      globalThis.gc?.()
      await turn()
    }
    expect(part.state).toBe('live')
    part.write(U8, 7)
    expect(part.read(U8)).toBe(7)
  })

  it('refuses a pointer over a resizable buffer that has shrunk with ERR_FFI_BUFFER_DETACHED', () => {
    const Resizable = ArrayBuffer as unknown as new (
      size: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & {
      resize(size: number): void
    }
    const buffer = new Resizable(4096, { maxByteLength: 65_536 })
    const [block] = createPointer({ paramsType: [U8Array], paramsValue: [new Uint8Array(buffer)] })
    expect(c.offset_ptr(block, 0).address).toBe(block.address)
    buffer.resize(16)
    expect(() => c.offset_ptr(block, 0)).toThrow(code('ERR_FFI_BUFFER_DETACHED'))
    block.free()
  })
})
