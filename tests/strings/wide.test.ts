// Turns JavaScript strings into the wchar_t units C sees, and wide C strings into JavaScript strings.
import { DataType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('strings')
const { WString, I32, U32 } = DataType
const echo = (value: unknown) => call('wide_echo', WString, [WString], [value])

describe('WString', () => {
  it.each(['', 'a', 'aé€😀', '\u{10ffff}', 'z'.repeat(1000), '日本'.repeat(300)])('passes %j both ways', (text) => {
    expect(echo(text)).toBe(text)
    const copy = call('wide_copy', WString, [WString], [text], { freeResultMemory: true })
    expect(copy).toBe(text)
  })

  it.runIf(process.platform !== 'win32')('passes one unit a code point, with a NUL at the end', () => {
    const units = Array.from({ length: 5 }, (_, i) => call('wide_unit', U32, [WString, U32], ['aé€😀', i]))
    expect(units).toEqual([0x61, 0xe9, 0x20ac, 0x1f600, 0])
    expect(call('wide_length', I32, [WString], ['aé€😀'])).toBe(4)
  })

  it('returns a static string', () => {
    expect(call('wide_static', WString, [], [])).toBe('aé€😀')
  })

  it('passes null as NULL and returns NULL as null', () => {
    expect(call('wide_length', I32, [WString], [null])).toBe(-1)
    expect(echo(null)).toBeNull()
    expect(call('wide_null', WString, [], [])).toBeNull()
  })

  it('passes 2^18 characters', () => {
    const text = 'é😀'.repeat(2 ** 17)
    expect(echo(text) === text).toBe(true)
  })

  it('replaces units that are no characters with U+FFFD', () => {
    expect(call('wide_invalid', WString, [], [])).toBe('a\ufffdb\ufffdc')
  })

  it('refuses a NUL inside with ERR_FFI_STRING_NUL', () => {
    expect(() => echo('a\0b')).toThrow(refusal('ERR_FFI_STRING_NUL', { functionName: 'wide_echo', position: 0 }))
  })

  it('refuses a lone surrogate with ERR_FFI_STRING_SURROGATE', () => {
    expect(() => echo('a\ud800b')).toThrow(
      refusal('ERR_FFI_STRING_SURROGATE', { functionName: 'wide_echo', position: 0 }),
    )
  })

  it.each([undefined, 1, {}, Buffer.from('a')])('refuses %o with ERR_FFI_TYPE', (value) => {
    expect(() => echo(value)).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'wide_echo', position: 0 }))
  })

  it('refuses a string that runs into memory that faults with ERR_FFI_BAD_ADDRESS', () => {
    expect(() => call('wide_unterminated', WString, [], [])).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
  })
})
