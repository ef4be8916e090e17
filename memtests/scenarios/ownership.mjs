// Turns memory that signatures say the owner of into releases by C's own functions: freed, handed over, lent, given back and lost.
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'

export function setUp({ ffi, bind, n, gc }) {
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
    box_free: [Void, External],
    box_open: [I32, I32, ffi.out(ffi.owned(External, 'box_free'))],
    split: [Void, Double, ffi.out(I32), ffi.out(Double)],
  })
  const { box_new: lose } = bind('ownership', {
    box_new: [ffi.owned(External, (box) => c.box_free(box)), I32],
  })
  return async () => {
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
      // Nobody keeps these: libraries and JavaScript release them when they were collected.
      c.box_ref(c.box_new(i))
      c.box_open(i)
      lose(i)
      if (i % 50 === 0) {
        gc()
        await turn()
      }
    }
    for (let i = 0; i < 50 && c.live_count() > 0; i++) {
      gc()
      await turn()
    }
    assert.equal(c.live_count(), 0)
  }
}
