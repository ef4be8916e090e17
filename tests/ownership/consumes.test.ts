// Turns what C takes over into pointers that are moved, and what it cannot take into refusals that leave it where it was.
import {
  consumes,
  createExternalBuffer,
  createPointer,
  DataType,
  define,
  funcConstructor,
  open,
  type Pointer,
  scope,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { balanced, boxes, c, code, malloc, newBox, plain } from './boxes.js'

const { External, I32, I64, Void } = DataType

const uses: Record<string, (pointer: Pointer) => unknown> = {
  'a call': (pointer) => c.box_value(pointer),
  'being handed over again': (pointer) => c.shelf_put(pointer),
  read: (pointer) => pointer.read(I32),
  write: (pointer) => pointer.write(I32, 1),
  'free()': (pointer) => pointer.free(),
  at: (pointer) => pointer.at(0),
  address: (pointer) => pointer.address,
}

describe.each(Object.entries(boxes))('a box owned through %s', (_, make) => {
  it('is moved by the call that takes it', () =>
    balanced(() => {
      const box = make(2)
      expect(c.shelf_put(box)).toBe(1)
      expect(box.state).toBe('moved')
      c.shelf_empty()
    }))
})

it.each(Object.entries(uses))('refuses %s of what was handed over with ERR_FFI_MOVED naming the call', (_, use) =>
  balanced(() => {
    const box = newBox(1)
    const inner = c.box_value_at(box)
    c.shelf_put(box)
    expect(() => use(box)).toThrow(code('ERR_FFI_MOVED', { detail: "its memory was handed over to 'shelf_put'" }))
    expect(() => use(inner)).toThrow(code('ERR_FFI_MOVED'))
    c.shelf_empty()
  }),
)

it('shows a moved pointer as moved, and disposing it does nothing', () =>
  balanced(() => {
    scope(() => {
      const box = newBox(1)
      c.shelf_put(box)
      box[Symbol.dispose]()
      expect(String(box.state)).toBe('moved')
    })
    expect(c.box_value(c.shelf_last())).toBe(1)
    c.shelf_empty()
  }))

it('leaves what a refused call was given the caller', () =>
  balanced(() => {
    const [box, other] = [newBox(1), newBox(2)]
    other.free()
    expect(() => c.shelf_put_two(box, other)).toThrow(code('ERR_FFI_USE_AFTER_FREE', { position: 1 }))
    expect(() => c.shelf_put_two(box, 1 as never)).toThrow(code('ERR_FFI_NOT_POINTER', { position: 1 }))
    expect(() => c.shelf_put_two(box, box)).toThrow(code('ERR_FFI_MOVED', { position: 1 }))
    expect(c.box_value(box)).toBe(1)
    box.free()
  }))

it('takes NULL, twice', () =>
  balanced(() => {
    expect(c.shelf_put_two(null, null)).toBe(0)
  }))

it('takes what malloc has made, and what C handed out without a word of ownership', () =>
  balanced(() => {
    const [block, box] = [malloc(64), plain.box_new(3)]
    c.block_take(block)
    expect(block.state).toBe('moved')
    c.box_close(box)
    expect(() => box.read(I32)).toThrow(code('ERR_FFI_MOVED', { detail: "its memory was handed over to 'box_close'" }))
  }))

describe('refuses, and leaves live,', () => {
  it('memory of createPointer with ERR_FFI_ALLOCATOR_MISMATCH that says what to pass instead', () =>
    balanced(() => {
      const [block] = createPointer({ paramsType: [I32], paramsValue: [5] })
      const expected = code('ERR_FFI_ALLOCATOR_MISMATCH', { position: 0, detail: expect.stringContaining('malloc') })
      expect(() => c.block_take(block)).toThrow(expected)
      expect(() => c.block_take(block.at(0))).toThrow(expected)
      expect(block.read(I32)).toBe(5)
      block.free()
    }))

  it('a part, and what is borrowed, with ERR_FFI_NOT_OWNER', () =>
    balanced(() => {
      const box = newBox(5)
      for (const part of [box.at(4), c.box_value_at(box)]) {
        expect(() => c.shelf_put(part)).toThrow(code('ERR_FFI_NOT_OWNER', { position: 0 }))
      }
      box.free()
    }))
})

it('detaches the buffers over memory that C has taken', () =>
  balanced(() => {
    const block = malloc(16)
    const bytes = createExternalBuffer(block, 16)
    c.block_take(block)
    expect(bytes.length).toBe(0)
  }))

it('refuses what is not passed as itself with ERR_FFI_SIGNATURE', () => {
  const taking = (type: DataType) =>
    define({ box_close: { library: 'ownership', retType: I32, paramsType: [consumes(type as typeof I32)] } })
  for (const type of [DataType.String, I32]) {
    const expected = code('ERR_FFI_SIGNATURE', { functionName: 'box_close', position: 0 })
    expect(() => taking(type)).toThrow(expected)
  }
  expect(() => taking(External)).not.toThrow()
})

it('forgets who took what when the pointer objects are gone', () =>
  balanced(() => {
    for (let i = 0; i < 1000; i++) c.box_close(newBox(i))
  }))

const library = 'callbacks'
open({ library, path: fixturePath(library) })

it('keeps what a callback gives to free for the call around it', () =>
  balanced(() => {
    const nothing = funcConstructor({ paramsType: [], retType: Void })
    const { add_after } = define({ add_after: { library, retType: I64, paramsType: [nothing, External, I32] } })
    const { free } = define({ free: { library: 'c', retType: Void, paramsType: [consumes(External)] } })
    const numbers = malloc(64)
    numbers.write(I32, 6)
    const others: Pointer[] = []
    const callback = () => {
      free(numbers)
      expect(() => numbers.read(I32)).toThrow(code('ERR_FFI_USE_AFTER_FREE'))
      // What would get its place.
      for (let i = 0; i < 100; i++) {
        const other = malloc(64)
        other.write(I32, -1)
        others.push(other)
      }
    }
    expect(Number(add_after(callback, numbers, 1))).toBe(7)
    expect(others.every((other) => other.read(I32) === -1)).toBe(true)
    for (const other of others) free(other)
    expect(numbers.state).toBe('freed')
  }))
