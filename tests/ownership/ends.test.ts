// Turns each way of owning memory and each end of it into one release, and the counters back to where they were.
import { DataType, freePointer, type Pointer, PointerType, scope } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { balanced, boxes, c, code, malloc, newBox } from './boxes.js'

const { External } = DataType

const ends: Record<string, (make: () => Pointer) => unknown> = {
  'free()': (make) => make().free(),
  freePointer: (make) => freePointer({ paramsType: [External], paramsValue: [make()] }),
  'Symbol.dispose': (make) => make()[Symbol.dispose](),
  'the end of a scope': (make) => scope(() => void make()),
  'the end of a scope that threw': (make) =>
    expect(() =>
      scope(() => {
        make()
        throw new Error('inside')
      }),
    ).toThrow('inside'),
  'the end of an async scope': (make) =>
    scope(async () => {
      make()
      await null
    }),
  'a scope that ends after free()': (make) => scope(() => make().free()),
}

describe.each(Object.entries(boxes))('memory owned through %s', (form, make) => {
  // Next to the field is a text that is copied and released at once.
  const releases = form.startsWith('a field') ? 2 : 1

  it.each(Object.entries(ends))('is released once by %s', (_, end) =>
    balanced(async () => {
      const before = c.release_count()
      let pointer: Pointer | undefined
      await end(() => {
        pointer = make(7)
        expect(pointer.allocator).toBe('library')
        expect(c.box_value(pointer)).toBe(7)
        return pointer
      })
      expect(pointer?.state).toBe('freed')
      expect(c.release_count() - before).toBe(releases)
      expect(() => pointer?.free()).toThrow(code('ERR_FFI_DOUBLE_FREE', { functionName: 'free' }))
      expect(() => c.box_value(pointer as Pointer)).toThrow(code('ERR_FFI_USE_AFTER_FREE', { position: 0 }))
      pointer?.[Symbol.dispose]()
    }),
  )

  it('is refused to libc with ERR_FFI_ALLOCATOR_MISMATCH, and to Rust, and lives on', () =>
    balanced(() => {
      const pointer = make(3)
      for (const pointerType of [PointerType.CPointer, PointerType.RsPointer] as const) {
        const free = () => freePointer({ paramsType: [External], paramsValue: [pointer], pointerType })
        expect(free).toThrow(code('ERR_FFI_ALLOCATOR_MISMATCH'))
      }
      expect(c.box_value(pointer)).toBe(3)
      pointer.free()
    }))
})

describe('memory owned for libc', () => {
  it.each(Object.entries(ends))('is released once by %s', (_, end) =>
    balanced(async () => {
      let pointer: Pointer | undefined
      await end(() => {
        pointer = malloc(100)
        expect(pointer.allocator).toBe('c')
        return pointer
      })
      expect(() => pointer?.free()).toThrow(code('ERR_FFI_DOUBLE_FREE'))
    }),
  )

  it('is refused to Rust with ERR_FFI_ALLOCATOR_MISMATCH', () =>
    balanced(() => {
      const pointer = malloc(8)
      const free = () =>
        freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: PointerType.RsPointer })
      expect(free).toThrow(code('ERR_FFI_ALLOCATOR_MISMATCH'))
      freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: PointerType.CPointer })
      expect(pointer.state).toBe('freed')
    }))
})

it('keeps what a scope was told to keep', () =>
  balanced(() => {
    const kept = scope((s) => s.keep(newBox(4)))
    expect(c.box_value(kept)).toBe(4)
    kept.free()
  }))

it('is owned by nobody when it is NULL', () =>
  balanced(() => {
    const nothing = c.no_box()
    expect(nothing.address).toBe(0n)
    nothing.free()
    nothing.free()
  }))

it('releases an object as often as it was given away', () =>
  balanced(() => {
    const first = newBox(6)
    const second = c.box_ref(first)
    expect(second.address).toBe(first.address)
    first.free()
    expect(c.box_value(second)).toBe(6)
    second.free()
    expect(() => second.free()).toThrow(code('ERR_FFI_DOUBLE_FREE'))
  }))
