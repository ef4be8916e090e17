// Turns scalars of every width into calls by every way through both engines: registers, stack, 64 bits, floats.
import assert from 'node:assert/strict'

export const variants = { 'without crash report': { FFI_CRASH_REPORT: '0' } }

export function setUp({ ffi, bind, n }) {
  const { Void, I8, U16, I32, I64, BigInt: Big, BigUint64, Float, Double, Boolean: Bool } = ffi.DataType
  const twelve = (type) => [Double, ...Array(12).fill(type)]
  const c = bind('scalars', {
    noop: [Void],
    add_i8: [I8, I8, I8],
    add_u16: [U16, U16, U16],
    add_i32: [I32, I32, I32],
    add_i64: [I64, I64, I64],
    id_i64: [Big, Big],
    id_u64: [BigUint64, BigUint64],
    add_f32: [Float, Float, Float],
    add_f64: [Double, Double, Double],
    not_bool: [Bool, Bool],
    ints12: twelve(I32),
    doubles12: twelve(Double),
  })
  const ones = Array(12).fill(1)
  return () => {
    for (let i = 0; i < n; i++) {
      c.noop()
      assert.equal(c.add_i8(100, 27), 127)
      assert.equal(c.add_u16(65535, 1), 0)
      assert.equal(c.add_i32(i, 1), i + 1)
      assert.equal(c.add_i64(2 ** 40, i), 2 ** 40 + i)
      assert.equal(c.id_i64(-(2n ** 63n)), -(2n ** 63n))
      assert.equal(c.id_u64(2n ** 64n - 1n), 2n ** 64n - 1n)
      assert.equal(c.add_f32(0.5, 0.25), 0.75)
      assert.equal(c.add_f64(0.1, 0.2), 0.1 + 0.2)
      assert.equal(c.not_bool(true), false)
      assert.equal(c.ints12(...ones), 12)
      assert.equal(c.doubles12(ones), 12)
    }
  }
}
