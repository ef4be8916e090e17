// Turns the benchmark's neutral signatures into ffi-rs functions, in each of the two forms ffi-rs has.
import ffi from 'ffi-rs'

const { DataType, FFITypeTag, arrayConstructor, define, load, open } = ffi
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
  buffer64: arrayConstructor({ type: DataType.U8Array, length: 64 }),
  point: { x: DataType.Double, y: DataType.Double, ffiTypeTag: FFITypeTag.StackStruct },
}

/** Opens the fixture; each member binds a neutral signature to a function of positional arguments. */
export function connect(path) {
  open({ library, path })
  return {
    define: (signature) => {
      const { symbol, paramsType, retType } = described(signature)
      const call = define({ [symbol]: { library, retType, paramsType } })[symbol]
      return (...args) => call(args)
    },
    // Types are built once here: the fastest way to use load; the literal form builds them at each call.
    load: (signature) => {
      const { symbol: funcName, paramsType, retType } = described(signature)
      return (...paramsValue) => load({ library, funcName, retType, paramsType, paramsValue })
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

function described({ symbol, params, ret }) {
  return { symbol, retType: TYPES[ret], paramsType: params.map((name) => TYPES[name]) }
}
