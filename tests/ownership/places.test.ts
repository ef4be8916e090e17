// Turns out and inout parameters into places that C writes and the caller reads, and nothing of them stays.
import { arrayConstructor, DataType, define, FFITypeTag, inout, load, open, out, owned, PointerType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { balanced, c, code, parcels } from './boxes.js'

const { Double, External, I32, String: Text, Void } = DataType
const library = 'ownership'
open({ library: 'out', path: fixturePath('pointers') })
const places = define({
  double_in_place: { library, retType: Void, paramsType: [inout(I32)] },
  box_open: { library, retType: I32, paramsType: [I32, out(owned(External, 'box_free'))], errno: true },
  text_out: { library, retType: Void, paramsType: [I32, out(owned(Text, 'text_free'))] },
  last_made: { library, retType: Void, paramsType: [out(External)] },
  out_string: { library: 'out', retType: Void, paramsType: [out(Text)] },
  out_null: { library: 'out', retType: Void, paramsType: [out(External)] },
  out_malloc_string: { library: 'out', retType: Void, paramsType: [out(owned(Text, PointerType.CPointer))] },
  swap_ints: { library: 'out', retType: Void, paramsType: [inout(I32), inout(I32)] },
})

describe('out', () => {
  it('takes no argument, and gives what C left next to the result', () =>
    balanced(() => {
      expect(c.split(2.5)).toEqual({ value: undefined, out: [2, 0.5] })
      expect(c.split([-1.25])).toEqual({ value: undefined, out: [-1, -0.25] })
      expect(places.out_string()).toEqual({ value: undefined, out: ['out string'] })
      expect(places.out_null().out[0].address).toBe(0n)
    }))

  it('works in load', () =>
    balanced(() => {
      const paramsType = [Double, out(I32), out(Double)] as const
      const split = { library, funcName: 'split', retType: Void, paramsType } as const
      for (const value of [1.5, 3.5]) {
        expect(load({ ...split, paramsValue: [value] })).toEqual({ value: undefined, out: [Math.trunc(value), 0.5] })
      }
    }))

  it('gives what is owned: a pointer to be freed, a string that was', () =>
    balanced(() => {
      const { value, out: made, errnoCode } = places.box_open(4)
      expect([value, errnoCode, c.box_value(made[0])]).toEqual([0, 0, 4])
      made[0].free()
      expect(places.text_out(5).out).toEqual(['text 5'])
      expect(places.out_malloc_string().out).toEqual(['out string'])
    }))

  it('gives NULL where C gave nothing, with its errno', () =>
    balanced(() => {
      const { value, out: made, errnoCode } = places.box_open(-1)
      expect([value, errnoCode, made[0].address]).toEqual([1, 22, 0n])
    }))

  it('finds structs with all that they give away', () =>
    balanced(() => {
      const [found] = parcels.parcel_out(6).out
      expect([found.number, found.text, c.box_value(found.made)]).toEqual([6, 'text 6', 6])
      found.made.free()
    }))

  it('finds arrays in place', () =>
    balanced(() => {
      const two = arrayConstructor({ type: DataType.I32Array, length: 2, ffiTypeTag: FFITypeTag.StackArray })
      const { add_ten_out } = define({ add_ten_out: { library, retType: Void, paramsType: [I32, out(two)] } })
      expect(add_ten_out(1).out).toEqual([[11, 0]])
    }))
})

describe('inout', () => {
  it('takes an argument, and gives what C made of it', () =>
    balanced(() => {
      expect(places.double_in_place(21)).toEqual({ value: undefined, out: [42] })
      expect(places.swap_ints(1, 2).out).toEqual([2, 1])
      expect(places.swap_ints([3, 4]).out).toEqual([4, 3])
    }))

  it('refuses what does not fit the type, naming function and position', () =>
    balanced(() => {
      const expected = code('ERR_FFI_TYPE', { functionName: 'swap_ints', position: 1 })
      expect(() => places.swap_ints(1, 'two' as never)).toThrow(expected)
    }))
})

it.each([
  [[], 0],
  [[1, 2], 2],
  [[1, 2, 3], 3],
])('refuses %j as values with ERR_FFI_ARITY', (values, got) =>
  balanced(() => {
    const split = c.split as (...values: number[]) => unknown
    const expected = code('ERR_FFI_ARITY', { functionName: 'split', expected: '1 arguments', got: `${got}` })
    expect(() => split(...values)).toThrow(expected)
  }),
)

it('leaves no place behind when the call or its result is refused', () =>
  balanced(() => {
    const { absent } = define({ absent: { library, retType: I32, paramsType: [out(I32), inout(I32)] } })
    expect(() => absent(1)).toThrow(code('ERR_FFI_SYMBOL_NOT_FOUND'))
    // What is no block of malloc's is not freed: the box stays with C.
    const { box_open } = define({
      box_open: { library, retType: I32, paramsType: [I32, out(owned(External, PointerType.CPointer))] },
    })
    expect(() => box_open(1)).toThrow(code('ERR_FFI_ALLOCATOR_MISMATCH', { functionName: 'box_open', position: 1 }))
    define({ box_free: { library, retType: Void, paramsType: [External] } }).box_free(places.last_made().out[0])
  }))

const bad = {
  'inout of what is owned': () => inout(owned(External, 'box_free') as never),
  'out of out': () => out(out(I32) as never),
  'out of Void': () => out(Void),
  'a bare array': () => out(DataType.I32Array),
  'owned as a parameter': () => owned(External, 'box_free') as never,
}
it.each(Object.entries(bad))('refuses %s with ERR_FFI_SIGNATURE', (_, type) => {
  const described = () => define({ split: { library, retType: Void, paramsType: [Double, type()] } })
  expect(described).toThrow(code('ERR_FFI_SIGNATURE', { functionName: 'split', position: 1 }))
})
