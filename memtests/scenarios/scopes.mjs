// Turns scopes that end well, by an error, asynchronously and in one another into nothing left of what was made in them.
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'

export function setUp({ ffi, n, libraryPath }) {
  const { I32, String: Text } = ffi.DataType
  const path = libraryPath('scalars')
  const make = (i) => ffi.createPointer({ paramsType: [I32, Text], paramsValue: [i, 'text'] })
  const isFreed = { code: 'ERR_FFI_USE_AFTER_FREE' }
  return async () => {
    for (let i = 0; i < n; i++) {
      const [made] = ffi.scope(() => make(i))
      assert.throws(() => made.read(I32), isFreed)
      const kept = ffi.scope((outer) => ffi.scope((inner) => outer.keep(inner.keep(make(i)[0]))))
      assert.equal(kept.read(I32), i)
      kept.free()
      const failing = () => {
        make(i)
        throw new RangeError('of the body')
      }
      assert.throws(() => ffi.scope(failing), RangeError)
    }
    const late = await ffi.scope(async () => {
      ffi.open({ library: 'scoped', path })
      const before = make(1)
      await turn()
      return [...before, ...make(2)]
    })
    for (const pointer of late) assert.throws(() => pointer.read(I32), isFreed)
    const call = { library: 'scoped', funcName: 'noop', retType: ffi.DataType.Void, paramsType: [], paramsValue: [] }
    assert.throws(() => ffi.load(call), { code: 'ERR_FFI_LIBRARY_CLOSED' })
  }
}
