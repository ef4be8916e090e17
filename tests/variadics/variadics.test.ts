// Turns variadic C functions into calls whose tails are declared, promoted as C promotes them.
import { arrayConstructor, DataType, define, FFITypeTag, type FieldType, load, open } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { refusal } from '../calls/caller.js'
import { fixturePath } from '../fixture.js'

const { Double, External, Float, I8, I16, I32, I64, String: Text, U8, U8Array, U16, U32, U64, Usize } = DataType
const { BigInt: Big, BigUint64, Boolean: Bool, Isize } = DataType
const libc = process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6'

open({ library: 'libc', path: libc })
open({ library: 'variadics', path: fixturePath('variadics') })

const { snprintf } = define({
  snprintf: { library: 'libc', retType: I32, paramsType: [U8Array, Usize, Text], variadic: 3 },
})

const described = { library: 'libc', retType: I32, variadic: 3 } as const

const bytes = {
  text: arrayConstructor({ type: U8Array, length: 18, ffiTypeTag: FFITypeTag.StackArray }),
  ffiTypeTag: FFITypeTag.StackStruct,
} as const

/** What `snprintf` writes for one call's tail. */
function format(
  text: string,
  types: readonly FieldType[] = [],
  values: readonly unknown[] = [],
  strict = false,
): string {
  const room = Buffer.alloc(256)
  const written = load({
    library: 'libc',
    funcName: 'snprintf',
    retType: I32,
    paramsType: [U8Array, Usize, Text, ...types],
    paramsValue: [room, room.length, text, ...values],
    variadic: 3,
    strict,
  })
  const end = room.indexOf(0)
  expect(written).toBe(end)
  return room.toString('utf8', 0, end)
}

describe('a variadic call', () => {
  it.each([
    ['I8', I8, '%d', -128, '-128'],
    ['U8', U8, '%d', 255, '255'],
    ['I16', I16, '%d', -32768, '-32768'],
    ['U16', U16, '%d', 65535, '65535'],
    ['Boolean', Bool, '%d', true, '1'],
    ['I32', I32, '%d', -(2 ** 31), '-2147483648'],
    ['U32', U32, '%u', 2 ** 32 - 1, '4294967295'],
    ['I64', I64, '%lld', -(2n ** 63n), '-9223372036854775808'],
    ['U64', U64, '%llu', 2n ** 64n - 1n, '18446744073709551615'],
    ['BigInt', Big, '%lld', -5n, '-5'],
    ['BigUint64', BigUint64, '%llu', 2n ** 63n, '9223372036854775808'],
    ['Isize', Isize, '%zd', -1, '-1'],
    ['Usize', Usize, '%zu', 2 ** 40, '1099511627776'],
    ['Float', Float, '%.10g', 0.1, '0.1000000015'],
    ['Double', Double, '%.10g', 0.1, '0.1'],
    ['String', Text, '%s', 'grüße', 'grüße'],
    ['External', External, '%p', null, '(nil)'],
  ] as const)('passes %s as C promotes it', (_name, type, text, value, written) => {
    expect(format(text, [type], [value])).toBe(written)
  })

  it('wraps small integers to their declared width before they become int', () => {
    expect(format('%d %d', [I8, U8], [200, 300])).toBe('-56 44')
  })

  it('keeps to the declared width in strict calls: ERR_FFI_RANGE', () => {
    expect(format('%d', [I8], [127], true)).toBe('127')
    expect(() => format('%d', [I8], [128], true)).toThrow(refusal('ERR_FFI_RANGE', { position: 3 }))
    expect(() => format('%f', [Float], [1e300], true)).toThrow(refusal('ERR_FFI_RANGE', { position: 3 }))
  })

  it('refuses other values with the position in the whole call', () => {
    expect(() => format('%d', [I32], ['x'])).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'snprintf', position: 3 }))
    expect(() => format('%d', [I32], [])).toThrow(refusal('ERR_FFI_ARITY', { functionName: 'snprintf' }))
  })

  it('may have no tail', () => {
    expect(format('plain, 100%%')).toBe('plain, 100%')
  })

  it('may have a tail longer than there are registers, of both kinds mixed', () => {
    const values = Array.from({ length: 24 }, (_, i) => i + 1)
    const types = values.map((value) => (value % 2 === 0 ? Double : I32))
    const text = values.map((value) => (value % 2 === 0 ? '%g' : '%d')).join(' ')
    expect(format(text, types, values)).toBe(values.join(' '))
  })

  it('cuts what does not fit the room, and says how long it would be', () => {
    const room = Buffer.alloc(8)
    expect(snprintf.variadic([I32, Text])(room, 8, '%d-%s', 12345, 'abcdef')).toBe(12)
    expect(room.toString('utf8', 0, 7)).toBe('12345-a')
  })

  it('passes pointers, structs by pointer and arrays in its tail', () => {
    const { sum_all } = define({
      sum_all: { library: 'variadics', retType: I64, paramsType: [Text], variadic: 1 },
    })
    const point = { x: I32, y: I32 }
    const sum = sum_all.variadic([DataType.I32Array, U32, point, I64, Double])
    expect(sum('anpld', [1, 2, 3], 3, { x: 10, y: 20 }, 2n ** 40n, 4.5)).toBe(2 ** 40 + 6 + 30 + 4)
  })

  it('is refused without its option, which the message names: ERR_FFI_VARIADIC', () => {
    const call = () =>
      load({
        library: 'libc',
        funcName: 'snprintf',
        retType: I32,
        paramsType: [U8Array, Usize, Text, I32],
        paramsValue: [Buffer.alloc(8), 8, '%d', 1],
      })
    expect(call).toThrow(refusal('ERR_FFI_VARIADIC', { functionName: 'snprintf' }))
    expect(call).toThrow('`variadic`')
  })

  it.each([0, 4, 1.5, -1, '3', null])('takes no %s for the number of fixed parameters: ERR_FFI_OPTIONS', (variadic) => {
    const description = { library: 'libc', retType: I32, paramsType: [U8Array, Usize, Text], variadic }
    expect(() => define({ snprintf: description as never })).toThrow(refusal('ERR_FFI_OPTIONS'))
  })
})

describe('a defined variadic function', () => {
  it('is called with tails of differing types, each compiled once', () => {
    const [withInteger, withFloat] = [snprintf.variadic([I32]), snprintf.variadic([Double])]
    const room = Buffer.alloc(16)
    for (const value of [1, -20]) {
      expect(withInteger(room, 16, '%d', value)).toBe(`${value}`.length)
      expect(room.toString('utf8', 0, room.indexOf(0))).toBe(`${value}`)
      expect(withFloat([room, 16, '%.1f', value])).toBe(`${value}.0`.length)
      expect(room.toString('utf8', 0, room.indexOf(0))).toBe(`${value}.0`)
    }
    expect(snprintf(room, 16, 'none')).toBe(4)
  })

  it('has the tail of its description, until it is given another', () => {
    const { print } = {
      print: define({ snprintf: { ...described, paramsType: [U8Array, Usize, Text, I32] } }).snprintf,
    }
    const room = Buffer.alloc(16)
    expect(print(room, 16, '%d', 123)).toBe(3)
    expect(print.variadic([Text])(room, 16, '%s', 'four')).toBe(4)
  })

  it('is called on other threads too', async () => {
    const room = Buffer.alloc(16)
    expect(await snprintf.variadic([Double, I8]).async([room, 16, '%.2f %d', 2.5, -3])).toBe(7)
    expect(room.toString('utf8', 0, 7)).toBe('2.50 -3')
  })

  it('refuses a tail that is no list of types', () => {
    expect(() => snprintf.variadic(5 as never)).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'snprintf' }))
    expect(() => snprintf.variadic([DataType.Void])).toThrow(
      refusal('ERR_FFI_SIGNATURE', { functionName: 'snprintf', position: 3 }),
    )
  })

  it('has variadic only where its description has', () => {
    const { abs } = define({ abs: { library: 'libc', retType: I32, paramsType: [I32] } })
    expect('variadic' in abs).toBe(false)
  })
})

describe.runIf(process.platform === 'linux')('sqlite3_mprintf', () => {
  it('returns memory that sqlite3_free takes back', () => {
    open({ library: 'sqlite', path: 'libsqlite3.so.0' })
    const of = { library: 'sqlite' } as const
    const { sqlite3_mprintf, sqlite3_free, sqlite3_memory_used } = define({
      sqlite3_mprintf: { ...of, retType: External, paramsType: [Text], variadic: 1 },
      sqlite3_free: { ...of, retType: DataType.Void, paramsType: [External] },
      sqlite3_memory_used: { ...of, retType: I64, paramsType: [] },
    })
    const quote = sqlite3_mprintf.variadic([Text, I32, Double])
    const before = sqlite3_memory_used()
    const made = quote('%Q, %d, %.2f', "it's", 42, 2.5)
    const { text } = made.withLength(18).read(bytes)
    expect(text.toString()).toBe("'it''s', 42, 2.50\0")
    sqlite3_free(made)
    expect(sqlite3_memory_used()).toBe(before)
  })
})
