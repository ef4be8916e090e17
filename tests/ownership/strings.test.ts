// Turns owned strings, arrays and structs into copies whose memory C has back when the call returns.
import { arrayConstructor, DataType, define, FfiError, owned, type Pointer, PointerType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { balanced, c, code, plain } from './boxes.js'

const { External, I32, String: Text } = DataType
const library = 'ownership'
const numbered = (retType: Parameters<typeof owned>[0], release: Parameters<typeof owned>[1]) => ({
  library,
  retType: owned(retType, release),
  paramsType: [I32],
})

describe('an owned result that is copied', () => {
  const releases = {
    'a name': 'text_free',
    'a function of define': define({ text_free: { library, retType: DataType.Void, paramsType: [External] } })
      .text_free,
    'a function of JavaScript': (text: Pointer) => plain.box_free(text),
  }
  it.each(Object.entries(releases))('is decoded, then released by %s', (_, release) =>
    balanced(() => {
      const { text_new } = define({ text_new: numbered(Text, release) })
      const before = c.release_count()
      expect(text_new(12)).toBe('text 12')
      expect(c.release_count()).toBe(before + 1)
    }),
  )

  it('is given back to malloc', () =>
    balanced(() => {
      const { text_malloc } = define({ text_malloc: numbered(Text, PointerType.CPointer) })
      for (let i = 0; i < 100; i++) expect(text_malloc(i)).toBe(`text ${i}`)
    }))

  it('is refused when malloc never made it, with ERR_FFI_ALLOCATOR_MISMATCH naming the function', () =>
    balanced(() => {
      const { text_new } = define({ text_new: numbered(Text, PointerType.CPointer) })
      expect(() => text_new(1)).toThrow(code('ERR_FFI_ALLOCATOR_MISMATCH', { functionName: 'text_new' }))
      // Nobody has released it.
      const { last_text } = define({ last_text: numbered(Text, 'text_free') })
      expect(last_text(0)).toBe('text 1')
    }))

  it('may be a struct by pointer with fields that are given away each by itself', () =>
    balanced(() => {
      const parcel = { number: I32, made: owned(External, 'box_free'), text: owned(Text, 'text_free') }
      const { parcel_new } = define({ parcel_new: numbered(parcel, PointerType.CPointer) })
      const made = parcel_new(5) as { number: number; made: Pointer; text: string }
      expect([made.number, made.text, c.box_value(made.made)]).toEqual([5, 'text 5', 5])
      made.made.free()
    }))

  it('may be an array', () =>
    balanced(() => {
      const bytes = arrayConstructor({ type: DataType.U8Array, length: 4 })
      const { text_new } = define({ text_new: numbered(bytes, 'text_free') })
      expect(text_new(1)).toEqual(Buffer.from('text'))
    }))
})

it('throws what a release of JavaScript throws, when all is released', () =>
  balanced(() => {
    const release = (text: Pointer) => {
      plain.box_free(text)
      throw new RangeError('told so')
    }
    const { text_new } = define({ text_new: numbered(Text, release) })
    expect(() => text_new(1)).toThrow(new RangeError('told so'))
    const { box_new } = define({ box_new: numbered(External, release) })
    const box = box_new(1) as { free(): void; state: string }
    expect(() => box.free()).toThrow(new RangeError('told so'))
    expect(box.state).toBe('freed')
  }))

it('gives a release of JavaScript a pointer that ends with it', () =>
  balanced(() => {
    let seen: Pointer | undefined
    const release = (box: Pointer) => {
      seen = box
      expect(seen?.state).toBe('live')
      plain.box_free(box)
    }
    const { box_new } = define({ box_new: numbered(External, release) })
    ;(box_new(1) as { free(): void }).free()
    expect(seen?.state).toBe('freed')
  }))

const bad = {
  'a missing function of the library': ['absent', 'ERR_FFI_SYMBOL_NOT_FOUND'],
  'no release': [undefined, 'ERR_FFI_SIGNATURE'],
  RsPointer: [PointerType.RsPointer, 'ERR_FFI_SIGNATURE'],
  'a function of two': [c.shelf_put_two, 'ERR_FFI_SIGNATURE'],
  'a function of a number': [
    define({ box_new: { library, retType: External, paramsType: [I32] } }).box_new,
    'ERR_FFI_SIGNATURE',
  ],
} as const
it.each(Object.entries(bad))('refuses %s as a release, before C has made anything', (_, [release, expected]) =>
  balanced(() => {
    const make = () => define({ box_new: numbered(External, release as never) }).box_new(1)
    expect(make).toThrow(code(expected))
  }),
)

it('refuses a value in place as the type of what is owned with ERR_FFI_SIGNATURE', () => {
  const describe = () => define({ box_new: numbered(I32, 'box_free') })
  expect(describe).toThrow(FfiError)
  expect(describe).toThrow(code('ERR_FFI_SIGNATURE', { functionName: 'box_new' }))
})
