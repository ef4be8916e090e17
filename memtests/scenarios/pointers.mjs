// Turns pointers of every kind through every state: made, wrapped, unwrapped, interior, written, freed, freed again.
import assert from 'node:assert/strict'

export const probes = true

export const variants = { guarded: { FFI_GUARD: '1', FFI_GUARD_QUARANTINE: String(2 ** 20) } }

const code = (expected) => ({ name: 'FfiError', code: expected })

export function setUp({ ffi, bind, n }) {
  const { I32, U8, U64, String: Text, StringArray, I32Array, Void, External, Usize } = ffi.DataType
  const c = bind('pointers', {
    id_ptr: [External, External],
    static_int: [External],
    out_malloc_string: [Void, External],
    malloc_block: [External, Usize],
    malloc_int: [External, I32],
    write_int: [Void, External, I32],
  })
  const { CPointer, RsPointer } = ffi.PointerType
  const kinds = [
    [I32, 1],
    [Text, 'text'],
    [ffi.arrayConstructor({ type: I32Array, length: 3 }), [1, 2, 3]],
    [ffi.arrayConstructor({ type: StringArray, length: 2 }), ['a', 'b']],
    [
      { n: I32, text: Text },
      { n: 1, text: 'x' },
    ],
    [{ n: I32, ffiTypeTag: ffi.FFITypeTag.StackStruct }, { n: 1 }],
  ]
  const create = (type, value) => ffi.createPointer({ paramsType: [type], paramsValue: [value] })[0]
  const free = (pointer, type = External, pointerType) =>
    ffi.freePointer({
      paramsType: [type],
      paramsValue: [pointer],
      ...(pointerType === undefined ? {} : { pointerType }),
    })

  /** Ours: restored, wrapped, given to C and back, freed; then every use is refused. */
  function ownCycle(type, value) {
    const pointer = create(type, value)
    const inside = pointer.at(0)
    const [wrapper] = ffi.wrapPointer([pointer])
    assert.deepEqual(ffi.restorePointer({ retType: [type], paramsValue: [pointer] })[0], value)
    assert.equal(ffi.unwrapPointer([wrapper])[0].address, pointer.address)
    assert.equal(c.id_ptr(pointer).address, pointer.address)
    assert.throws(() => free(pointer, External, CPointer), code('ERR_FFI_ALLOCATOR_MISMATCH'))
    free(pointer, type, RsPointer)
    for (const stale of [pointer, inside]) {
      assert.throws(() => stale.read(U8), code('ERR_FFI_USE_AFTER_FREE'))
      assert.throws(() => c.id_ptr(stale), code('ERR_FFI_USE_AFTER_FREE'))
      assert.throws(() => free(stale), code('ERR_FFI_DOUBLE_FREE'))
    }
    wrapper.free()
  }

  /** C's: borrowed until it is taken, then refused like ours. */
  function foreignCycle(value) {
    const pointer = c.malloc_int(value)
    const again = c.id_ptr(pointer)
    c.write_int(pointer, value + 1)
    pointer.withLength(4).write(I32, value + 2)
    assert.equal(again.read(I32), value + 2)
    assert.throws(() => pointer.free(), code('ERR_FFI_NOT_OWNER'))
    free(pointer, External, CPointer)
    assert.throws(() => again.read(I32), code('ERR_FFI_USE_AFTER_FREE'))
    assert.throws(() => free(again, External, CPointer), code('ERR_FFI_DOUBLE_FREE'))
    const out = create(Void, null)
    c.out_malloc_string(out)
    assert.equal(ffi.restorePointer({ retType: [Text], paramsValue: [out] })[0], 'out string')
    free(out, Text, CPointer)
    assert.throws(() => free(c.static_int(), External, CPointer), code('ERR_FFI_ALLOCATOR_MISMATCH'))
  }

  return () => {
    for (let i = 0; i < n; i++) {
      const [type, value] = kinds[i % kinds.length]
      ownCycle(type, value)
      foreignCycle(i)
      const null_ = create(Void, null)
      assert.equal(ffi.isNullPointer(ffi.unwrapPointer([null_])[0]), true)
      null_.write(U64, 0)
      null_[Symbol.dispose]()
    }
  }
}
