// Turns getters, proxies and coercions that act while arguments are encoded into calls that still see what was checked.
import {
  arrayConstructor,
  close,
  createPointer,
  DataType,
  define,
  freePointer,
  open,
  type Pointer,
  PointerType,
  restorePointer,
} from 'holdfast'
import { afterAll, describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { c, refusal } from '../pointers/calls.js'
import { expectBaseline, held } from './baseline.js'

const { I32, Double, External, String: Text, I32Array } = DataType
const pair = { p: External, n: I32 } as const
const first = { n: I32, text: Text } as const
const baseline = held()

afterAll(() => expectBaseline(baseline))

function create(value = 1): Pointer {
  return createPointer({ paramsType: [I32], paramsValue: [value] })[0]
}

/** Calls with a struct whose first field is read as an int, or as the pointer itself. */
const { read_int, read_ptr } = define({
  read_int: { library: 'pointers', retType: I32, paramsType: [first] },
  read_ptr: { library: 'pointers', retType: External, paramsType: [pair] },
})
const { same_ptr: read_after } = define({
  same_ptr: { library: 'pointers', retType: DataType.Boolean, paramsType: [External, pair] },
})

function acting<Value>(value: Value, act: () => void): { n: Value; text: string } {
  return {
    get n() {
      act()
      return value
    },
    text: 'kept',
  }
}

describe('a getter', () => {
  it('that frees a pointer encoded before it makes the call refuse it: ERR_FFI_USE_AFTER_FREE', () => {
    const pointer = create()
    const value = {
      p: null,
      get n() {
        pointer.free()
        return 1
      },
    }
    expect(() => read_after(pointer, value)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE', { functionName: 'same_ptr' }))
    expect(() => read_after(null, { p: pointer, n: 1 })).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
  })

  it('that frees the pointer of its own struct makes the call refuse it: ERR_FFI_USE_AFTER_FREE', () => {
    const pointer = create()
    const value = {
      p: pointer,
      get n() {
        pointer.free()
        return 1
      },
    }
    expect(() => read_ptr(value)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE', { functionName: 'read_ptr' }))
    expect(() => createPointer({ paramsType: [pair], paramsValue: [{ p: pointer, n: 1 }] })).toThrow(
      refusal('ERR_FFI_USE_AFTER_FREE'),
    )
  })

  it('that frees the memory being written makes the write refuse it: ERR_FFI_USE_AFTER_FREE', () => {
    const type = { a: I32, ffiTypeTag: 999 } as const
    const [block] = createPointer({ paramsType: [type], paramsValue: [{ a: 1 }] })
    const value = {
      get a() {
        block.free()
        return 1
      },
    }
    expect(() => block.write(type, value)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
  })

  it('that calls again leaves the outer call its own arguments', () => {
    const inner: number[] = []
    const outer = acting(41, () => {
      inner.push(read_int({ n: 7, text: 'x'.repeat(5000) }))
      inner.push(read_int(acting(8, () => inner.push(read_int({ n: 9, text: '' })))))
      create().free()
    })
    expect(read_int(outer)).toBe(41)
    expect(inner.sort()).toEqual([7, 8, 9])
  })

  it('that calls again within createPointer leaves the block whole', () => {
    const [block] = createPointer({
      paramsType: [first],
      paramsValue: [acting(3, () => read_int({ n: 1, text: 'other text' }))],
    })
    expect(block.read(first)).toEqual({ n: 3, text: 'kept' })
    block.free()
  })

  it('that calls without end is refused with ERR_FFI_STACK_OVERFLOW or RangeError, and later calls work', () => {
    let depth = 0
    const recurse = (): number => {
      depth++
      return read_int(acting(1, recurse))
    }
    let error: unknown
    try {
      recurse()
    } catch (caught) {
      error = caught
    }
    expect(error instanceof RangeError || (error as { code?: string }).code === 'ERR_FFI_STACK_OVERFLOW').toBe(true)
    expect(depth).toBeGreaterThan(10)
    expect(read_int({ n: 12, text: 'after' })).toBe(12)
  })

  it('that throws lets its error out, leaks nothing, and the next call works', () => {
    const thrown = new Error('of the getter')
    const value = acting(1, () => {
      throw thrown
    })
    const before = held()
    for (let i = 0; i < 100; i++) {
      expect(() => read_int(value)).toThrow(thrown)
      expect(() => createPointer({ paramsType: [I32, first], paramsValue: [1, value] })).toThrow(thrown)
    }
    expect(held().blocks).toBe(before.blocks)
    expect(read_int({ n: 2, text: 'next' })).toBe(2)
  })

  it('that closes the library makes the call refuse with ERR_FFI_LIBRARY_CLOSED', () => {
    const path = fixturePath('pointers')
    open({ library: 'closing', path })
    const read = define({ read_int: { library: 'closing', retType: I32, paramsType: [first] } }).read_int
    expect(read({ n: 1, text: '' })).toBe(1)
    expect(() => read(acting(2, () => close('closing')))).toThrow(
      refusal('ERR_FFI_LIBRARY_CLOSED', { functionName: 'read_int' }),
    )
    open({ library: 'closing', path })
    expect(read({ n: 3, text: '' })).toBe(3)
    close('closing')
  })
})

describe('a proxy', () => {
  it('as a struct is read field by field, each once', () => {
    const asked: unknown[] = []
    const proxy = new Proxy({ n: 5, text: 'x' }, { get: (target, key) => asked.push(key) && Reflect.get(target, key) })
    expect(read_int(proxy)).toBe(5)
    expect(asked.filter((key) => typeof key === 'string').sort()).toEqual(['n', 'text'])
  })

  it('as a list that shrinks or grows while it is read neither reads nor writes past its memory', () => {
    for (const lengths of [
      [4, 0],
      [1, 1000],
      [0, 3],
    ]) {
      let asked = 0
      const list = new Proxy([1, 2, 3, 4], {
        get: (target, key) => (key === 'length' ? lengths[Math.min(asked++, 1)] : Reflect.get(target, key)),
      })
      let made: Pointer[] = []
      try {
        made = createPointer({ paramsType: [I32Array], paramsValue: [list] })
      } catch (error) {
        expect(error).toEqual(refusal('ERR_FFI_TYPE'))
      }
      for (const pointer of made) pointer.free()
    }
  })

  it('that is revoked lets its TypeError out', () => {
    const { proxy, revoke } = Proxy.revocable({ n: 1, text: '' }, {})
    revoke()
    expect(() => read_int(proxy)).toThrow(TypeError)
    expect(read_int({ n: 1, text: '' })).toBe(1)
  })
})

describe('a list', () => {
  it.each([
    ['with a hole', Object.assign(new Array(3), { 0: 1, 2: 3 })],
    ['of strings', ['1', '2']],
    ['with undefined', [1, undefined]],
    ['of Number objects', [new Number(1)]],
    ['of bigints', [1n]],
  ])('%s is refused with ERR_FFI_TYPE', (_name, list) => {
    const before = held()
    expect(() => createPointer({ paramsType: [I32Array], paramsValue: [list as number[]] })).toThrow(
      refusal('ERR_FFI_TYPE', { position: 0 }),
    )
    expect(held().blocks).toBe(before.blocks)
  })

  it('whose getter empties it is never read past its end', () => {
    const list = [1, 2, 3]
    Object.defineProperty(list, 0, {
      get() {
        list.length = 1
        return 1
      },
    })
    expect(() => createPointer({ paramsType: [I32Array], paramsValue: [list] })).toThrow(refusal('ERR_FFI_TYPE'))
  })

  it('of an inline array must have its length exactly', () => {
    const type = {
      list: arrayConstructor({ type: I32Array, length: 2, ffiTypeTag: 996 }),
      tail: Double,
      ffiTypeTag: 999,
    } as const
    for (const list of [[1, 2, 3], new Array(2 ** 20).fill(0)]) {
      expect(() => createPointer({ paramsType: [type], paramsValue: [{ list, tail: 1 }] })).toThrow(/ERR_FFI_/)
    }
  })
})

describe('a buffer', () => {
  it('that a getter detaches passes as NULL, as an empty one does', () => {
    const type = { text: Text, bytes: arrayConstructor({ type: DataType.U8Array, length: 8 }), n: I32 } as const
    const buffer = new ArrayBuffer(8)
    const value = {
      text: 'x',
      bytes: new Uint8Array(buffer),
      get n() {
        structuredClone(buffer, { transfer: [buffer] })
        return 1
      },
    }
    const [slot] = createPointer({ paramsType: [type], paramsValue: [value] })
    expect(slot.read(type)).toEqual({ text: 'x', bytes: null, n: 1 })
    slot.free()
  })
})

it('frees what createPointer made before a value of the list was refused', () => {
  const before = held()
  expect(() => createPointer({ paramsType: [I32, Text, I32], paramsValue: [1, 'x', 'no' as never] })).toThrow(
    refusal('ERR_FFI_TYPE', { position: 2 }),
  )
  expect(held().blocks).toBe(before.blocks)
})

it('frees through a list with getters only what it was given', () => {
  const [a, b] = [create(1), create(2)]
  const pointers = [a, b]
  Object.defineProperty(pointers, 1, {
    get() {
      a.free()
      return b
    },
  })
  const free = () => freePointer({ paramsType: [I32, I32], paramsValue: pointers, pointerType: PointerType.RsPointer })
  expect(free).toThrow(refusal('ERR_FFI_DOUBLE_FREE', { position: 0 }))
  expect(restorePointer({ retType: [I32], paramsValue: [b] })).toEqual([2])
  b.free()
  expect(c.is_null(null)).toBe(true)
})
