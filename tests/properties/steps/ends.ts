// Turns numbers into ends of blocks: freed, disposed of, moved by C, left to C, and dropped.
import { DataType, freePointer, PointerType } from 'holdfast'
import { c } from '../functions.js'
import { ended, mayBeInUse, unfreeable } from '../places.js'
import { check, nothing, ok, type Step } from './step.js'

const { External } = DataType

export const free: Step = (model, { pointer, place }, [a]) => {
  const asC = a % 3 === 0
  const list = { paramsType: [External], paramsValue: [pointer] }
  const freeListed = () => freePointer(asC ? { ...list, pointerType: PointerType.CPointer } : list)
  const act = a % 3 === 1 ? () => pointer.free() : freeListed
  return check(unfreeable(place, asC), act, nothing, () => {
    if (place !== null) model.end(place.block)
    model.forget(pointer)
    return undefined
  })
}

export const dispose: Step = (model, { pointer, place }) =>
  check(
    undefined,
    () => pointer[Symbol.dispose](),
    nothing,
    () => {
      if (place !== null && unfreeable(place, false) === undefined && !model.leaked.has(place.block))
        model.end(place.block)
      model.forget(pointer)
      return undefined
    },
  )

export const leak: Step = (model, { pointer, place }) => {
  if (place?.block.kind === 'code') return undefined
  return check(
    ended(place),
    () => pointer.leak(),
    ok,
    () => {
      if (place === null || place.block.kind === 'c' || place.block.kind === 'static') return 'ok'
      model.leaked.add(place.block)
      model.keep(pointer, place.block, place.offset)
      return 'ok'
    },
  )
}

/** Another malloc in front of the C library's is not known by name for what it is. */
const isReplaced = process.env['LD_PRELOAD'] !== undefined

/** What `realloc` takes is freed by the checks of `free`; what it gives is C's. */
export const reallocate: Step = (model, { pointer, place }, [a]) => {
  if (place === null || isReplaced) return undefined
  const refused = unfreeable(place, true) ?? (mayBeInUse(model, place.block) ? 'ERR_FFI_NOT_OWNER' : undefined)
  // Made in a callback that is still running: whether the call around it uses it, the core may know or not.
  if (refused === undefined && model.depth > 0) return undefined
  const act = () => c.realloc(pointer, 16 + (a % 200))
  return check(refused, act, ok, (moved) => {
    model.end(place.block)
    model.ofC(moved, 'c', place.block.bytes.getInt32(0, true))
    return 'ok'
  })
}

export const drop: Step = (model, _held, [a, b]) => {
  if (b % 4 === 0 && model.buffers.length > 0) model.buffers.splice(a % model.buffers.length, 1)
  else model.held.splice(1 + (a % model.held.length), 1 + (b % 3))
  return undefined
}
