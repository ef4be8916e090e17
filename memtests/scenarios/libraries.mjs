// Turns libraries opened, called, closed and opened again into refusals in between and nothing left behind.
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'

export function setUp({ ffi, n, libraryPath }) {
  const { I32, Double } = ffi.DataType
  const path = libraryPath('scalars')
  const description = { library: 'again', retType: I32, paramsType: [I32, I32] }
  const { add_i32 } = ffi.define({ add_i32: description })
  return async () => {
    for (let i = 0; i < Math.ceil(n / 10); i++) {
      ffi.open({ library: 'again', path })
      assert.equal(add_i32(i, 1), i + 1)
      assert.equal(ffi.load({ ...description, funcName: 'add_i32', paramsValue: [i, 2] }), i + 2)
      // Symbols of the process itself, and a library that is found by its name.
      ffi.open({ library: 'libm', path: 'libm.so.6' })
      assert.equal(
        ffi.load({ library: 'libm', funcName: 'floor', retType: Double, paramsType: [Double], paramsValue: [1.5] }),
        1,
      )
      ffi.close('libm')
      ffi.close('again')
      assert.throws(() => add_i32(1, 1), { code: 'ERR_FFI_LIBRARY_CLOSED' })
      assert.throws(() => ffi.open({ library: 'none', path: '/no/such/library.so' }), { code: 'ERR_FFI_LIBRARY_LOAD' })
      await turn()
    }
  }
}
