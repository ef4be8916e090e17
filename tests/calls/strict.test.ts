// Turns the strict option, per function or for all, into refusals of what would otherwise wrap.
import { arrayConstructor, configure, DataType, define, FFITypeTag } from 'holdfast'
import { afterEach, describe, expect, it } from 'vitest'
import { callerOf, refusal } from './caller.js'

const call = callerOf('scalars')
const strict = { strict: true }

const integers = [
  { name: 'i8', type: DataType.I8, min: -128, max: 127 },
  { name: 'u8', type: DataType.U8, min: 0, max: 255 },
  { name: 'i16', type: DataType.I16, min: -32768, max: 32767 },
  { name: 'u16', type: DataType.U16, min: 0, max: 65535 },
  { name: 'i32', type: DataType.I32, min: -(2 ** 31), max: 2 ** 31 - 1 },
  { name: 'u32', type: DataType.U32, min: 0, max: 2 ** 32 - 1 },
  { name: 'i64', type: DataType.I64, min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER },
  { name: 'u64', type: DataType.U64, min: 0, max: Number.MAX_SAFE_INTEGER },
]

describe.each(integers)('strict $name', ({ name, type, min, max }) => {
  const id = (value: unknown) => call(`id_${name}`, type, [type], [value], strict)

  it('takes its limits', () => {
    for (const value of [min, max, 0, 1]) expect(id(value)).toBe(value)
  })

  it('refuses fractions, NaN, infinities and what is out of range with ERR_FFI_RANGE', () => {
    const beyond = name.endsWith('64') ? [2 ** 64, -(2 ** 64)] : [max + 1, min - 1]
    for (const value of [0.5, 1.9, -0.5, Number.NaN, Infinity, -Infinity, ...beyond]) {
      expect(() => id(value)).toThrow(refusal('ERR_FFI_RANGE', { functionName: `id_${name}`, position: 0 }))
    }
  })
})

it('refuses a finite number beyond a float with ERR_FFI_RANGE, and takes infinities', () => {
  const id = (value: number) => call('id_f32', DataType.Float, [DataType.Float], [value], strict)
  expect(() => id(1e300)).toThrow(refusal('ERR_FFI_RANGE', { functionName: 'id_f32', position: 0 }))
  expect(id(Infinity)).toBe(Infinity)
  expect(id(Number.NaN)).toBeNaN()
  expect(id(0.1)).toBe(Math.fround(0.1))
})

it('reaches the items of arrays and the fields of structs', () => {
  const arrays = callerOf('arrays')
  const item = () => arrays('sum_u8', DataType.U64, [DataType.U8Array, DataType.I32], [[1, 256], 2], strict)
  expect(item).toThrow(refusal('ERR_FFI_RANGE', { functionName: 'sum_u8', position: 0, path: '[1]' }))
  const structs = callerOf('structs')
  const type = { a: DataType.I16, b: DataType.U16, ffiTypeTag: FFITypeTag.StackStruct }
  const field = () => structs('id_i16_u16', type, [type], [{ a: 1, b: -1 }], strict)
  expect(field).toThrow(refusal('ERR_FFI_RANGE', { functionName: 'id_i16_u16', position: 0, path: '.b' }))
  const bytes = { b: arrayConstructor({ type: DataType.U8Array, length: 2, ffiTypeTag: FFITypeTag.StackArray }) }
  const inline = () => structs('weigh_bytes2_ptr', DataType.U32, [bytes], [{ b: [1, 1.5] }], strict)
  expect(inline).toThrow(refusal('ERR_FFI_RANGE', { position: 0, path: '.b[1]' }))
})

describe('configure', () => {
  afterEach(() => configure({ strict: false }))
  const id = (options?: { strict?: boolean }) => call('id_u8', DataType.U8, [DataType.U8], [256], options)

  it('makes later loads strict that say nothing themselves', () => {
    expect(id()).toBe(0)
    configure(strict)
    expect(() => id()).toThrow(refusal('ERR_FFI_RANGE'))
    expect(id({ strict: false })).toBe(0)
    configure({})
    expect(() => id()).toThrow(refusal('ERR_FFI_RANGE'))
    configure({ strict: false })
    expect(id()).toBe(0)
    expect(() => id(strict)).toThrow(refusal('ERR_FFI_RANGE'))
  })

  it('decides for a defined function when it is defined', () => {
    const description = { library: 'scalars', retType: DataType.U8, paramsType: [DataType.U8] } as const
    const loose = define({ id_u8: description })
    configure(strict)
    const tight = define({ id_u8: description })
    configure({ strict: false })
    expect(loose.id_u8(257)).toBe(1)
    expect(() => tight.id_u8(257)).toThrow(refusal('ERR_FFI_RANGE', { functionName: 'id_u8', position: 0 }))
  })

  it.each([undefined, null, 1, { strict: 1 }, { strict: 'yes' }])('refuses %o with ERR_FFI_OPTIONS', (options) => {
    expect(() => configure(options as never)).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'configure' }))
  })
})
