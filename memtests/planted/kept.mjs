// Turns one pointer a round into a block that nobody frees and no collector may: planted, the counters must show it.
export function setUp({ ffi }) {
  return () => {
    ffi.createPointer({ paramsType: [ffi.DataType.I32], paramsValue: [1] })[0].leak()
  }
}
