// Turns C that leaves what was copied for an asynchronous call into crashes that name the copy, or errors, under FFI_GUARD.
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { faultOf, run } from './child.js'

const isLinux = process.platform === 'linux'

const guarded = (program: string, env: NodeJS.ProcessEnv = {}) => run(program, { FFI_GUARD: '1', ...env })

describe.runIf(isLinux)('FFI_GUARD=1 in an asynchronous call', () => {
  it.each([
    ['a string', `bind('read_past', I32, Text).async(['hello'])`, '1 byte past the end of a live 6-byte'],
    [
      'the first of two strings',
      `bind('overrun_both', I32, Text, Text, I32).async(['one', 'three', 0])`,
      '1 byte past the end of a live 4-byte',
    ],
    [
      'the second of two strings',
      `bind('overrun_both', I32, Text, Text, I32).async(['one', 'three', 1])`,
      '1 byte past the end of a live 6-byte',
    ],
    [
      'a string in a struct',
      `bind('read_past_name', I32, { name: Text, value: I32 }).async([{ name: 'abc', value: 1 }])`,
      '1 byte past the end of a live 4-byte',
    ],
    ['an array', `bind('sum_three', I32, I32Array).async([[1, 2]])`, '1 byte past the end of a live 8-byte'],
    [
      'an array too large for the call stack',
      `bind('item', I32, I32Array, I32).async([Array.from({ length: 500000 }, (_, i) => i), 500000])`,
      '1 byte past the end of a live 2000000-byte',
    ],
    [
      'a buffer',
      `bind('overrun', Void, U8Array, U64, U64).async([Buffer.from('bytes'), 5, 1])`,
      '1 byte past the end of a live 5-byte',
    ],
    [
      'the first of two buffers',
      `bind('overrun', Void, U8Array, U64, U64, U8Array).async([Buffer.alloc(16), 16, 1, Buffer.alloc(16)])`,
      '1 byte past the end of a live 16-byte',
    ],
  ])('crashes C that leaves %s, and the report names the copy', async (_, program, fault) => {
    const { end, lines, stderr } = await guarded(`await ${program}; console.log('survived')`)
    expect([end, lines, faultOf(stderr)]).toEqual(['SIGSEGV', [], `${fault} copy of an argument at ADDRESS`])
  })

  it('tells of each argument which copy it is', async () => {
    const { stderr } = await guarded(`await bind('overrun_both', I32, Text, Text, I32).async(['one', 'three', 1])`)
    const told = stderr.split('\n').filter((line) => line.startsWith('holdfast: argument'))
    expect(told.map((line) => line.slice(10).replace(/0x[0-9a-f]+/g, 'ADDRESS'))).toEqual([
      'argument 0: pointer ADDRESS, the start of a live 4-byte copy of an argument at ADDRESS',
      'argument 1: pointer ADDRESS, the start of a live 6-byte copy of an argument at ADDRESS',
      'argument 2: i32 1',
    ])
  })

  it.each([
    ['a string', `bind('underrun', Void, Text, U64).async(['abc', 2])`],
    ['a buffer', `bind('underrun', Void, U8Array, U64).async([Buffer.from('abc'), 2])`],
  ])('refuses a write before %s with ERR_FFI_OVERRUN, and crashes at it with FFI_GUARD=before', async (_, call) => {
    const program = `
      try { await ${call} } catch (error) { console.log(error.code, error.message.includes('2 bytes before the start')) }
      console.log(bind('fine', I32, I32)(1))
    `
    const after = await guarded(program)
    expect([after.end, after.lines]).toEqual([0, ['ERR_FFI_OVERRUN true', '1']])
    const before = await guarded(program, { FFI_GUARD: 'before' })
    expect([before.end, before.lines]).toEqual(['SIGSEGV', []])
    expect(faultOf(before.stderr)).toMatch(/^1 byte before the start of a live [34]-byte copy of an argument/)
  })

  it('crashes C that uses a copy after its call, and the report names the freed copy', async () => {
    const { end, stderr } = await guarded(`
      await bind('keep', Void, Text).async(['gone'])
      bind('use_kept', I32, I32)(0)
    `)
    expect([end, faultOf(stderr)]).toEqual(['SIGSEGV', 'the start of a freed 5-byte copy of an argument at ADDRESS'])
  })

  it('copies what C leaves in buffers back, those that share bytes included', async () => {
    const { end, lines, stderr } = await guarded(`
      open({ library: 'async', path: ${JSON.stringify(fixturePath('async'))} })
      const { add_one } = define({ add_one: { library: 'async', retType: Void, paramsType: [U8Array, U8Array, U64] } })
      const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)
      await add_one.async([bytes.subarray(0, 90), bytes.subarray(5, 95), 90])
      console.log(bytes[5], bytes[6], bytes[94], bytes[95])
      const empty = new Uint8Array(0)
      await add_one.async([empty, empty, 0])
    `)
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['1 2 22 95'], stderr: '' })
  })

  it('returns what lies in a copy, and a pointer into one as expired', async () => {
    const { end, lines } = await guarded(`
      console.log(await bind('tail', Text, Text, I32).async(['hello', 2]))
      console.log((await bind('same', External, Text).async(['dead'])).state)
    `)
    expect([end, lines]).toEqual([0, ['llo', 'freed']])
  })

  it('gives back what calls took that were made, refused or taken back: the guard still stands after many', async () => {
    const { end, lines, stderr } = await guarded(
      `
      open({ library: 'async', path: ${JSON.stringify(fixturePath('async'))} })
      const c = define({
        join: { library: 'async', retType: Text, paramsType: [Text, Text], freeResultMemory: true },
        gate_close: { library: 'async', retType: Void, paramsType: [] },
        gate_open: { library: 'async', retType: Void, paramsType: [] },
        gate_wait: { library: 'async', retType: I32, paramsType: [I32] },
      })
      const [dead] = createPointer({ paramsType: [I64], paramsValue: [1] })
      dead.free()
      const refused = bind('read_past', I32, Text, External)
      c.gate_close()
      const held = c.gate_wait.async([1])
      let refusals = 0, aborted = 0
      for (let turn = 0; turn < 50; turn++) {
        const aborting = new AbortController()
        const { signal } = aborting
        const waiting = Array.from({ length: 100 }, () => c.join.async(['never', 'made'], { signal }))
        for (let i = 0; i < 100; i++) {
          if (codeOf(() => refused.async(['text', dead])) === 'ERR_FFI_USE_AFTER_FREE') refusals++
        }
        aborting.abort(new Error('taken back'))
        for (const { status } of await Promise.allSettled(waiting)) if (status === 'rejected') aborted++
      }
      c.gate_open()
      await held
      for (let i = 0; i < 5000; i++) if (await c.join.async(['a', 'b']) !== 'ab') throw new Error('wrong')
      console.log(refusals, aborted)
      await bind('read_past', I32, Text).async(['hello'])
    `,
      { FFI_THREADS: '1', FFI_GUARD_QUARANTINE: '1000000' },
    )
    expect([end, lines]).toEqual(['SIGSEGV', ['5000 5000']])
    expect(faultOf(stderr)).toBe('1 byte past the end of a live 6-byte copy of an argument at ADDRESS')
  })

  it('lets a worker end while C still writes to a copy', async () => {
    const { end, lines, stderr } = await guarded(`
      open({ library: 'async', path: ${JSON.stringify(fixturePath('async'))} })
      const c = define({
        gate_close: { library: 'async', retType: Void, paramsType: [] },
        gate_open: { library: 'async', retType: Void, paramsType: [] },
        gate_waiting: { library: 'async', retType: I32, paramsType: [] },
        gate_wait: { library: 'async', retType: I32, paramsType: [I32] },
      })
      c.gate_close()
      const { Worker } = await import('node:worker_threads')
      const source = \`
        import { DataType, define, open } from '\${import.meta.resolve('holdfast')}'
        const { U8, U8Array, U64 } = DataType
        open({ library: 'async', path: ${JSON.stringify(fixturePath('async'))} })
        const { gate_fill } = define({ gate_fill: { library: 'async', retType: U64, paramsType: [U8Array, U64, U8] } })
        gate_fill.async([new Uint8Array(100), 100, 1])
        setInterval(() => {}, 1000)
      \`
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)))
      while (c.gate_waiting() < 1) await new Promise((resolve) => setTimeout(resolve, 1))
      await worker.terminate()
      c.gate_open()
      while (c.gate_waiting() > 0) await new Promise((resolve) => setTimeout(resolve, 1))
      console.log('written')
    `)
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['written'], stderr: '' })
  })
})
