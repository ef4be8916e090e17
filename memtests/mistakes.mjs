// Turns each error code into a mistake that has it. Whatever a mistake makes, it frees.

/** @returns {Record<string, () => unknown>} by code. */
export function mistakes({ ffi, bind, libraryPath }) {
  const { I32, I64, U8, Void, String: Text, External, U8Array } = ffi.DataType
  const c = bind('pointers', {
    id_ptr: [External, External],
    read_int: [I32, External],
    static_int: [External],
    null_ptr: [External],
    low_address: [External],
    noncanonical_address: [External],
  })
  const s = bind('strings', { string_length: [I32, Text] })
  ffi.open({ library: 'errors', path: libraryPath('errors') })
  ffi.open({ library: 'libc', path: 'libc.so.6' })
  const load = (options) =>
    ffi.load({ library: 'pointers', funcName: 'id_ptr', retType: Void, paramsType: [], paramsValue: [], ...options })
  const free = (pointer, pointerType) =>
    ffi.freePointer({
      paramsType: [External],
      paramsValue: [pointer],
      ...(pointerType === undefined ? {} : { pointerType }),
    })

  /** Does something with a block that does not outlive it. */
  function withBlock(type, value, act) {
    const [block] = ffi.createPointer({ paramsType: [type], paramsValue: [value] })
    try {
      return act(block)
    } finally {
      block[Symbol.dispose]()
    }
  }
  function freed() {
    const [block] = ffi.createPointer({ paramsType: [I32], paramsValue: [1] })
    block.free()
    return block
  }
  const o = bind('ownership', {
    box_new: [ffi.owned(External, 'box_free'), I32],
    box_close: [I32, ffi.consumes(External)],
  })
  function moved() {
    const box = o.box_new(1)
    o.box_close(box)
    return box
  }
  function detached() {
    const bytes = new Uint8Array(8)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return bytes
  }
  function closed() {
    ffi.open({ library: 'closed', path: libraryPath('scalars') })
    ffi.close('closed')
    return load({ library: 'closed', funcName: 'noop' })
  }
  // Frames that are not done when the next begins fill the call stack before JavaScript's own is full.
  const { is_null } = ffi.define({
    is_null: { library: 'pointers', retType: I32, paramsType: [{ text: Text, n: I32 }] },
  })
  const text = 'x'.repeat(1 << 14)
  const deep = (depth = 0) =>
    is_null({
      text,
      get n() {
        return depth < 1000 ? deep(depth + 1) : 1
      },
    })
  const { bytes_null } = ffi.define({ bytes_null: { library: 'pointers', retType: I32, paramsType: [U8Array] } })

  return {
    ERR_FFI_TYPE: () => s.string_length(7),
    ERR_FFI_RANGE: () =>
      load({ library: 'pointers', funcName: 'malloc_block', paramsType: [I64], paramsValue: [2n ** 70n] }),
    ERR_FFI_ARITY: () => c.read_int(),
    ERR_FFI_OPTIONS: () => ffi.open(1),
    ERR_FFI_STRING_NUL: () => s.string_length('a\0b'),
    ERR_FFI_STRING_SURROGATE: () => s.string_length('\ud800'),
    ERR_FFI_LIBRARY_CONFLICT: () => ffi.open({ library: 'errors', path: '/another' }),
    ERR_FFI_NOT_POINTER: () => c.read_int(0xdead),
    ERR_FFI_LIBRARY_NOT_OPEN: () => load({ library: 'never' }),
    ERR_FFI_LIBRARY_CLOSED: closed,
    ERR_FFI_LIBRARY_LOAD: () => ffi.open({ library: 'x', path: '/no/such/library.so' }),
    ERR_FFI_SYMBOL_NOT_FOUND: () => load({ funcName: 'no_such_function' }),
    ERR_FFI_SYMBOL_NOT_FUNCTION: () => load({ library: 'errors', funcName: 'data_symbol' }),
    ERR_FFI_VARIADIC: () => load({ library: 'libc', funcName: 'printf', paramsType: [Text], paramsValue: [''] }),
    ERR_FFI_SIGNATURE: () => load({ retType: 12345 }),
    ERR_FFI_STACK_OVERFLOW: () => deep(),
    ERR_FFI_USE_AFTER_FREE: () => c.read_int(freed()),
    ERR_FFI_DOUBLE_FREE: () => freed().free(),
    ERR_FFI_MOVED: () => c.read_int(moved()),
    ERR_FFI_ALLOCATOR_MISMATCH: () => withBlock(I32, 1, (block) => free(block, ffi.PointerType.CPointer)),
    ERR_FFI_NOT_OWNER: () => withBlock(I64, 1, (block) => block.at(4).free()),
    ERR_FFI_OUT_OF_BOUNDS: () => withBlock(I32, 1, (block) => block.read(I32, 4)),
    ERR_FFI_BAD_ADDRESS: () => c.low_address().read(I32) || c.noncanonical_address().read(U8),
    ERR_FFI_NULL_POINTER: () => c.null_ptr().read(I32),
    ERR_FFI_MISALIGNED: () => withBlock(I64, 1, (block) => block.read(I32, 1)),
    ERR_FFI_POINTER_TYPE: () =>
      withBlock(ffi.DataType.Double, 1, (block) => ffi.restorePointer({ retType: [Text], paramsValue: [block] })),
    ERR_FFI_BUFFER_DETACHED: () => bytes_null(detached()),
    ERR_FFI_STRING_UNTERMINATED: () =>
      withBlock(U8Array, Buffer.from('ab'), (block) => ffi.restorePointer({ retType: [Text], paramsValue: [block] })),
  }
}
