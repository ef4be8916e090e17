// Turns JavaScript's buffers into C's memory and C's into JavaScript's: in place, kept by a block, detached by a free.
import assert from 'node:assert/strict'

export const probes = true

export function setUp({ ffi, bind, n, gc }) {
  const { I32, I64, U8, U8Array, Usize, Void, External } = ffi.DataType
  const c = bind('pointers', { malloc_block: [External, Usize], read_byte: [U8, External, I64] })
  const { fill_bytes } = bind('arrays', { fill_bytes: [Void, U8Array, I32, U8] })
  return () => {
    for (let i = 0; i < n; i++) {
      const bytes = Buffer.alloc(64)
      fill_bytes(bytes, 64, i & 255)
      assert.equal(bytes[1], (i + 1) & 255)
      const [kept] = ffi.createPointer({ paramsType: [U8Array], paramsValue: [bytes] })
      const [inside] = ffi.unwrapPointer([kept])
      assert.equal(c.read_byte(inside, 1), (i + 1) & 255)
      const [block] = ffi.createPointer({ paramsType: [I32], paramsValue: [i] })
      const over = ffi.createExternalBuffer(block, 4)
      assert.equal(over.readInt32LE(), i)
      block.free()
      assert.equal(over.length, 0)
      const foreign = c.malloc_block(100)
      const overForeign = ffi.createExternalBuffer(foreign, 100)
      assert.equal(overForeign[99], 99)
      ffi.freePointer({ paramsType: [External], paramsValue: [foreign], pointerType: ffi.PointerType.CPointer })
      assert.equal(overForeign.length, 0)
      kept.free()
      if (i % 64 === 0) gc()
    }
  }
}
