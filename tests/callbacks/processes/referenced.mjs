// Nothing but a referenced callback keeps the process until its thread has called.
import { createPointer, DataType, define, funcConstructor, open, unwrapPointer } from 'holdfast'

open({ library: 'threads', path: process.argv[2] })
const { I32, External } = DataType
const { start } = define({ start: { library: 'threads', retType: External, paramsType: [External, I32] } })
const type = funcConstructor({ paramsType: [I32], retType: I32 })
const made = createPointer({
  paramsType: [type],
  paramsValue: [
    () => {
      console.log('called')
      made[0].free()
      return 1
    },
  ],
})
made[0].ref()
start(unwrapPointer(made)[0], 1)
process.on('exit', () => console.log('end'))
