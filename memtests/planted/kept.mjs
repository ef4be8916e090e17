// Turns one pointer a round into a block that nobody frees: planted, the counters must show it.
export function setUp({ ffi }) {
  return () => void ffi.createPointer({ paramsType: [ffi.DataType.I32], paramsValue: [1] })
}
