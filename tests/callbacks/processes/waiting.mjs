// A thread calls until it gets zero, which is when the process ends; the library waits for it then.
import { createPointer, DataType, define, funcConstructor, open, unwrapPointer } from 'holdfast'

open({ library: 'threads', path: process.argv[2] })
const { call_until_zero } = define({
  call_until_zero: { library: 'threads', retType: DataType.Void, paramsType: [DataType.External] },
})
const type = funcConstructor({ paramsType: [DataType.I32], retType: DataType.I32 })
call_until_zero(unwrapPointer(createPointer({ paramsType: [type], paramsValue: [(value) => value] }))[0])
setTimeout(() => {
  if (process.argv[4] === 'exit') process.exit()
}, 100)
