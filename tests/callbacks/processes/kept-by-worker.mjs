// A worker gives C a callback and ends.
import { createPointer, DataType, define, funcConstructor, open, unwrapPointer } from 'holdfast'

open({ library: 'callbacks', path: process.argv[2] })
const { keep } = define({ keep: { library: 'callbacks', retType: DataType.Void, paramsType: [DataType.External] } })
const type = funcConstructor({ paramsType: [DataType.I32], retType: DataType.I32 })
keep(unwrapPointer(createPointer({ paramsType: [type], paramsValue: [(value) => value + 1] }))[0])
