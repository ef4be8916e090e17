// Turns memory that was freed, or is not the caller's to free, into the matrix's answers.
import {
  arrayConstructor,
  createExternalBuffer,
  createPointer,
  DataType,
  define,
  freePointer,
  open,
  type Pointer,
  PointerType,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { expect } from 'vitest'
import { c, library } from '../../pointers/calls.js'
import { row } from './row.js'

const { External, I32, I32Array, U8, U64, Usize, Void } = DataType
const { CPointer, RsPointer } = PointerType

open({ library: 'libc', path: process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6' })
const { free: freeInC, realloc } = define({
  free: { library: 'libc', retType: Void, paramsType: [External] },
  realloc: { library: 'libc', retType: External, paramsType: [External, Usize] },
})
const six = define({
  id_ptr: { library, retType: External, paramsType: [External, External, External, External, External, External] },
}).id_ptr
const ofStruct = define({ read_ptr: { library, retType: External, paramsType: [{ p: External, n: I32 }] } }).read_ptr

function create(value = 1): Pointer {
  return createPointer({ paramsType: [I32], paramsValue: [value] })[0]
}
function freed(): Pointer {
  const pointer = create()
  pointer.free()
  return pointer
}
function free(pointer: Pointer, pointerType?: PointerType): void {
  const how = pointerType === undefined ? {} : { pointerType }
  freePointer({ paramsType: [External], paramsValue: [pointer], ...how })
}

row('1', {
  misuse({ refuses }) {
    const pointer = create()
    const view = createExternalBuffer(pointer, 4)
    pointer.free()
    const uses: (() => unknown)[] = [
      () => pointer.read(I32),
      () => pointer.write(I32, 1),
      () => pointer.at(0),
      () => pointer.withLength(1),
      () => pointer.address,
      () => pointer.byteLength,
      () => pointer.allocator,
      () => restorePointer({ retType: [I32], paramsValue: [pointer] }),
      () => unwrapPointer([pointer]),
      () => wrapPointer([pointer]),
      () => createExternalBuffer(pointer, 1),
      () => createPointer({ paramsType: [External], paramsValue: [pointer] }),
    ]
    for (const use of uses) refuses('ERR_FFI_USE_AFTER_FREE', use)
    expect([view.length, pointer.state]).toEqual([0, 'freed'])
  },
  legitimate() {
    const pointer = create(7)
    expect([pointer.read(I32), createExternalBuffer(pointer, 4)[0]]).toEqual([7, 7])
    pointer.free()
  },
})

row('1b', {
  misuse({ refuses }) {
    const [live, dead] = [create(), freed()]
    for (let position = 0; position < 6; position++) {
      const values = Array.from({ length: 6 }, (_, i) => (i === position ? dead : live))
      const call = () => (six as (...values: Pointer[]) => unknown)(...values)
      refuses('ERR_FFI_USE_AFTER_FREE', call, { functionName: 'id_ptr', position })
    }
    refuses('ERR_FFI_USE_AFTER_FREE', () => ofStruct({ p: dead, n: 1 }), { functionName: 'read_ptr' })
    refuses('ERR_FFI_USE_AFTER_FREE', () => c.id_ptr.async([dead]), { functionName: 'id_ptr', position: 0 })
    live.free()
  },
  legitimate() {
    const live = create()
    expect(six(live, live, live, live, live, live).address).toBe(live.address)
    expect(ofStruct({ p: live, n: 1 }).address).toBe(live.address)
    live.free()
  },
})

row('2', {
  misuse({ refuses }) {
    const theirs = c.malloc_int(1)
    free(theirs, CPointer)
    const again = c.malloc_int(1)
    freeInC(again)
    for (const pointer of [freed(), theirs, again]) {
      for (const how of [undefined, RsPointer, CPointer]) refuses('ERR_FFI_DOUBLE_FREE', () => free(pointer, how))
      refuses('ERR_FFI_DOUBLE_FREE', () => pointer.free())
      refuses('ERR_FFI_DOUBLE_FREE', () => freeInC(pointer), { functionName: 'free', position: 0 })
      pointer[Symbol.dispose]()
    }
  },
  legitimate() {
    create().free()
    free(c.malloc_int(1), CPointer)
    freeInC(c.malloc_int(1))
    freeInC(null)
  },
})

row('3', {
  misuse({ refuses }) {
    const ours = createPointer({ paramsType: [DataType.Double], paramsValue: [1] })[0]
    const theirs = c.malloc_int(1)
    for (const inner of [ours.at(1), c.offset_ptr(ours, 4), theirs.at(2)]) {
      for (const how of [undefined, RsPointer, CPointer]) refuses('ERR_FFI_NOT_OWNER', () => free(inner, how))
      refuses('ERR_FFI_NOT_OWNER', () => freeInC(inner), { functionName: 'free', position: 0 })
    }
    expect(() => free(ours.at(1))).toThrow('it points 1 bytes into another allocation')
    expect([ours.read(DataType.Double), theirs.read(I32)]).toEqual([1, 1])
    ours.free()
    free(theirs, CPointer)
  },
  legitimate() {
    const pointer = create()
    const inner = pointer.at(2)
    expect(inner.read(U8)).toBe(0)
    pointer.free()
  },
})

row('4', {
  misuse({ refuses }) {
    const [ours, theirs] = [create(5), c.malloc_int(6)]
    refuses('ERR_FFI_ALLOCATOR_MISMATCH', () => free(ours, CPointer))
    refuses('ERR_FFI_ALLOCATOR_MISMATCH', () => freeInC(ours), { functionName: 'free', position: 0 })
    refuses('ERR_FFI_ALLOCATOR_MISMATCH', () => free(theirs, RsPointer))
    refuses('ERR_FFI_NOT_OWNER', () => free(theirs))
    for (const nobodys of [c.static_int(), c.low_address(), c.unmapped_address()]) {
      refuses('ERR_FFI_ALLOCATOR_MISMATCH', () => free(nobodys, CPointer))
      refuses('ERR_FFI_ALLOCATOR_MISMATCH', () => freeInC(nobodys), { functionName: 'free', position: 0 })
    }
    expect([ours.read(I32), theirs.read(I32), c.static_int().read(I32)]).toEqual([5, 6, 42])
    ours.free()
    free(theirs, CPointer)
  },
  legitimate() {
    free(create(), RsPointer)
    freeInC(c.malloc_int(1))
  },
})

row('25', {
  misuse({ refuses }) {
    const stale = create()
    const { address } = stale
    stale.free()
    const living: Pointer[] = []
    do living.push(create(living.length))
    while (living.at(-1)?.address !== address && living.length < 1000)
    expect(living.at(-1)?.address).toBe(address)
    refuses('ERR_FFI_USE_AFTER_FREE', () => stale.read(I32))
    refuses('ERR_FFI_USE_AFTER_FREE', () => c.id_ptr(stale))
    refuses('ERR_FFI_DOUBLE_FREE', () => stale.free())
    expect(living.map((pointer) => pointer.read(I32))).toEqual(living.map((_, i) => i))
    for (const pointer of living) pointer.free()
  },
  legitimate: () => create().free(),
})

row('view', {
  misuse({ refuses }) {
    const numbers = arrayConstructor({ type: I32Array, length: 3 })
    const [owner] = createPointer({ paramsType: [numbers], paramsValue: [[1, 2, 3]] })
    const [list] = unwrapPointer([owner])
    const children = [list, list.at(4), list.withLength(4), c.offset_ptr(list, 8)]
    const view = createExternalBuffer(list, 12)
    owner.free()
    for (const child of children) {
      refuses('ERR_FFI_USE_AFTER_FREE', () => child.read(U8))
      refuses('ERR_FFI_USE_AFTER_FREE', () => c.id_ptr(child))
    }
    expect(view.length).toBe(0)
  },
  legitimate() {
    const [owner] = createPointer({ paramsType: [I32Array], paramsValue: [[1, 2, 3]] })
    expect(unwrapPointer([owner])[0].at(4).read(I32)).toBe(2)
    owner.free()
  },
})

row('realloc', {
  misuse({ refuses }) {
    const small = c.malloc_block(16)
    const large = realloc(small, 100_000)
    refuses('ERR_FFI_USE_AFTER_FREE', () => small.read(U8))
    refuses('ERR_FFI_NOT_PINNABLE', () => realloc.async([large, 1]), { functionName: 'realloc' })
    refuses('ERR_FFI_DOUBLE_FREE', () => realloc(small, 1), { functionName: 'realloc', position: 0 })
    refuses('ERR_FFI_DOUBLE_FREE', () => freeInC(small))
    const ours = create(3)
    refuses('ERR_FFI_ALLOCATOR_MISMATCH', () => realloc(ours, 100), { functionName: 'realloc', position: 0 })
    const inner = large.at(8)
    refuses('ERR_FFI_NOT_OWNER', () => realloc(inner, 100), { functionName: 'realloc', position: 0 })
    expect([large.read(U8, 15), ours.read(I32)]).toEqual([15, 3])
    ours.free()
    freeInC(large)
  },
  legitimate() {
    const block = realloc(null, 8)
    block.write(U64, 9)
    const moved = realloc(block, 64)
    expect(moved.read(U64)).toBe(9)
    freeInC(moved)
  },
})

row('finalizer', {
  async misuse({ saw }) {
    const [live, dead] = [create(), freed()]
    const outcomes: unknown[] = []
    const registry = new FinalizationRegistry(() => {
      for (const pointer of [live, dead]) {
        try {
          pointer.free()
          outcomes.push('freed')
        } catch (error) {
          outcomes.push((error as { code: string }).code)
        }
      }
    })
    registry.register(Object.assign(Object.create(null), { big: new Array(10_000) }), undefined)
    for (let i = 0; i < 100 && outcomes.length === 0; i++) {
      globalThis.gc?.()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(outcomes).toEqual(['freed', 'ERR_FFI_DOUBLE_FREE'])
    saw('ERR_FFI_DOUBLE_FREE')
  },
  legitimate: () => create().free(),
})
