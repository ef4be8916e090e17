// Turns numbers into calls of the API, each with what the model says it must give.
import {
  createExternalBuffer,
  createPointer,
  DataType,
  freePointer,
  type Pointer,
  PointerType,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { c } from '../pointers/calls.js'
import { openOrClose } from './libraries.js'
import { found, type Held, inaccessible, leadsTo, type Model, type Place, unfreeable, unusable } from './model.js'

import { type Checked, check, nothing, ok, type Step } from './step.js'

const { Double, External, I32, U8, Void } = DataType

/** A step that gives a new pointer to `place`. */
function gives(model: Model, refused: string | undefined, place: () => Place | null, act: () => Pointer): Checked {
  return check(refused, act, ok, (pointer) => {
    model.hold(pointer, place())
    return 'ok'
  })
}

const TYPES = [
  [I32, 4, (bytes: DataView, value: number) => bytes.setInt32(0, value, true)],
  [Double, 8, (bytes: DataView, value: number) => bytes.setFloat64(0, value, true)],
  [U8, 1, (bytes: DataView, value: number) => bytes.setUint8(0, value)],
] as const

const create: Step = (model, _held, [a, b]) => {
  const [type, size, set] = TYPES[a % 3] as (typeof TYPES)[number]
  const act = () => createPointer({ paramsType: [type], paramsValue: [b % 100] })[0] as Pointer
  return check(undefined, act, ok, (pointer) => {
    set(model.made(pointer, size).bytes, b % 100)
    return 'ok'
  })
}

const wrap: Step = (model, { pointer, place }, [a]) => {
  const refused = place === null ? undefined : unusable(place)
  const act = () =>
    a % 2 === 0
      ? (wrapPointer([pointer])[0] as Pointer)
      : createPointer({ paramsType: [External], paramsValue: [pointer] })[0]
  return check(refused, act, ok, (made) => {
    model.made(made, 8, place)
    return 'ok'
  })
}

const createNull: Step = (model, _held, _numbers) =>
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
  if (place === null || place.block.state === 'freed' || place.length < 8) return true
  // In memory of C, and past the beginning of ours, the core does not know what lies there, and reads it as an address.
  return place.block.kind === 'rust' && place.offset === 0 && place.block.content?.block.state !== 'freed'
}

const unwrap: Step = (model, { pointer, place }, [a]) => {
  if (!followable(place)) return undefined
  const refused =
    inaccessible(place, 0, 8, 8) ?? (place?.block.content === undefined ? 'ERR_FFI_POINTER_TYPE' : undefined)
  const act = () => (a % 2 === 0 ? (unwrapPointer([pointer])[0] as Pointer) : (pointer.read(External) as Pointer))
  return gives(model, refused, () => found(place?.block.content ?? null), act)
}

const readInteger: Step = (_model, { pointer, place }, [a, b]) => {
  const offset = a % 10
  if (place?.block.kind === 'c' && place.offset + offset > 0) return undefined
  const act = () =>
    offset === 0 && b % 2 === 0
      ? restorePointer({ retType: [I32], paramsValue: [pointer] })[0]
      : pointer.read(I32, offset)
  // The bytes of a pointer are nobody's business.
  const isOpaque = place?.block.content !== undefined
  const value = () => place?.block.bytes.getInt32(place.offset + offset, true)
  return check(inaccessible(place, offset, 4, 4), act, isOpaque ? ok : value, isOpaque ? ok : (read) => read as number)
}

const writeInteger: Step = (_model, { pointer, place }, [a, b]) => {
  const offset = a % 10
  if (place?.block.kind === 'static' || (place?.block.kind === 'c' && place.offset + offset > 0)) return undefined
  if (place?.block.content !== undefined) return undefined
  return check(
    inaccessible(place, offset, 4, 4),
    () => pointer.write(I32, b, offset),
    nothing,
    () => {
      place?.block.bytes.setInt32(place.offset + offset, b, true)
      return undefined
    },
  )
}

/** Pointers are written into blocks that hold one, so that no number is taken for an address. */
const writePointer: Step = (model, { pointer, place }, [a, b]) => {
  const target = b % 5 === 0 ? null : (model.held[a % model.held.length] as Held)
  if (place === null || place.block.content === undefined || place.offset !== 0) return undefined
  // A circle is never collected.
  if (leadsTo(target?.place, place.block)) return undefined
  const refused = (target?.place ? unusable(target.place) : undefined) ?? inaccessible(place, 0, 8, 8)
  return check(
    refused,
    () => pointer.write(External, target?.pointer ?? null),
    nothing,
    () => {
      place.block.content = target?.place ?? null
      return undefined
    },
  )
}

const free: Step = (model, { pointer, place }, [a]) => {
  const asC = a % 3 === 0
  const pointerType = asC ? PointerType.CPointer : undefined
  const list = { paramsType: [External], paramsValue: [pointer] }
  const act = () => (a % 3 === 1 ? pointer.free() : freePointer(asC ? { ...list, pointerType } : list))
  return check(unfreeable(place, asC), act as () => void, nothing, () => {
    if (place !== null) model.end(place.block)
    return undefined
  })
}

const dispose: Step = (model, { pointer, place }) =>
  check(
    undefined,
    () => pointer[Symbol.dispose](),
    nothing,
    () => {
      if (place !== null && unfreeable(place, false) === undefined && !model.kept.has(place.block))
        model.end(place.block)
      return undefined
    },
  )

const leak: Step = (model, { pointer, place }) =>
  check(
    place === null ? undefined : unusable(place),
    () => pointer.leak(),
    ok,
    () => {
      if (place?.block.kind === 'rust') model.kept.set(place.block, { pointer, place })
      return 'ok'
    },
  )

const interior: Step = (model, { pointer, place }, [a, b]) => {
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

const identity: Step = (model, { pointer, place }) =>
  gives(
    model,
    place === null ? undefined : unusable(place),
    () => found(place),
    () => c.id_ptr(pointer),
  )

const readInC: Step = (_model, { pointer, place }) => {
  // C reads four bytes wherever it is sent, so only where they are.
  if (place === null || place.block.size - place.offset < 4 || place.block.content !== undefined) return undefined
  const value = () => place.block.bytes.getInt32(place.offset, true)
  return check(
    unusable(place),
    () => c.read_int(pointer),
    value,
    (read) => read,
  )
}

const writeInC: Step = (_model, { pointer, place }, [a]) => {
  if (place === null || place.block.size - place.offset < 4 || place.block.content !== undefined) return undefined
  if (place.block.kind === 'static') return undefined
  return check(
    unusable(place),
    () => c.write_int(pointer, a),
    nothing,
    () => {
      place.block.bytes.setInt32(place.offset, a, true)
      return undefined
    },
  )
}

/** Whether two places are one address. */
function isSame(one: Place | null, other: Place | null): boolean {
  return one === null || other === null ? one === other : one.block === other.block && one.offset === other.offset
}

const compare: Step = (model, { pointer, place }, [a]) => {
  const other = model.held[a % model.held.length] as Held
  const refused = [place, other.place].map((each) => (each === null ? undefined : unusable(each))).find(Boolean)
  const act = () => c.same_ptr(pointer, other.pointer)
  return check(
    refused,
    act,
    () => isSame(place, other.place),
    (same) => same,
  )
}

const compareElsewhere: Step = (model, { pointer, place }, [a]) => {
  const other = model.held[a % model.held.length] as Held
  const refused = [place, other.place].map((each) => (each === null ? undefined : unusable(each))).find(Boolean)
  const act = () => c.same_ptr.async([pointer, other.pointer])
  return check(refused, act, ok, (promise) => {
    model.pending.push({ promise, expected: isSame(place, other.place) })
    return 'ok'
  })
}

const fromC: Step = (model, _held, [a, b]) => {
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
  return check(
    undefined,
    () => c.malloc_int(b),
    ok,
    (pointer) => {
      const block = model.block('c', Number.POSITIVE_INFINITY)
      block.bytes.setInt32(0, b, true)
      const place = { block, offset: 0, length: block.size }
      model.kept.set(block, { pointer, place })
      model.hold(pointer, place)
      return 'ok'
    },
  )
}

const look: Step = (_model, { pointer, place }, [a]) => {
  if (a % 2 === 0) {
    return check(
      undefined,
      () => pointer.state,
      () => (place === null ? 'live' : place.block.state),
      (state) => state,
    )
  }
  const refused = place === null ? undefined : unusable(place)
  const size = () => (place === null ? 0 : Number.isFinite(place.length) ? place.length : undefined)
  return check(
    refused,
    () => pointer.byteLength,
    size,
    (length) => length,
  )
}

const expose: Step = (model, { pointer, place }, [a]) => {
  if (place !== null && place.block.kind !== 'rust') return undefined
  const length = 1 + (a % 8)
  return check(
    inaccessible(place, 0, length, 1),
    () => createExternalBuffer(pointer, length),
    ok,
    (buffer) => {
      if (place !== null) model.buffers.push({ buffer, place: { ...place, length } })
      return 'ok'
    },
  )
}

const lookThroughBuffer: Step = (model, _held, [a]) => {
  const known = model.buffers[a % Math.max(1, model.buffers.length)]
  if (known === undefined) return undefined
  const { buffer, place } = known
  if (place.block.state === 'freed') return { expected: 0, got: buffer.length }
  if (place.block.content !== undefined) return { expected: place.length, got: buffer.length }
  return { expected: place.block.bytes.getUint8(place.offset), got: buffer[0] }
}

const drop: Step = (model, _held, [a, b]) => {
  if (b % 4 === 0 && model.buffers.length > 0) model.buffers.splice(a % model.buffers.length, 1)
  else model.held.splice(1 + (a % model.held.length), 1 + (b % 3))
  return undefined
}

/** Every step, by the number it has in a sequence; what makes little and what uses much is there more than once. */
export const steps: readonly (readonly [string, Step])[] = [
  ['createPointer', create],
  ['createPointer', create],
  ['createPointer', create],
  ['wrap', wrap],
  ['createPointer Void', createNull],
  ['unwrap', unwrap],
  ['unwrap', unwrap],
  ['read', readInteger],
  ['write', writeInteger],
  ['write External', writePointer],
  ['free', free],
  ['dispose', dispose],
  ['leak', leak],
  ['at, withLength', interior],
  ['pointer in and out', identity],
  ['C reads', readInC],
  ['C writes', writeInC],
  ['compare', compare],
  ['compare on another thread', compareElsewhere],
  ['memory of C', fromC],
  ['state, byteLength', look],
  ['createExternalBuffer', expose],
  ['Buffer', lookThroughBuffer],
  ['open, load, close', openOrClose],
  ['drop', drop],
  ['drop', drop],
]
