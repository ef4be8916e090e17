// Turns structs of every class into arguments and results, by value and by pointer, and pointers to them into values.
import assert from 'node:assert/strict'

export const probes = true

export const variants = { guarded: { FFI_GUARD: '1', FFI_GUARD_QUARANTINE: String(2 ** 20) } }

export function setUp({ ffi, bind, n }) {
  const { I32, I64, U8, Float, Double, Void, Boolean: Bool, I8, I16, External, U8Array } = ffi.DataType
  const inline = (fields) => ({ ...fields, ffiTypeTag: ffi.FFITypeTag.StackStruct })
  const letters = (count, type) => Object.fromEntries([...'abcdefghij'.slice(0, count)].map((key) => [key, type]))
  const pair = letters(2, Double)
  const bytes = inline({
    b: ffi.arrayConstructor({ type: U8Array, length: 200, ffiTypeTag: ffi.FFITypeTag.StackArray }),
  })
  const mixed = inline({ a: I8, b: I16, c: I32, d: I64, e: Float, f: Double, g: Bool })
  const ten = letters(10, Double)
  const c = bind('structs', {
    id_f64_f64: [inline(pair), inline(pair)],
    weigh_f64_f64_ptr: [Double, pair],
    same_f64_f64: [pair, pair],
    make_i64x3: [inline(letters(3, I64)), I64, I64, I64],
    id_mixed40: [mixed, mixed],
    id_f64x10: [inline(ten), inline(ten)],
    id_bytes200: [bytes, bytes],
    make_bytes3: [
      inline({ b: ffi.arrayConstructor({ type: U8Array, length: 3, ffiTypeTag: ffi.FFITypeTag.StackArray }) }),
      U8,
    ],
    copy_f64_f64: [Void, External, External],
  })
  const { new_f64x10 } = ffi.define({
    new_f64x10: { library: 'structs', retType: ten, paramsType: [inline(ten)], freeResultMemory: true },
  })
  const tenValues = letters(10, 1.5)
  const manyBytes = { b: Buffer.alloc(200, 7) }
  return () => {
    for (let i = 0; i < n; i++) {
      assert.deepEqual(c.id_f64_f64({ a: i, b: 0.5 }), { a: i, b: 0.5 })
      assert.equal(c.weigh_f64_f64_ptr({ a: 1, b: 2 }), 5)
      assert.deepEqual(c.same_f64_f64({ a: 1, b: 2 }), { a: 1, b: 2 })
      assert.deepEqual(c.make_i64x3(1, 2, i), { a: 1, b: 2, c: i })
      assert.equal(c.id_mixed40({ a: 1, b: 2, c: 3, d: i, e: 5, f: 6, g: true }).d, i)
      assert.equal(c.id_f64x10(tenValues).j, 1.5)
      assert.equal(new_f64x10(tenValues).j, 1.5)
      assert.equal(c.id_bytes200(manyBytes).b[199], 7)
      assert.equal(c.make_bytes3(1).b[2], 3)
      const [from, to] = ffi.createPointer({
        paramsType: [inline(pair), inline(pair)],
        paramsValue: [
          { a: i, b: 2 },
          { a: 0, b: 0 },
        ],
      })
      c.copy_f64_f64(to, from)
      assert.deepEqual(to.read(inline(pair)), { a: i, b: 2 })
      from.free()
      to.free()
    }
  }
}
