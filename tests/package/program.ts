// Turns the calls that a first program makes into the text of one, in each kind of module.
import { fixturePath } from '../fixture.js'

const body = `
open({ library: 'p', path: ${JSON.stringify(fixturePath('pointers'))} })
const same = load({ library: 'p', funcName: 'read_int', retType: DataType.I32, paramsType: [DataType.External],
  paramsValue: createPointer({ paramsType: [DataType.I32], paramsValue: [42] }) })
const { write_int } = define({
  write_int: { library: 'p', retType: DataType.Void, paramsType: [DataType.External, DataType.I32] },
})
const [block] = createPointer({ paramsType: [DataType.I32], paramsValue: [0] })
write_int(block, 7)
const [written] = restorePointer({ retType: [DataType.I32], paramsValue: [block] })
freePointer({ paramsType: [DataType.I32], paramsValue: [block] })
let refused = ''
try { write_int(block, 8) } catch (error) { refused = error instanceof FfiError ? error.code : String(error) }
const { I32, I64 } = DataType
const toInt = funcConstructor({ paramsType: [I32], retType: I32 })
open({ library: 'c', path: ${JSON.stringify(fixturePath('callbacks'))} })
const { sum_i32 } = define({ sum_i32: { library: 'c', retType: I64, paramsType: [toInt, I32] } })
const sum = sum_i32((value) => value * 2, 4)
const state = scope(() => {
  const [inside] = createPointer({ paramsType: [I32], paramsValue: [1] })
  return inside
}).state
console.log([same, written, refused, sum, state, counters().callbacks].join())
`
const names =
  'counters, createPointer, DataType, define, FfiError, freePointer, funcConstructor, load, open, restorePointer, scope'

/** What each of the programs prints. */
export const printed = '42,7,ERR_FFI_USE_AFTER_FREE,12,freed,0'

export const programs = {
  'esm.mjs': `import { ${names} } from 'holdfast'${body}`,
  'common.cjs': `const { ${names} } = require('holdfast')${body}`,
  'typed.mts': `import { ${names} } from 'holdfast'${body}`,
}
