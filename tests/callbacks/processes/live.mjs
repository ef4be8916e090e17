// A callback lives when the program is over: the process ends all the same.
import { createPointer, DataType, funcConstructor } from 'holdfast'

const type = funcConstructor({ paramsType: [DataType.I32], retType: DataType.I32 })
createPointer({ paramsType: [type], paramsValue: [(value) => value] })
console.log('end')
