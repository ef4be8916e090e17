// Turns results that live in an argument's memory into pointers that end with it.
import { borrowed, DataType, define, freePointer, type Pointer, PointerType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { balanced, c, code, newBox, plain } from './boxes.js'

const { External, I32, String: Text } = DataType

describe('what is borrowed', () => {
  const cases: Record<string, (box: Pointer) => Pointer> = {
    'a part': (box) => c.box_value_at(box),
    'the beginning itself': (box) => c.box_same(box),
    'a part of a part': (box) => c.box_value_at(c.box_same(box)),
  }
  it.each(Object.entries(cases))('lives as long as its owner: %s', (_, borrow) =>
    balanced(() => {
      const box = newBox(8)
      const inner = borrow(box)
      expect(inner.withLength(4).read(I32)).toBe(8)
      box.free()
      expect(inner.state).toBe('freed')
      expect(() => inner.read(I32)).toThrow(code('ERR_FFI_USE_AFTER_FREE', { functionName: 'read' }))
      expect(() => c.box_value(inner)).toThrow(code('ERR_FFI_USE_AFTER_FREE', { position: 0 }))
    }),
  )

  it('is not found again at its address once the owner is gone', () =>
    balanced(() => {
      const box = newBox(8)
      const inner = c.box_value_at(box)
      const again = c.box_value_at(box)
      box.free()
      const next = newBox(9)
      expect(c.box_value_at(next).withLength(4).read(I32)).toBe(9)
      expect(() => again.read(I32)).toThrow(code('ERR_FFI_USE_AFTER_FREE'))
      expect(() => inner.read(I32)).toThrow(code('ERR_FFI_USE_AFTER_FREE'))
      next.free()
    }))

  it('is refused to be freed with ERR_FFI_NOT_OWNER, and disposing it does nothing', () =>
    balanced(() => {
      const box = newBox(8)
      for (const inner of [c.box_value_at(box), c.box_value_at(c.box_value_at(box))]) {
        expect(() => inner.free()).toThrow(code('ERR_FFI_NOT_OWNER'))
        const free = () =>
          freePointer({ paramsType: [External], paramsValue: [inner], pointerType: PointerType.CPointer })
        expect(free).toThrow(code('ERR_FFI_NOT_OWNER'))
        inner[Symbol.dispose]()
      }
      expect(c.box_value(box)).toBe(8)
      box.free()
    }))

  it('is a copy where the type is a string', () =>
    balanced(() => {
      const box = newBox(8)
      const name = c.box_name(box)
      box.free()
      expect(name).toBe('box 8')
    }))

  it('ends with what C only lent, too', () =>
    balanced(() => {
      const box = plain.box_new(3)
      const inner = c.box_value_at(box)
      c.box_close(box)
      expect(() => inner.read(I32)).toThrow(code('ERR_FFI_MOVED'))
    }))
})

it.each([1, -1, 0.5, '0', undefined])('refuses %s as the argument to borrow from with ERR_FFI_SIGNATURE', (from) => {
  const bad = () =>
    define({ box_same: { library: 'ownership', retType: borrowed(External, from as number), paramsType: [External] } })
  expect(bad).toThrow(code('ERR_FFI_SIGNATURE', { functionName: 'box_same' }))
})

it('refuses to borrow from a copy with ERR_FFI_SIGNATURE', () => {
  const bad = () => define({ box_same: { library: 'ownership', retType: borrowed(External, 0), paramsType: [Text] } })
  expect(bad).toThrow(code('ERR_FFI_SIGNATURE'))
})
