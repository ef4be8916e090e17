// Turns arrays of strings into `char **` for C, and `char **` from C into arrays of strings.
import { arrayConstructor, DataType } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { callerOf, refusal } from '../calls/caller.js'

const call = callerOf('strings')
const { String: Text, StringArray, I32 } = DataType
const count = (list: unknown, length: number) => call('count_strings', I32, [StringArray, I32], [list, length])
const join = (list: readonly unknown[]) =>
  call('join_strings', Text, [StringArray, I32, Text], [list, list.length, '|'], { freeResultMemory: true })
const strings = (length: number) => arrayConstructor({ type: StringArray, length })

describe('to C', () => {
  it('passes each string', () => {
    expect(join(['red', 'grün', '', '😀'])).toBe('red|grün||😀')
    expect(join([])).toBe('')
  })

  it('passes null items as NULL', () => {
    expect(count(['a', null, 'c', null], 4)).toBe(2)
    expect(join(['a', null, 'c'])).toBe('a||c')
    expect(call('count_until_null', I32, [StringArray], [['a', 'b', null]])).toBe(2)
  })

  it('passes an array declared with arrayConstructor by its own length', () => {
    expect(call('count_strings', I32, [strings(2), I32], [['a', 'b', 'c'], 3])).toBe(3)
  })

  it('passes 20000 strings', () => {
    const list = Array.from({ length: 20_000 }, (_, i) => `item number ${i}`)
    expect(count(list, list.length)).toBe(20_000)
    expect(call('count_until_null', I32, [StringArray], [[...list, null]])).toBe(20_000)
  })

  it('names the item that is no string with ERR_FFI_TYPE', () => {
    expect(() => count(['a', 1], 2)).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '[1]' }))
    expect(() => count(['a', undefined, 'c'], 3)).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '[1]' }))
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    expect(() => count([, 'b'], 2)).toThrow(refusal('ERR_FFI_TYPE', { position: 0, path: '[0]' }))
  })

  it('names the item with a NUL inside or a lone surrogate', () => {
    expect(() => count(['a', 'b\0'], 2)).toThrow(refusal('ERR_FFI_STRING_NUL', { position: 0, path: '[1]' }))
    expect(() => count(['\ud800'], 1)).toThrow(refusal('ERR_FFI_STRING_SURROGATE', { position: 0, path: '[0]' }))
  })

  it.each(['text', 1, undefined, {}, new Uint8Array(8)])('refuses %o for the array with ERR_FFI_TYPE', (value) => {
    expect(() => count(value, 1)).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'count_strings', position: 0 }))
  })
})

describe('from C', () => {
  it('copies the declared number of strings', () => {
    expect(call('static_strings', strings(3), [], [])).toEqual(['red', 'green', 'blue'])
    expect(call('static_strings', strings(1), [], [])).toEqual(['red'])
    expect(call('static_strings', strings(0), [], [])).toEqual([])
  })

  it('returns NULL items as null, and NULL for the array as null', () => {
    expect(call('strings_with_null', strings(3), [], [])).toEqual(['first', null, 'third'])
    expect(call('null_string', strings(3), [], [])).toBeNull()
  })

  it('copies, then frees, the strings and their array', () => {
    const made = call('make_strings', strings(1000), [I32], [1000], { freeResultMemory: true })
    expect(made).toEqual(Array.from({ length: 1000 }, (_, i) => `item ${i}`))
  })

  it('refuses a bare array type, which has no length, with ERR_FFI_SIGNATURE', () => {
    expect(() => call('static_strings', StringArray as never, [], [])).toThrow(refusal('ERR_FFI_SIGNATURE'))
  })
})
