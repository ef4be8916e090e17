// Turns the benchmark's neutral signatures into koffi functions.
import koffi from 'koffi'

const TYPES = {
  void: 'void',
  bool: 'bool',
  u8: 'uint8_t',
  i16: 'int16_t',
  i32: 'int32_t',
  u32: 'uint32_t',
  i64: 'int64_t',
  u64: 'uint64_t',
  f32: 'float',
  f64: 'double',
  string: 'const char *',
  pointer: 'void *',
  buffer64: 'const uint8_t *',
  int_to_int: koffi.pointer(koffi.proto('int32_t int_to_int(int32_t)')),
  point: koffi.struct('point', { x: 'double', y: 'double' }),
}

/** Opens the fixture; `func` binds one neutral signature to a function of positional arguments. */
export function connect(path) {
  const library = koffi.load(path)
  return {
    func: ({ symbol, params, ret }) =>
      library.func(
        symbol,
        TYPES[ret],
        params.map((name) => TYPES[name]),
      ),
  }
}
