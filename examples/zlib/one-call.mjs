// Turns a whole Buffer into a compressed one and back, with one call of zlib each.
import { createPointer, restorePointer } from 'holdfast'
import { ULong } from './library.mjs'
import { throwUnlessOk } from './status.mjs'

/** Calls `action(dest, destLen)` with `room` bytes, and returns those of them that it says it wrote. */
function withRoom(room, action) {
  const dest = Buffer.alloc(room)
  const [destLen] = createPointer({ paramsType: [ULong], paramsValue: [room] })
  try {
    throwUnlessOk(action(dest, destLen))
    const [written] = restorePointer({ retType: [ULong], paramsValue: [destLen] })
    return dest.subarray(0, written)
  } finally {
    destLen.free()
  }
}

/** Compresses `input` in the zlib format. */
export function compress(zlib, input, level) {
  const room = zlib.compressBound(input.length)
  return withRoom(room, (dest, destLen) => zlib.compress2(dest, destLen, input, input.length, level))
}

/** Expands `input`, whose expanded size has to be known. @throws {ZlibError} when it is damaged or larger than that. */
export function uncompress(zlib, input, size) {
  return withRoom(size, (dest, destLen) => zlib.uncompress(dest, destLen, input, input.length))
}
