// Turns structures in C memory whose inner pointers are wild into errors that name the field.
import {
  arrayConstructor,
  createPointer,
  DataType,
  define,
  FfiError,
  open,
  type Pointer,
  restorePointer,
  wrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

open({ library: 'wild', path: fixturePath('pointers') })
const external = { library: 'wild', retType: DataType.External } as const
const { low_address, noncanonical_address, unmapped_address, before_fault, id_ptr } = define({
  low_address: { ...external, paramsType: [] },
  noncanonical_address: { ...external, paramsType: [] },
  unmapped_address: { ...external, paramsType: [] },
  before_fault: { ...external, paramsType: [DataType.U64] },
  id_ptr: { ...external, paramsType: [DataType.External] },
})

const raw = { first: DataType.I32, name: DataType.External, inner: { tag: DataType.I32, items: DataType.External } }
const typed = {
  first: DataType.I32,
  name: DataType.String,
  inner: {
    tag: DataType.I32,
    items: arrayConstructor({ type: DataType.StringArray, length: 3 }),
  },
}

const place = (error: unknown) =>
  error instanceof FfiError ? [error.code, error.position, error.path, error.functionName] : error

/** Reads a structure of which `inner` is a struct behind a pointer, and `items` three strings behind another. */
function restore(name: Pointer | null, items: Pointer | null): unknown {
  const paramsValue = createPointer({ paramsType: [raw], paramsValue: [{ first: 1, name, inner: { tag: 2, items } }] })
  try {
    return restorePointer({ retType: [typed], paramsValue })[0]
  } catch (error) {
    return place(error)
  } finally {
    paramsValue[0].free()
  }
}

const wild = { low_address, noncanonical_address, unmapped_address }

describe('a wild pointer in a structure', () => {
  it('is read through where it leads to memory', () => {
    expect(restore(null, null)).toEqual({ first: 1, name: null, inner: { tag: 2, items: null } })
  })

  it.each(Object.entries(wild))('from %s is ERR_FFI_BAD_ADDRESS with the path of the field', (_, address) => {
    expect(restore(address(), null)).toEqual(['ERR_FFI_BAD_ADDRESS', 0, '.name', 'restorePointer'])
    expect(restore(null, address())).toEqual(['ERR_FFI_BAD_ADDRESS', 0, '.inner.items', 'restorePointer'])
  })

  it.each(Object.entries(wild))('from %s in an array is ERR_FFI_BAD_ADDRESS with the item', (_, address) => {
    const [three] = createPointer({
      paramsType: [
        { a: DataType.External, b: DataType.External, c: DataType.External, ffiTypeTag: DataType.StackStruct },
      ],
      paramsValue: [{ a: null, b: null, c: address() }],
    })
    expect(restore(null, three)).toEqual(['ERR_FFI_BAD_ADDRESS', 0, '.inner.items[2]', 'restorePointer'])
    three.free()
  })

  it('names the position of its pointer among several', () => {
    const values = createPointer({
      paramsType: [DataType.I32, raw],
      paramsValue: [1, { first: 1, name: low_address(), inner: { tag: 2, items: null } }],
    })
    const act = () => restorePointer({ retType: [DataType.I32, typed], paramsValue: values })
    expect(act).toThrow(expect.objectContaining({ code: 'ERR_FFI_BAD_ADDRESS', position: 1, path: '.name' }))
    for (const pointer of values) pointer.free()
  })

  it('in the result of a call names the field too', () => {
    const [value] = createPointer({
      paramsType: [{ ...raw, ffiTypeTag: DataType.StackStruct }],
      paramsValue: [{ first: 1, name: null, inner: { tag: 2, items: low_address() } }],
    })
    const { read_ptr } = define({ read_ptr: { library: 'wild', retType: typed, paramsType: [DataType.External] } })
    const [wrapped] = wrapPointer([value])
    let met: unknown
    try {
      read_ptr(wrapped)
    } catch (error) {
      met = place(error)
    }
    expect(met).toEqual(['ERR_FFI_BAD_ADDRESS', undefined, '.inner.items', 'read_ptr'])
    wrapped.free()
    value.free()
  })
})

describe('the search for a NUL', () => {
  const textAt = (pointer: Pointer) => {
    try {
      return restorePointer({ retType: [DataType.String], paramsValue: wrapPointer([pointer]) })[0]
    } catch (error) {
      return error instanceof FfiError ? error.code : error
    }
  }

  it('ends where memory does, with ERR_FFI_BAD_ADDRESS', () => {
    for (const count of [1, 15, 16, 17, 4096]) expect(textAt(before_fault(count))).toBe('ERR_FFI_BAD_ADDRESS')
  })

  it('ends where our own block does, with ERR_FFI_STRING_UNTERMINATED', () => {
    const [block] = createPointer({ paramsType: [DataType.U64], paramsValue: [0x4141414141414141n] })
    expect(textAt(id_ptr(block))).toBe('ERR_FFI_STRING_UNTERMINATED')
    expect(textAt(block.at(7))).toBe('ERR_FFI_STRING_UNTERMINATED')
    block.write(DataType.U8, 0, 7)
    expect(textAt(id_ptr(block))).toBe('AAAAAAA')
    block.free()
  })
})
