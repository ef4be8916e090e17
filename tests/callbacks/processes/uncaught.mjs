// A callback throws on a thread, with no call running and nobody listening.
import { createPointer, DataType, define, funcConstructor, open, unwrapPointer } from 'holdfast'

open({ library: 'threads', path: process.argv[2] })
const { I32, External } = DataType
const { start } = define({ start: { library: 'threads', retType: External, paramsType: [External, I32] } })
const made = createPointer({
  paramsType: [funcConstructor({ paramsType: [I32], retType: I32 })],
  paramsValue: [
    () => {
      throw new Error('nobody catches this')
    },
  ],
})
made[0].ref()
start(unwrapPointer(made)[0], 1)
