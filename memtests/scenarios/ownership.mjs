// Turns memory that signatures say the owner of into releases by C's own functions: freed, handed over, lent and given back.
import assert from 'node:assert/strict'

export function setUp({ ffi, bind, n }) {
  const { External, I32, String: Text, Double, Void } = ffi.DataType
  const c = bind('ownership', {
    live_count: [I32],
    box_new: [ffi.owned(External, 'box_free'), I32],
    box_value: [I32, External],
    box_value_at: [ffi.borrowed(External, 0), External],
    box_name: [ffi.borrowed(Text, 0), External],
    box_ref: [ffi.owned(External, 'box_free'), External],
    shelf_put: [I32, ffi.consumes(External)],
    shelf_empty: [Void],
    split: [Void, Double, ffi.out(I32), ffi.out(Double)],
  })
  return () => {
    for (let i = 0; i < n; i++) {
      const box = c.box_new(i)
      const again = c.box_ref(box)
      assert.equal(c.box_name(box), `box ${i}`)
      assert.equal(c.box_value_at(box).read(I32), i)
      again.free()
      assert.equal(c.box_value(box), i)
      box.free()
      assert.throws(() => c.box_value(box), { code: 'ERR_FFI_USE_AFTER_FREE' })
      const given = c.box_new(i)
      c.shelf_put(given)
      assert.throws(() => c.box_value(given), { code: 'ERR_FFI_MOVED' })
      c.shelf_empty()
      ffi.scope(() => c.box_new(i))
      assert.deepEqual(c.split(2.5).out, [2, 0.5])
    }
    assert.equal(c.live_count(), 0)
  }
}
