// Turns arrays of numbers into arguments in place and copied, and arrays of C into copies whose memory libc has back.
import assert from 'node:assert/strict'

export const probes = true

export const variants = { guarded: { FFI_GUARD: '1', FFI_GUARD_QUARANTINE: String(2 ** 20) } }

export function setUp({ ffi, bind, n }) {
  const { I32, I64, Double, Float, Void, I32Array, DoubleArray, I64Array, FloatArray, U8Array } = ffi.DataType
  const list = (type, length) => ffi.arrayConstructor({ type, length })
  const c = bind('arrays', {
    sum_i32: [I64, I32Array, I32],
    twice_i32: [Void, I32Array, I32],
    sum_f64: [Double, DoubleArray, I32],
    sum_i64: [I64, I64Array, I32],
    item_f32: [Float, FloatArray, I32],
    static_f64: [list(DoubleArray, 4)],
    array_is_null: [I32, U8Array],
  })
  const freeing = (retType, ...paramsType) => ({ library: 'arrays', retType, paramsType, freeResultMemory: true })
  const freed = ffi.define({
    make_i32: freeing(list(I32Array, 30), I32),
    make_u8: freeing(list(U8Array, 100), I32),
    copy_f64: freeing(list(DoubleArray, 3), DoubleArray, I32),
  })
  const large = new Float64Array(300_000).fill(1)
  return () => {
    for (let i = 0; i < n; i++) {
      assert.equal(c.sum_i32([1, 2, i], 3), 3 + i)
      const inPlace = Int32Array.of(1, 2, 3)
      c.twice_i32(inPlace, 3)
      assert.equal(inPlace[2], 6)
      assert.equal(c.sum_i64([1, 2n], 2), 3)
      assert.equal(c.item_f32([0.5, 0.25], 1), 0.25)
      assert.equal(freed.make_i32(30)[29], 30)
      assert.equal(freed.make_u8(100).length, 100)
      assert.deepEqual([...freed.copy_f64([1, 2, 3], 3)], [1, 2, 3])
      assert.equal(c.static_f64()[2], 1)
      assert.equal(c.array_is_null(new Uint8Array(0)), c.array_is_null(new Uint8Array(0)))
    }
    assert.equal(c.sum_f64(large, large.length), large.length)
    assert.equal(c.sum_f64(Array.from(large), large.length), large.length)
  }
}
