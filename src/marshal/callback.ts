// Turns JavaScript functions into the handles of code that C can call, and such handles into Pointers.

import { type CompiledCallback, compileCallback } from '../callback/compile.js'
import { arm } from '../callback/live.js'
import { mismatch } from '../error.js'
import { adopt, handleInto } from '../pointer/pointer.js'
import type { CallbackType } from '../signature/ctype.js'
import type { Codec } from './codec.js'
import type { Scratch } from './scratch.js'

/** The codec of a callback's type: a function, a Pointer to code, or null. */
export function callbackCodec(type: CallbackType): Codec {
  let compiled: CompiledCallback | undefined
  const refer = (value: unknown, scratch: Scratch): number => {
    if (typeof value === 'function' && !scratch.outlives) {
      compiled ??= compileCallback(type)
      return arm(compiled, value as (...values: unknown[]) => unknown, scratch)
    }
    if (value !== null && typeof value !== 'object') throw mismatch('a function, a Pointer or null', value)
    let low = 0
    handleInto(value, (slot, generation) => {
      low = slot
      scratch.high = generation
    })
    return low
  }
  return {
    refer,
    encode: (value, scratch, at) => {
      const low = refer(value, scratch)
      scratch.handle(at, low, scratch.high)
    },
    decode: (reader, at) =>
      adopt(reader.view.getUint32(reader.origin + at, true), reader.view.getUint32(reader.origin + at + 4, true)),
  }
}
