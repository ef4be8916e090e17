// Turns the fixture `ownership` into functions whose signatures say who owns what, and its counts into a baseline.
import { borrowed, consumes, DataType, define, FFITypeTag, open, out, owned, type Pointer, PointerType } from 'holdfast'
import { expect } from 'vitest'
import { fixturePath } from '../fixture.js'
import { expectBaseline, held } from '../misuse/baseline.js'

const { Double, External, I32, String: Text, Usize, Void } = DataType
const library = 'ownership'
open({ library, path: fixturePath('ownership') })
open({ library: 'c', path: '' })

export const c = define({
  live_count: { library, retType: I32, paramsType: [] },
  release_count: { library, retType: I32, paramsType: [] },
  box_value: { library, retType: I32, paramsType: [External] },
  box_close: { library, retType: I32, paramsType: [consumes(External)] },
  box_value_at: { library, retType: borrowed(External, 0), paramsType: [External] },
  box_same: { library, retType: borrowed(External, 0), paramsType: [External] },
  box_name: { library, retType: borrowed(Text, 0), paramsType: [External] },
  box_ref: { library, retType: owned(External, 'box_free'), paramsType: [External] },
  no_box: { library, retType: owned(External, 'box_free'), paramsType: [] },
  shelf_put: { library, retType: I32, paramsType: [consumes(External)] },
  shelf_put_two: { library, retType: I32, paramsType: [consumes(External), consumes(External)] },
  shelf_last: { library, retType: External, paramsType: [] },
  shelf_empty: { library, retType: Void, paramsType: [] },
  block_take: { library, retType: Void, paramsType: [consumes(External)] },
  split: { library, retType: Void, paramsType: [Double, out(I32), out(Double)] },
})

/** A function of `define` for the release, with the signature that frees without taking. */
export const plain = define({
  box_free: { library, retType: Void, paramsType: [External] },
  box_new: { library, retType: External, paramsType: [I32] },
  malloc_block: { library: 'c', retType: External, paramsType: [Usize] },
})

const boxOf = (release: Parameters<typeof owned>[1]) =>
  define({ box_new: { library, retType: owned(External, release), paramsType: [I32] } }).box_new

/** Functions that give a box of a number away, by how it is released. */
export const boxes: Record<string, (value: number) => Pointer> = {
  'a name': boxOf('box_free'),
  'a name of a function with a result': boxOf('box_close'),
  'a function of define': boxOf(plain.box_free),
  'a function of define that consumes': boxOf(c.box_close),
  'a function of JavaScript': boxOf((box) => plain.box_free(box)),
  'an out parameter': (value) =>
    define({ box_open: { library, retType: I32, paramsType: [I32, out(owned(External, 'box_free'))] } }).box_open(value)
      .out[0],
  'a field of a struct': (value) => parcels.parcel_value(value).made,
  'a field of a struct of out': (value) => parcels.parcel_out(value).out[0].made,
}

export const newBox = boxOf('box_free')

/** What malloc has made, to be freed. */
export const { malloc } = define({
  malloc: { library: 'c', retType: owned(External, PointerType.CPointer), paramsType: [Usize] },
})

const parcel = {
  number: I32,
  made: owned(External, 'box_free'),
  text: owned(Text, 'text_free'),
  ffiTypeTag: FFITypeTag.StackStruct,
} as const

export const parcels = define({
  parcel_value: { library, retType: parcel, paramsType: [I32] },
  parcel_out: { library, retType: Void, paramsType: [I32, out(parcel)] },
})

/** How many boxes and texts the library has handed out and not got back. */
export const live = (): number => c.live_count()

/** Runs a test after which everything is as it was before. */
export async function balanced(test: () => unknown): Promise<void> {
  const [before, boxesBefore] = [held(), live()]
  await test()
  expect(live()).toBe(boxesBefore)
  await expectBaseline(before)
}

export const code = (expected: string, facts: object = {}) =>
  expect.objectContaining({ name: 'FfiError', code: expected, ...facts })
