// Turns the benchmark's neutral signatures into Holdfast functions, with every check on.
import { DataType, define, FFITypeTag, funcConstructor, load, open } from 'holdfast'

const library = 'bench'

const TYPES = {
  void: DataType.Void,
  bool: DataType.Boolean,
  u8: DataType.U8,
  i16: DataType.I16,
  i32: DataType.I32,
  u32: DataType.U32,
  i64: DataType.I64,
  u64: DataType.U64,
  f32: DataType.Float,
  f64: DataType.Double,
  string: DataType.String,
  pointer: DataType.External,
  buffer64: DataType.U8Array,
  int_to_int: funcConstructor({ paramsType: [DataType.I32], retType: DataType.I32 }),
  point: { x: DataType.Double, y: DataType.Double, ffiTypeTag: FFITypeTag.StackStruct },
}

/** Opens the fixture; each member binds a neutral signature to a function of positional arguments. */
export function connect(path) {
  open({ library, path })
  return {
    define: ({ symbol, params, ret }) => {
      const paramsType = params.map((name) => TYPES[name])
      return define({ [symbol]: { library, retType: TYPES[ret], paramsType } })[symbol]
    },
    literal: () => (a, b) =>
      load({
        library: 'bench',
        funcName: 'add_i32',
        retType: DataType.I32,
        paramsType: [DataType.I32, DataType.I32],
        paramsValue: [a, b],
      }),
  }
}
