// Turns runtimes that forbid buffers over foreign memory into copies, as FFI_EXTERNAL_BUFFERS=0 does anywhere.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

const program = `
  const { createExternalBuffer, createPointer, DataType, freePointer, define, open } = require('holdfast')
  open({ library: 'p', path: ${JSON.stringify(fixturePath('pointers'))} })
  const { low_address } = define({ low_address: { library: 'p', retType: DataType.External, paramsType: [] } })
  const codeOf = (act) => { try { return act() } catch (error) { return error.code } }
  const [block] = createPointer({ paramsType: [DataType.I32], paramsValue: [1] })
  const buffer = createExternalBuffer(block, 4)
  buffer[0] = 9
  const codes = [codeOf(() => createExternalBuffer(block, 5)), codeOf(() => createExternalBuffer(low_address(), 4))]
  const read = block.read(DataType.I32)
  freePointer({ paramsType: [DataType.I32], paramsValue: [block] })
  console.log(JSON.stringify({ read, codes, length: buffer.length, first: buffer[0] ?? null, freed: codeOf(() => createExternalBuffer(block, 4)) }))
`

function run(env: NodeJS.ProcessEnv): unknown {
  const options = {
    cwd: join(import.meta.dirname, '..', '..'),
    env: { ...process.env, ...env },
    encoding: 'utf8',
  } as const
  return JSON.parse(execFileSync(process.execPath, ['--eval', program], options))
}

const codes = ['ERR_FFI_OUT_OF_BOUNDS', 'ERR_FFI_BAD_ADDRESS']
const freed = 'ERR_FFI_USE_AFTER_FREE'

it('lies over the memory and is detached by a free where such buffers are allowed', () => {
  expect(run({ FFI_EXTERNAL_BUFFERS: '1' })).toEqual({ read: 9, codes, length: 0, first: null, freed })
})

it('copies the memory where such buffers are forbidden, and refuses the same mistakes with the same codes', () => {
  expect(run({ FFI_EXTERNAL_BUFFERS: '0' })).toEqual({ read: 1, codes, length: 4, first: 9, freed })
})
