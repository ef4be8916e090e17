// Turns memory that C has freed behind Holdfast's back into a read through its pointer: planted, valgrind must show it.
export function setUp({ ffi, bind }) {
  const { External, I32, Usize, Void } = ffi.DataType
  const c = bind('pointers', { block_alloc: [External, Usize], block_free: [Void, External] })
  return () => {
    const pointer = c.block_alloc(64)
    c.block_free(pointer)
    pointer.read(I32)
  }
}
