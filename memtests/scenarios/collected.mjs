// Turns storms of short-lived pointers, functions and types into nothing, by the garbage collector alone.
import { setImmediate as turn } from 'node:timers/promises'

export function setUp({ ffi, bind, n, gc, libraryPath }) {
  const { I32, External, Usize } = ffi.DataType
  const c = bind('pointers', { static_int: [External], id_ptr: [External, External], malloc_block: [External, Usize] })
  ffi.open({ library: 'storm', path: libraryPath('scalars') })
  const one = (i) => {
    // Compiled anew each time, and dropped: the core forgets a signature, a type and a function with their objects.
    const fields = Object.fromEntries(Array.from({ length: 1 + (i % 9) }, (_, k) => [`f${k}`, I32]))
    const { add_i32 } = ffi.define({ add_i32: { library: 'storm', retType: I32, paramsType: [I32, I32] } })
    add_i32(i, 1)
    ffi.layoutOf(fields)
    const pointer = c.id_ptr(c.static_int())
    return [pointer, pointer.at(0), pointer.withLength(4)]
  }
  return async () => {
    let held = []
    for (let i = 0; i < n; i++) {
      held.push(...one(i))
      if (i % 50 === 0) {
        held = []
        gc()
        await turn()
      }
    }
  }
}
