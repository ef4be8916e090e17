// Turns whole processes with asynchronous calls into how they end.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

const root = join(import.meta.dirname, '..', '..')

const prelude = `
  import { DataType, counters, createPointer, define, open } from 'holdfast'
  const { I32, U8Array, U64, U8, Void, External } = DataType
  open({ library: 'async', path: ${JSON.stringify(fixturePath('async'))} })
  const of = { library: 'async' }
  const c = define({
    sleep_and_return: { ...of, retType: I32, paramsType: [I32, I32] },
    gate_wait: { ...of, retType: I32, paramsType: [I32] },
    gate_waiting: { ...of, retType: I32, paramsType: [] },
    gate_fill: { ...of, retType: U64, paramsType: [External, U64, U8] },
    add: { ...of, retType: I32, paramsType: [I32, I32] },
  })
`

function run(program: string, env: Record<string, string> = {}) {
  return new Promise<{ end: unknown; lines: string[]; stderr: string }>((resolve) => {
    const args = ['--input-type=module', '--eval', prelude + program]
    const options = { cwd: root, timeout: 25_000, env: { ...process.env, ...env } }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const end = error === null ? 0 : (error.signal ?? error.code)
      resolve({ end, lines: stdout.split('\n').filter(Boolean), stderr })
    })
  })
}

describe('a process with asynchronous calls', () => {
  it('does not end before they are over, and ends then', async () => {
    const begun = Date.now()
    const ended = await run("c.sleep_and_return.async([100, 7]).then((value) => console.log('got', value))")
    expect(ended).toEqual({ end: 0, lines: ['got 7'], stderr: '' })
    // The threads of the pool wait for more work, and the end does not wait for them.
    expect(Date.now() - begun).toBeLessThan(5000)
  })

  it.each([
    ['process.exit', 'process.exit(3)', 3],
    ['an uncaught error', "throw Object.assign(new Error('planned'))", 1],
  ])('ends at once by %s while C runs', async (_how, statement, code) => {
    const { end } = await run(`
      const pointer = createPointer({ paramsType: [DataType.I32Array], paramsValue: [new Array(1000).fill(0)] })[0]
      for (let i = 0; i < 4; i++) c.gate_wait.async([i]).catch(() => {})
      c.gate_fill.async([pointer, 8, 1])
      while (c.gate_waiting() === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      setTimeout(() => { ${statement} }, 10)
    `)
    expect(end).toBe(code)
  })

  it.each(['0', '1.5', 'many', '100000'])(
    'refuses FFI_THREADS=%s with ERR_FFI_OPTIONS in the first of them',
    async (value) => {
      const program = 'try { c.add.async([1, 2]) } catch (error) { console.log(error.code, c.add(1, 2)) }'
      const { lines } = await run(program, { FFI_THREADS: value })
      expect(lines).toEqual(['ERR_FFI_OPTIONS 3'])
    },
  )

  it.each([
    ['', '{ available }'],
    ['1', '1'],
    ['5', '5'],
  ])("has the threads that FFI_THREADS='%s' says", async (value, expected) => {
    const { lines } = await run(
      `import { availableParallelism } from 'node:os'
      for (let i = 0; i < 64; i++) c.gate_wait.async([i]).catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 300))
      console.log(c.gate_waiting(), availableParallelism())
      process.exit()`,
      { FFI_THREADS: value },
    )
    const [running, available] = (lines[0] ?? '').split(' ').map(Number)
    expect(running).toBe(expected === '{ available }' ? available : Number(expected))
  })
})
