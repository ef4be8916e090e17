// Turns JavaScript strings into NUL-terminated bytes, refusing what C would misread.

import { FfiError, mismatch } from '../error.js'
import { native } from '../native.js'
import { stack } from './frame.js'
import type { Scratch } from './scratch.js'
import { compileSource } from './source.js'

/** Bytes of a `wchar_t`. */
const WIDE_UNIT = process.platform === 'win32' ? 2 : 4

/** Up to this length a loop over the characters beats every call that encodes. */
const SHORT = 24

/**
 * Writes a short ASCII string at a byte of the call stack. Returns how many bytes, or 0 for any other string.
 * The NUL counts: an empty string takes 1.
 */
export function putShort(text: string, at: number): number {
  const { length } = text
  if (length > SHORT) return 0
  const { bytes } = stack
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    // One comparison for NUL and everything beyond ASCII.
    if ((unit - 1) >>> 0 >= 0x7f) return 0
    bytes[at + i] = unit
  }
  bytes[at + length] = 0
  return length + 1
}

/** The longest text that the core leaves in the frame; `CallPlan::TEXT_SIZE` in native/core/src/plan. */
const TEXT_SIZE = 24

const WORDS = Array.from({ length: TEXT_SIZE / 4 }, (_, i) => i)

/** What the word of the result says when it is no length: `NO_TEXT` in native/core/src/plan. */
const NO_TEXT = 0xffffffff

/**
 * `length` bytes below 0x80 at a byte of the call stack, as a string; NULs up to `TEXT_SIZE` follow them. C returns the same
 * names again and again, and to find one in a small table costs less than half of making it. A text enters when it comes for
 * the second time; after 64 that were new in a row the table rests for 1024.
 */
const getShort: (length: number, at: number) => string = compileSource('getShort', recentTexts(), [
  'let fresh = 0, rest = 0',
  'return function getShort(length, at) {',
  'if (rest !== 0) { rest--; return make(length, at) }',
  `const w = at >>> 2, ${list((i) => `w${i} = words[w + ${i}]`)}`,
  `const entry = imul(${WORDS.map((i) => `(w${i} << ${5 * i} | w${i} >>> ${32 - 5 * i})`).join(' ^ ')}, 0x9e3779b1) >>> 24`,
  `const key = ${WORDS.length} * entry`,
  `if (${WORDS.map((i) => `keys[key + ${i}] === w${i}`).join(' && ')}) {`,
  'fresh = 0',
  'const text = texts[entry]',
  'return text !== undefined ? text : (texts[entry] = make(length, at))',
  '}',
  `${WORDS.map((i) => `keys[key + ${i}] = w${i}`).join('; ')}`,
  'texts[entry] = undefined',
  'if (++fresh === 64) { fresh = 0; rest = 1024 }',
  'return make(length, at)',
  '}',
  // One call makes the string, with each byte an argument.
  'function make(length, at) {',
  'switch (length) {',
  ...Array.from({ length: TEXT_SIZE + 1 }, (_, length) => `case ${length}: return join(${byteList(length)})`),
  '} }',
])

function byteList(length: number): string {
  return Array.from({ length }, (_, i) => `bytes[at + ${i}]`).join(', ')
}

/** The table: up to 256 texts with the words of their bytes. */
function recentTexts(): Record<string, unknown> {
  const keys = new Int32Array(256 * WORDS.length)
  const texts = new Array<string | undefined>(256).fill(undefined)
  return { bytes: stack.bytes, words: stack.i32, keys, texts, imul: Math.imul, join: String.fromCharCode }
}

function list(part: (i: number) => string): string {
  return WORDS.map(part).join(', ')
}

/** The string that a call returned: its length or what stands for one, and the byte of the call stack where it would lie. */
export function takeText(length: number, at: number): string | null {
  if (length <= TEXT_SIZE) return getShort(length, at)
  return length === NO_TEXT ? null : native.takeText()
}

/** Refuses what is no string, or no string that C can take whole. */
function checkText(value: unknown): asserts value is string {
  if (typeof value !== 'string') throw mismatch('a string or null', value)
  if (value.includes('\0')) throw new FfiError('ERR_FFI_STRING_NUL')
  if (!(value as string & { isWellFormed(): boolean }).isWellFormed()) throw new FfiError('ERR_FFI_STRING_SURROGATE')
}

/** Writes a string as UTF-8 into scratch. Returns its reference; NULL for null. */
export function referText(value: unknown, scratch: Scratch): number {
  if (value === null) return scratch.offset(0)
  checkText(value)
  const size = Buffer.byteLength(value, 'utf8')
  const at = scratch.alloc(size + 1, 1)
  scratch.bytes.write(value, scratch.origin + at, size, 'utf8')
  return scratch.offset(at)
}

/** Writes a string as `wchar_t` units into scratch. Returns its reference; NULL for null. */
export function referWide(value: unknown, scratch: Scratch): number {
  if (value === null) return scratch.offset(0)
  checkText(value)
  const units =
    WIDE_UNIT === 2 ? Array.from({ length: value.length }, (_, i) => value.charCodeAt(i)) : codePoints(value)
  const at = scratch.alloc((units.length + 1) * WIDE_UNIT, WIDE_UNIT)
  units.forEach((unit, i) => {
    const to = scratch.origin + at + i * WIDE_UNIT
    if (WIDE_UNIT === 2) scratch.view.setUint16(to, unit, true)
    else scratch.view.setUint32(to, unit, true)
  })
  return scratch.offset(at)
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) as number)
}

/** Reads `wchar_t` units; what is no character becomes U+FFFD. */
export function readWide(view: DataView, at: number, units: number): string {
  const parts: string[] = []
  for (let i = 0; i < units; i++) {
    if (WIDE_UNIT === 2) {
      parts.push(String.fromCharCode(view.getUint16(at + 2 * i, true)))
    } else {
      const point = view.getUint32(at + 4 * i, true)
      const valid = point < 0xd800 || (point > 0xdfff && point <= 0x10ffff)
      parts.push(valid ? String.fromCodePoint(point) : '\ufffd')
    }
  }
  return parts.join('')
}
