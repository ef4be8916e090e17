// Turns JavaScript strings into the UTF-8 bytes C sees, and C strings of every kind of memory into JavaScript strings.
import { DataType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('strings')
const { String: Text, I32, U32, U8, Usize, U8Array } = DataType
const echo = (value: unknown) => call('echo', Text, [Text], [value])
const length = (value: unknown) => call('string_length', I32, [Text], [value])
const bytesSeen = (text: string) =>
  Buffer.from(
    Array.from(
      { length: Buffer.byteLength(text) + 1 },
      (_, i) => call('string_byte', U8, [Text, U32], [text, i]) as number,
    ),
  )

describe('to C', () => {
  const texts = [
    '',
    'a',
    'hello, world',
    'é',
    '€',
    '😀',
    'aé€😀z',
    '\x01\x7f',
    '\u0080',
    '\ufeffmark',
    '\uffff',
    '\u{10ffff}',
    '日本語のテキスト',
  ]

  it.each(texts)('passes %j as UTF-8 with one NUL at its end', (text) => {
    expect(bytesSeen(text)).toEqual(Buffer.from(`${text}\0`))
    expect(length(text)).toBe(Buffer.byteLength(text))
    expect(echo(text)).toBe(text)
  })

  it('passes strings of every length around the sizes that are treated alike', () => {
    for (const size of [22, 23, 24, 25, 26, 127, 128, 255, 256, 4095, 4096, 65535, 65536]) {
      const ascii = 'x'.repeat(size - 1)
      expect(length(`${ascii}y`)).toBe(size)
      expect(echo(`${ascii}y`)).toBe(`${ascii}y`)
      expect(echo(`${ascii}é`)).toBe(`${ascii}é`)
    }
  })

  it.each(['x', 'é', '😀'])('passes 2^20 times %s', (character) => {
    const text = character.repeat(2 ** 20)
    expect(length(text)).toBe(Buffer.byteLength(text))
    expect(echo(text) === text).toBe(true)
  })

  it('passes null as NULL', () => {
    expect(length(null)).toBe(-1)
    expect(echo(null)).toBeNull()
  })

  it.each(['\0', 'a\0', 'a\0b', '\0a', `${'x'.repeat(100)}\0`, 'é\0'])('refuses %j with ERR_FFI_STRING_NUL', (text) => {
    expect(() => echo(text)).toThrow(refusal('ERR_FFI_STRING_NUL', { functionName: 'echo', position: 0 }))
  })

  it.each(['\ud800', 'a\udc00', '\udc00\ud800', `${'x'.repeat(100)}\ud83d`])(
    'refuses %j with ERR_FFI_STRING_SURROGATE',
    (text) => {
      expect(() => echo(text)).toThrow(refusal('ERR_FFI_STRING_SURROGATE', { functionName: 'echo', position: 0 }))
    },
  )

  it.each([undefined, 1, 1n, true, {}, ['a'], Buffer.from('a'), Object('boxed')])(
    'refuses %o with ERR_FFI_TYPE',
    (value) => {
      expect(() => echo(value)).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'echo', position: 0 }))
    },
  )

  it('keeps several strings of one call apart', () => {
    const buffer = Buffer.alloc(16, 0x7a)
    expect(call('write_string', I32, [U8Array, Usize, Text], [buffer, 16, 'grüße'])).toBe(7)
    expect(buffer.toString('utf8', 0, 9)).toBe('grüße\0z')
    const joined = call('join_strings', Text, [DataType.StringArray, I32, Text], [['a', 'b'.repeat(40)], 2, ' é '], {
      freeResultMemory: true,
    })
    expect(joined).toBe(`a é ${'b'.repeat(40)}`)
  })
})

describe('from C', () => {
  it('copies static, empty and heap strings', () => {
    expect(call('static_string', Text, [], [])).toBe('a static string')
    expect(call('empty_string', Text, [], [])).toBe('')
    expect(call('malloc_12', Text, [], [], { freeResultMemory: true })).toBe('hello, world')
    expect(call('copy_string', Text, [Text], ['döppel'], { freeResultMemory: true })).toBe('döppel')
  })

  it('returns NULL as null', () => {
    expect(call('null_string', Text, [], [])).toBeNull()
    expect(call('copy_string', Text, [Text], [null], { freeResultMemory: true })).toBeNull()
  })

  it('decodes characters of one to four bytes', () => {
    expect(call('utf8_string', Text, [], [])).toBe('aé€😀')
  })

  it('replaces each invalid sequence with U+FFFD', () => {
    expect(call('invalid_utf8', Text, [], [])).toBe('a\ufffdb\ufffdc\ufffd\ufffd\ufffdd\ufffd\ufffde')
  })

  it.each([0, 1, 100, 4096, 65536, 2 ** 20])('returns a string of %i characters', (size) => {
    const text = call('long_string', Text, [Usize], [size], { freeResultMemory: true })
    expect(text === 'x'.repeat(size)).toBe(true)
  })

  it('refuses a string that runs into memory that faults with ERR_FFI_BAD_ADDRESS', () => {
    expect(() => call('unterminated', Text, [], [])).toThrow(
      refusal('ERR_FFI_BAD_ADDRESS', { functionName: 'unterminated' }),
    )
  })
})
