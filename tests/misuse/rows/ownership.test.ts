// Turns mistakes with memory whose owner a signature names, and with its release functions, into the matrix's answers.
import { DataType, define, owned, type Pointer, PointerType } from 'holdfast'
import { expect } from 'vitest'
import { c, live, malloc, newBox, plain } from '../../ownership/boxes.js'
import { library, c as pointers } from '../../pointers/calls.js'
import { row } from './row.js'

const { External, I32, U8 } = DataType

/** A box that a function of JavaScript's is to release. */
const releasedBy = (release: (box: Pointer) => void) =>
  define({ box_new: { library: 'ownership', retType: owned(External, release), paramsType: [I32] } }).box_new

function works(): void {
  const before = live()
  const box = releasedBy((given) => plain.box_free(given))(3)
  expect(c.box_value(box)).toBe(3)
  box.free()
  expect([box.state, live()]).toEqual(['freed', before])
}

row('destructor-throws', {
  misuse() {
    const [before, thrown] = [live(), new RangeError('of the release')]
    const box = releasedBy((given) => {
      plain.box_free(given)
      throw thrown
    })(1)
    expect(() => box.free()).toThrow(thrown)
    expect([box.state, live()]).toEqual(['freed', before])
  },
  legitimate: works,
})

row('destructor-reenters', {
  misuse({ refuses }) {
    const before = live()
    const box: Pointer = releasedBy((given) => {
      expect(c.box_value(given)).toBe(2)
      refuses('ERR_FFI_NOT_OWNER', () => given.free())
      refuses('ERR_FFI_DOUBLE_FREE', () => box.free())
      refuses('ERR_FFI_USE_AFTER_FREE', () => c.box_value(box))
      plain.box_free(given)
    })(2)
    box.free()
    expect([box.state, live()]).toEqual(['freed', before])
  },
  legitimate: works,
})

row('transfer', {
  misuse({ refuses }) {
    const box = newBox(5)
    const inner = c.box_value_at(box)
    c.shelf_put(box)
    for (const use of [() => box.read(U8), () => inner.read(U8), () => c.box_value(box), () => box.free()]) {
      refuses('ERR_FFI_MOVED', use)
    }
    refuses('ERR_FFI_MOVED', () => c.shelf_put(box), { functionName: 'shelf_put', position: 0 })
    expect(c.box_value(c.shelf_last())).toBe(5)
    c.shelf_empty()
  },
  legitimate() {
    c.shelf_put(newBox(1))
    c.shelf_empty()
  },
})

row('adopt', {
  misuse({ refuses }) {
    const again = define({
      id_ptr: { library, retType: owned(External, PointerType.CPointer), paramsType: [External] },
    }).id_ptr
    const first = malloc(64)
    const second = again(first)
    refuses('ERR_FFI_USE_AFTER_FREE', () => pointers.id_ptr(first))
    refuses('ERR_FFI_DOUBLE_FREE', () => first.free())
    expect(second.state).toBe('live')
    second.free()
    refuses('ERR_FFI_DOUBLE_FREE', () => second.free())
  },
  legitimate: () => malloc(64).free(),
})
