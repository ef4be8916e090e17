// Turns fast calls with pointers into blocks over JavaScript buffers into memory that does not grow.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

const root = join(import.meta.dirname, '..', '..')

/** Each handle that V8 keeps until the loop is over costs 8 bytes and more. */
const program = `
  import { createPointer, DataType, define, open, unwrapPointer } from 'holdfast'
  open({ library: 'p', path: ${JSON.stringify(fixturePath('pointers'))} })
  const { is_null } = define({ is_null: { library: 'p', retType: DataType.Boolean, paramsType: [DataType.External] } })
  const [slot] = createPointer({ paramsType: [DataType.U8Array], paramsValue: [new Uint8Array(8)] })
  const [inner] = unwrapPointer([slot])
  const loop = (times) => { for (let i = 0; i < times; i++) is_null(inner) }
  loop(100_000)
  const before = process.memoryUsage.rss()
  loop(3_000_000)
  console.log((process.memoryUsage.rss() - before) / 2 ** 20 < 30)
`

it('makes no values of V8’s in fast calls', async () => {
  const output = await new Promise((resolve) => {
    const args = ['--input-type=module', '--eval', program]
    execFile(process.execPath, args, { cwd: root, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve([error, stdout, stderr])
    })
  })
  expect(output).toEqual([null, 'true\n', ''])
}, 60_000)
