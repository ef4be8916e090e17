// Turns memory of C that nobody frees into growth: planted, the slope of the resident size must show it.
export function setUp({ ffi, bind, n }) {
  const { fault_leak } = bind('faults', { fault_leak: [ffi.DataType.Void] })
  return () => {
    for (let i = 0; i < 3 * n; i++) fault_leak()
  }
}
