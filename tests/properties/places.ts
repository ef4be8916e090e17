// Turns a place into what may be done there: nothing but questions to the model.
import type { Block, Model, Place } from './model.js'

/** Whether a place is in a block, or leads there through the pointers in blocks. */
export function leadsTo(place: Place | null | undefined, block: Block): boolean {
  if (!place || place.block.state === 'freed') return false
  return place.block === block || leadsTo(place.block.content, block)
}

/** Why a place cannot be used, as any use says it. */
export function unusable(place: Place | null): string | undefined {
  return place === null ? 'ERR_FFI_NULL_POINTER' : ended(place)
}

/** Why a place cannot be passed on, as NULL can. */
export function ended(place: Place | null): string | undefined {
  if (place === null || place.block.state === 'live') return undefined
  return place.block.state === 'freed' ? 'ERR_FFI_USE_AFTER_FREE' : 'ERR_FFI_MOVED'
}

/** Why `size` bytes at `offset` of a place cannot be read or written. */
export function inaccessible(place: Place | null, offset: number, size: number, align: number): string | undefined {
  const reason = unusable(place)
  if (reason !== undefined || place === null) return reason
  if (offset + size > place.length) return 'ERR_FFI_OUT_OF_BOUNDS'
  return (place.offset + offset) % align === 0 ? undefined : 'ERR_FFI_MISALIGNED'
}

/** Why a place cannot be freed; `asC`: by libc, on the caller's word. */
export function unfreeable(place: Place | null, asC: boolean): string | undefined {
  if (place === null) return undefined
  const { block, offset } = place
  if (block.state !== 'live') return block.state === 'freed' ? 'ERR_FFI_DOUBLE_FREE' : 'ERR_FFI_MOVED'
  if (offset !== 0 || block.kind === 'code') return 'ERR_FFI_NOT_OWNER'
  if (block.kind === 'rust' || block.kind === 'box') return asC ? 'ERR_FFI_ALLOCATOR_MISMATCH' : undefined
  if (block.kind === 'given') return undefined
  if (!asC) return 'ERR_FFI_NOT_OWNER'
  return block.kind === 'static' ? 'ERR_FFI_ALLOCATOR_MISMATCH' : undefined
}

/** The place that C's address for this one is found to be: with all that is known behind it. */
export function found(place: Place | null): Place | null {
  return place === null ? null : { ...place, length: place.block.size - place.offset }
}

/** Whether two places are one address. */
export function isSame(one: Place | null, other: Place | null): boolean {
  return one === null || other === null ? one === other : one.block === other.block && one.offset === other.offset
}

/** Whether C may read an i32 there, wherever it is sent, if the place is live. */
export function holdsInteger(place: Place | null): place is Place {
  if (place === null || place.block.kind === 'code' || place.block.content !== undefined) return false
  return place.block.size - place.offset >= 4
}

/** Whether an i32 may be written there, if the place is live: nobody reads it on another thread. */
export function takesInteger(place: Place | null): place is Place {
  return holdsInteger(place) && place.block.kind !== 'static' && place.block.pins === 0
}

/** Whether the outermost call that is running around this callback may have been given the block. */
export function mayBeInUse(model: Model, { born, pins }: Block): boolean {
  return pins > 0 || (model.depth > 0 && born < model.calls)
}

/** Whether any of them may. */
export function mayBeArgument(model: Model, block: Block): boolean {
  return model.depth > 1 || mayBeInUse(model, { ...block, pins: 0 })
}
