// Turns numbers into memory that C gives away, takes over and lends, as signatures say.
import { DataType, type Pointer } from 'holdfast'
import { c, other } from '../functions.js'
import type { Model, Outcome, Place } from '../model.js'
import { ended, mayBeArgument } from '../places.js'
import { check, nothing, ok, type Step, same } from './step.js'

/** As many as the fixture has room for. */
const SHELF = 64

/** A box, which its library or a function of JavaScript's releases. */
export const makeBox: Step = (model, _held, [a, b]) => {
  const act = () => (a % 2 === 0 ? c.box_new(b) : other.box_new(b))
  return check(undefined, act, ok, (pointer) => {
    model.ofC(pointer, 'box', b)
    return 'ok'
  })
}

/** Why C cannot take a place over. */
function unconsumable(place: Place | null): string | undefined {
  if (place === null) return undefined
  const refused = ended(place)
  if (refused !== undefined) return refused
  if (place.block.kind === 'rust') return 'ERR_FFI_ALLOCATOR_MISMATCH'
  return place.block.pins > 0 ? 'ERR_FFI_NOT_OWNER' : undefined
}

/** C takes over a box, or what malloc made; of other memory this would be a wrong statement. */
export const consume: Step = (model, { pointer, place }) => {
  const kind = place?.block.kind
  if (kind === 'static' || kind === 'code') return undefined
  // C would free what it may be using: that it takes the memory over is the program's word.
  if (place !== null && kind !== 'rust' && mayBeArgument(model, place.block)) return undefined
  const refused = unconsumable(place)
  if (kind !== 'box') return check(refused, () => c.block_take(pointer), nothing, moved)
  if (model.shelf.length === SHELF) return undefined
  return check(
    refused,
    () => c.shelf_put(pointer),
    () => model.shelf.length,
    (count) => {
      if (place !== null) model.shelf.push(place.block)
      moved()
      return count
    },
  )
  function moved(): undefined {
    model.forget(pointer)
    if (place !== null) model.end(place.block, 'moved')
  }
}

/** C releases what it has taken over. */
export const emptyShelf: Step = (model) => {
  c.shelf_empty()
  for (const block of model.shelf.splice(0)) model.boxes.delete(block)
  return undefined
}

/** A pointer into a box, which ends with it. */
export const borrow: Step = (model, { pointer, place }) => {
  if (place?.block.kind !== 'box') return undefined
  return check(
    ended(place),
    () => c.box_value_at(pointer),
    ok,
    (lent) => {
      model.lent.push({ pointer: lent, owner: place.block })
      return 'ok'
    },
  )
}

const uses: readonly ((pointer: Pointer) => Outcome)[] = [
  (pointer) => pointer.read(DataType.I32),
  (pointer) => c.read_int(pointer),
]

export const useBorrowed: Step = (model, _held, [a, b]) => {
  const lent = model.lent[a % Math.max(1, model.lent.length)]
  if (lent === undefined) return undefined
  const { pointer, owner } = lent
  const use = uses[b % 3]
  if (use !== undefined) {
    const value = () => owner.bytes.getInt32(0, true)
    return check(ended({ block: owner, offset: 0, length: 4 }), () => use(pointer), value, same)
  }
  const refusals = { live: 'ERR_FFI_NOT_OWNER', freed: 'ERR_FFI_DOUBLE_FREE', moved: 'ERR_FFI_MOVED' }
  return check(refusals[owner.state], () => pointer.free(), nothing, nothing)
}

/** How many boxes the library has handed out and not got back. */
export const countBoxes = (model: Model): { got: number; expected: number } => ({
  got: c.live_count(),
  expected: model.boxesBefore + model.boxes.size,
})
