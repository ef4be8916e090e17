// Turns numbers into pointers: to new blocks, through blocks, into blocks, and from C.
import { createPointer, DataType, type Pointer, unwrapPointer, wrapPointer } from 'holdfast'
import { c, other } from '../functions.js'
import type { Held, Place } from '../model.js'
import { ended, found, inaccessible, isSame } from '../places.js'
import { check, gives, ok, type Step, same } from './step.js'

const { Double, External, I32, U8, Void } = DataType

const TYPES = [
  [I32, 4, (bytes: DataView, value: number) => bytes.setInt32(0, value, true)],
  [Double, 8, (bytes: DataView, value: number) => bytes.setFloat64(0, value, true)],
  [U8, 1, (bytes: DataView, value: number) => bytes.setUint8(0, value)],
] as const

export const create: Step = (model, _held, [a, b]) => {
  const [type, size, set] = TYPES[a % 3] as (typeof TYPES)[number]
  const act = () => createPointer({ paramsType: [type], paramsValue: [b % 100] })[0] as Pointer
  return check(undefined, act, ok, (pointer) => {
    set(model.made(pointer, size).bytes, b % 100)
    return 'ok'
  })
}

export const wrap: Step = (model, { pointer, place }, [a]) => {
  const act = () =>
    a % 2 === 0
      ? (wrapPointer([pointer])[0] as Pointer)
      : createPointer({ paramsType: [External], paramsValue: [pointer] })[0]
  return check(ended(place), act, ok, (made) => {
    model.made(made, 8, place)
    return 'ok'
  })
}

export const createNull: Step = (model, _held, _numbers) =>
  check(
    undefined,
    () => createPointer({ paramsType: [Void], paramsValue: [undefined] } as never)[0] as Pointer,
    ok,
    (made) => {
      model.made(made, 8, null)
      return 'ok'
    },
  )

/** Following leads to memory that the model knows, or is refused. */
function followable(place: Place | null): boolean {
  if (place === null || place.block.state !== 'live' || place.length < 8) return true
  // In memory of C, and past the beginning of ours, the core does not know what lies there, and reads it as an address.
  return place.block.kind === 'rust' && place.offset === 0 && ended(place.block.content ?? null) === undefined
}

export const unwrap: Step = (model, { pointer, place }, [a]) => {
  if (!followable(place)) return undefined
  const refused =
    inaccessible(place, 0, 8, 8) ?? (place?.block.content === undefined ? 'ERR_FFI_POINTER_TYPE' : undefined)
  const act = () => (a % 2 === 0 ? (unwrapPointer([pointer])[0] as Pointer) : (pointer.read(External) as Pointer))
  return gives(model, refused, () => found(place?.block.content ?? null), act)
}

export const interior: Step = (model, { pointer, place }, [a, b]) => {
  if (place !== null && place.block.kind !== 'rust') return undefined
  const offset = a % 9
  const refused = inaccessible(place, offset, 0, 1)
  if (b % 2 === 0) {
    // One past the end is a place, but C's address for it may be another block's.
    if (place !== null && refused === undefined && offset === place.length) return undefined
    const at = () => place && { block: place.block, offset: place.offset + offset, length: place.length - offset }
    return gives(model, refused, at, () => pointer.at(offset))
  }
  if (offset === 0) return undefined
  return gives(
    model,
    refused,
    () => place && { ...place, length: offset },
    () => pointer.withLength(offset),
  )
}

export const identity: Step = (model, { pointer, place }) =>
  gives(
    model,
    ended(place),
    () => found(place),
    () => c.id_ptr(pointer),
  )

export const compare: Step = (model, { pointer, place }, [a]) => {
  const second = model.held[a % model.held.length] as Held
  const act = () => c.same_ptr(pointer, second.pointer)
  return check(ended(place) ?? ended(second.place), act, () => isSame(place, second.place), same)
}

export const fromC: Step = (model, _held, [a, b]) => {
  if (a % 2 === 0) {
    const block = model.block('static', Number.POSITIVE_INFINITY)
    block.bytes.setInt32(0, 42, true)
    // Always the same address, and so the same block.
    const known = model.held.find(({ place }) => place?.block.kind === 'static' && place.offset === 0)?.place
    const place = known ?? { block, offset: 0, length: block.size }
    return gives(
      model,
      undefined,
      () => place,
      () => c.static_int(),
    )
  }
  const isGiven = a % 4 === 1
  const act = () => (isGiven ? other.malloc_int(b) : c.malloc_int(b))
  return check(undefined, act, ok, (pointer) => {
    model.ofC(pointer, isGiven ? 'given' : 'c', b)
    return 'ok'
  })
}
