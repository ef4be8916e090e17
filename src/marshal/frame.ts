// Turns one ArrayBuffer, shared with the core, into the call stack on which frames are written.

import { CORE_CODES, type CoreCode, FfiError, type FfiErrorFacts } from '../error.js'
import { native } from '../native.js'
import type { CType } from '../signature/ctype.js'
import { pathOf } from '../signature/path.js'

/** Bytes of the call stack: the deepest nesting of calls, and the largest arguments that need no block of their own. */
const STACK_BYTES = 1 << 20

/** The first frame begins here; the word at 0 holds the offset of the frame on top, that at 4 the function it is for. */
export const FIRST_FRAME = 16

const memory = new ArrayBuffer(STACK_BYTES)

/** The call stack in every width it is written in. JavaScript reads back only in the width that C wrote, or narrower. */
export const stack = {
  bytes: Buffer.from(memory),
  view: new DataView(memory),
  i32: new Int32Array(memory),
  u32: new Uint32Array(memory),
  f32: new Float32Array(memory),
  f64: new Float64Array(memory),
  i64: new BigInt64Array(memory),
  u64: new BigUint64Array(memory),
} as const

stack.u32[0] = FIRST_FRAME
native.setup(memory, process.env['FFI_ENGINE'] === 'libffi')

/** Offsets of the header's words; `Field` in native/core/src/frame/header.rs. */
export const Field = {
  Status: 4,
  Position: 8,
  Errno: 12,
  ScratchEnd: 16,
  FixupCount: 20,
  FixupOffset: 24,
  HeapScratch: 28,
} as const

/** Offsets of a pointer operation's operands; native/core/src/call/pointers.rs. */
export const Operand = { Slot: 32, Generation: 36, Number: 40, Count: 44, Offset: 48, Length: 56 } as const

/** The offset of the frame on top. */
export function top(): number {
  return stack.view.getUint32(0, true)
}

/** Puts the top elsewhere: frames are written behind it. */
export function setTop(offset: number): void {
  stack.view.setUint32(0, offset, true)
}

/** Bytes of the whole call stack. */
export const stackSize: number = STACK_BYTES

/**
 * What a status word that is not 0 says, as an error. `decoded` is the type of what was being read from memory, if
 * anything was.
 */
export function refusal(base: number, facts: FfiErrorFacts, decoded?: CType): FfiError {
  if (base + native.headerSize > STACK_BYTES) return new FfiError('ERR_FFI_STACK_OVERFLOW', facts)
  const status = stack.view.getUint32(base + Field.Status, true)
  const position = stack.view.getUint32(base + Field.Position, true)
  const detail = native.explain() || undefined
  const known = position === 0xffffffff ? {} : { position }
  const path = detail !== undefined && decoded !== undefined ? pathOf(detail, decoded) : undefined
  return new FfiError(codeOf(status), { ...(path === undefined ? { detail } : { path }), ...known, ...facts })
}

function codeOf(status: number): CoreCode {
  return CORE_CODES[status - 1] ?? 'ERR_FFI_INTERNAL'
}
