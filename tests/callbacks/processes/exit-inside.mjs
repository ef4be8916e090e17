// The program exits from inside a callback.
import { DataType, funcConstructor, load, open } from 'holdfast'

open({ library: 'callbacks', path: process.argv[3] })
const { I32 } = DataType
load({
  library: 'callbacks',
  funcName: 'pass_i32',
  retType: I32,
  paramsType: [funcConstructor({ paramsType: [I32], retType: I32 }), I32],
  paramsValue: [() => process.exit(7), 1],
})
