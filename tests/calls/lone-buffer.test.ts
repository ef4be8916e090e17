// Turns the one parameter that may be a list itself into calls that take it as the value, and variadics into refusals.
import { DataType, define, load, open } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

const { Boolean: Bool, I32, String: Text, U8Array } = DataType
open({ library: 'lone-buffer', path: fixturePath('arrays') })
const { array_is_null } = define({
  array_is_null: { library: 'lone-buffer', retType: Bool, paramsType: [U8Array] },
})

describe('a lone U8Array parameter', () => {
  it('takes a plain array inside the tuple', () => {
    expect(array_is_null([[1]])).toBe(false)
    expect(array_is_null([null])).toBe(true)
  })

  it('refuses a DataView over a detached buffer with ERR_FFI_BUFFER_DETACHED', () => {
    const buffer = new ArrayBuffer(8)
    const view = new DataView(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    expect(() => array_is_null(view)).toThrow(expect.objectContaining({ code: 'ERR_FFI_BUFFER_DETACHED' }))
  })

  it('runs no accessor of the buffer while the frame is written', () => {
    const buffer = Buffer.alloc(4)
    Object.defineProperty(buffer, 'byteLength', {
      get() {
        throw new Error('the accessor ran')
      },
    })
    expect(array_is_null(buffer)).toBe(false)
  })
})

describe.runIf(process.platform === 'linux')('a variadic function of the C library', () => {
  it.each(['', 'libc.so.6'])("is refused with ERR_FFI_VARIADIC when opened as '%s'", (path) => {
    open({ library: `variadic ${path}`, path })
    const call = () =>
      load({
        library: `variadic ${path}`,
        funcName: 'printf',
        retType: I32,
        paramsType: [Text],
        paramsValue: ['never'],
      })
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_FFI_VARIADIC' }))
  })
})
