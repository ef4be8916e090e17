// Turns numbers into reads and writes: through pointers, by C, through Buffers, and with values that are wrong.
import { createExternalBuffer, DataType, restorePointer } from 'holdfast'
import { c } from '../functions.js'
import type { Held, Place } from '../model.js'
import { ended, holdsInteger, inaccessible, leadsTo, takesInteger, unusable } from '../places.js'
import { check, nothing, ok, type Step, same } from './step.js'

const { External, I32 } = DataType

/** Whether the bytes at an offset are known to the model, or known not to be there. */
function isKnown(place: Place | null, offset: number): boolean {
  return place === null || Number.isFinite(place.block.size) || place.offset + offset === 0
}

export const readInteger: Step = (_model, { pointer, place }, [a, b]) => {
  const offset = a % 10
  if (!isKnown(place, offset)) return undefined
  const act = () =>
    offset === 0 && b % 2 === 0
      ? restorePointer({ retType: [I32], paramsValue: [pointer] })[0]
      : pointer.read(I32, offset)
  // The bytes of a pointer are nobody's business.
  const isOpaque = place?.block.content !== undefined
  const value = () => place?.block.bytes.getInt32(place.offset + offset, true)
  return check(inaccessible(place, offset, 4, 4), act, isOpaque ? ok : value, isOpaque ? ok : (read) => read as number)
}

export const writeInteger: Step = (_model, { pointer, place }, [a, b]) => {
  const offset = a % 10
  if (place !== null && (place.block.content !== undefined || place.block.pins > 0)) return undefined
  if (place?.block.kind === 'static' || !isKnown(place, offset)) return undefined
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
export const writePointer: Step = (model, { pointer, place }, [a, b]) => {
  const target = b % 5 === 0 ? null : (model.held[a % model.held.length] as Held)
  if (place === null || place.block.content === undefined || place.offset !== 0) return undefined
  // A circle is never collected.
  if (leadsTo(target?.place, place.block)) return undefined
  const refused = ended(target?.place ?? null) ?? inaccessible(place, 0, 8, 8)
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

export const readInC: Step = (_model, { pointer, place }) => {
  // C reads four bytes wherever it is sent, so only where they are.
  if (!holdsInteger(place)) return undefined
  const value = () => place.block.bytes.getInt32(place.offset, true)
  return check(unusable(place), () => c.read_int(pointer), value, same)
}

export const writeInC: Step = (_model, { pointer, place }, [a]) => {
  if (!takesInteger(place)) return undefined
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

export const look: Step = (_model, { pointer, place }, [a]) => {
  if (a % 2 === 0) {
    return check(
      undefined,
      () => pointer.state,
      () => (place === null ? 'live' : place.block.state),
      same,
    )
  }
  const size = () => (place === null ? 0 : Number.isFinite(place.length) ? place.length : undefined)
  return check(ended(place), () => pointer.byteLength, size, same)
}

export const expose: Step = (model, { pointer, place }, [a]) => {
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

export const lookThroughBuffer: Step = (model, _held, [a]) => {
  const known = model.buffers[a % Math.max(1, model.buffers.length)]
  if (known === undefined) return undefined
  const { buffer, place } = known
  if (place.block.state !== 'live') return { expected: 0, got: buffer.length }
  if (place.block.content !== undefined) return { expected: place.length, got: buffer.length }
  return { expected: place.block.bytes.getUint8(place.offset), got: buffer[0] }
}

/** Whatever the pointer is, these are refused before it is looked at. */
export const mistake: Step = (_model, { pointer }, [a]) => {
  const copy = a % 5 === 0 ? structuredClone(pointer) : undefined
  const mistakes = [
    ['ERR_FFI_NOT_POINTER', () => c.read_int(copy as never)],
    ['ERR_FFI_TYPE', () => c.write_int(pointer, 'x' as never)],
    ['ERR_FFI_RANGE', () => c.offset_ptr(pointer, 2n ** 64n)],
    ['ERR_FFI_ARITY', () => (c.write_int as (...values: unknown[]) => void)(pointer)],
    ['ERR_FFI_OPTIONS', () => pointer.read(I32, -1)],
  ] as const
  const [code, act] = mistakes[a % mistakes.length] as (typeof mistakes)[number]
  return check<unknown>(code, act, nothing, ok)
}
