// Turns the fixtures into the functions that steps call.
import { borrowed, consumes, DataType, define, funcConstructor, open, owned, PointerType } from 'holdfast'
import { fixturePath } from '../fixture.js'

const { Boolean: Bool, External, I32, I64, Usize, Void } = DataType

for (const topic of ['pointers', 'callbacks', 'ownership']) {
  open({ library: `property ${topic}`, path: fixturePath(topic) })
}
open({ library: 'property c', path: '' })

const pointers = { library: 'property pointers' } as const
const callbacks = { library: 'property callbacks' } as const
const ownership = { library: 'property ownership' } as const

/** `int32_t (*)(int32_t)` */
export const intToInt = funcConstructor({ paramsType: [I32], retType: I32 })
const pointerToPointer = funcConstructor({ paramsType: [External], retType: External })
const act = funcConstructor({ paramsType: [], retType: Void })

export const c = define({
  id_ptr: { ...pointers, retType: External, paramsType: [External] },
  same_ptr: { ...pointers, retType: Bool, paramsType: [External, External] },
  offset_ptr: { ...pointers, retType: External, paramsType: [External, I64] },
  static_int: { ...pointers, retType: External, paramsType: [] },
  malloc_int: { ...pointers, retType: External, paramsType: [I32] },
  read_int: { ...pointers, retType: I32, paramsType: [External] },
  write_int: { ...pointers, retType: Void, paramsType: [External, I32] },
  sum_i32: { ...callbacks, retType: I64, paramsType: [intToInt, I32] },
  pass_i32: { ...callbacks, retType: I32, paramsType: [intToInt, I32] },
  pass_ptr: { ...callbacks, retType: External, paramsType: [pointerToPointer, External] },
  add_after: { ...callbacks, retType: I64, paramsType: [act, External, I32] },
  call_code: { ...callbacks, retType: I32, paramsType: [External, I32] },
  keep: { ...callbacks, retType: Void, paramsType: [intToInt] },
  call_kept: { ...callbacks, retType: I32, paramsType: [I32] },
  box_new: { ...ownership, retType: owned(External, 'box_free'), paramsType: [I32] },
  box_value_at: { ...ownership, retType: borrowed(External, 0), paramsType: [External] },
  box_free: { ...ownership, retType: Void, paramsType: [External] },
  shelf_put: { ...ownership, retType: I32, paramsType: [consumes(External)] },
  shelf_empty: { ...ownership, retType: Void, paramsType: [] },
  block_take: { ...ownership, retType: Void, paramsType: [consumes(External)] },
  live_count: { ...ownership, retType: I32, paramsType: [] },
  realloc: { library: 'property c', retType: External, paramsType: [External, Usize] },
})

/** The same functions with other signatures. */
export const other = {
  ...define({
    keep: { ...callbacks, retType: Void, paramsType: [External] },
    box_new: { ...ownership, retType: owned(External, (box) => c.box_free(box)), paramsType: [I32] },
  }),
  ...define({ malloc_int: { ...pointers, retType: owned(External, PointerType.CPointer), paramsType: [I32] } }),
}
