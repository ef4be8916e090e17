// Turns a C out parameter (`T **`) into a JavaScript result.
import { createPointer, DataType, unwrapPointer } from 'holdfast'

/**
 * Calls `action` with `count` slots of pointer size, each holding NULL, and returns what C left in them.
 * Lifetime: the slots are freed here; what they pointed to belongs to whoever made it.
 */
export function withOutPointers(count, action) {
  const slots = createPointer({
    paramsType: Array(count).fill(DataType.External),
    paramsValue: Array(count).fill(null),
  })
  try {
    const result = action(...slots)
    return { result, pointers: unwrapPointer(slots) }
  } finally {
    for (const slot of slots) slot.free()
  }
}
