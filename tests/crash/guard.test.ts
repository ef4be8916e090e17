// Turns writes and reads of C outside of our memory into crashes at the guilty call, or errors, under FFI_GUARD.
import { describe, expect, it } from 'vitest'
import { faultOf, run } from './child.js'

const isLinux = process.platform === 'linux'

const guarded = (program: string, env: NodeJS.ProcessEnv = {}) => run(program, { FFI_GUARD: '1', ...env })

const overrun = (values: string, size: number, count = 1) => `
  const [pointer] = createPointer(${values})
  bind('overrun', Void, External, U64, U64)(pointer, ${size}, ${count})
  console.log('survived')
`
const integer = '{ paramsType: [I64], paramsValue: [1] }'

describe.runIf(isLinux)('FFI_GUARD=1', () => {
  it('crashes the call that writes one byte past a block, and the report names the block', async () => {
    const { end, lines, stderr } = await guarded(overrun(integer, 8))
    expect([end, lines]).toEqual(['SIGSEGV', []])
    expect(stderr).toContain('holdfast: function overrun, void(ptr,u64,u64)\n')
    expect(faultOf(stderr)).toBe('1 byte past the end of a live 8-byte rust block at ADDRESS')
  })

  it('does nothing of that without it', async () => {
    const { end, lines } = await run(overrun(integer, 8), { FFI_GUARD: '0' })
    expect([end, lines]).toEqual([0, ['survived']])
  })

  it('names a block whose guard page was hit further out', async () => {
    const { stderr } = await guarded(`
      const [pointer] = createPointer({ paramsType: [I64], paramsValue: [1] })
      bind('write_to', Void, U64, U8)(pointer.address + 19n, 1)
    `)
    expect(faultOf(stderr)).toBe('12 bytes past the end of a live 8-byte rust block at ADDRESS')
  })

  it('finds a write into the bytes that alignment leaves open when the block is freed, with ERR_FFI_OVERRUN', async () => {
    const { end, lines } = await guarded(`
      const [pointer] = createPointer({ paramsType: [Text], paramsValue: ['abcd'] })
      const [text] = unwrapPointer([pointer])
      bind('overrun', Void, External, U64, U64)(text, 5, 2)
      const before = holdfast.counters().blocks
      try { pointer.free() } catch (error) { console.log(error.code, error.message.includes('2 bytes past the end of a 13-byte rust block')) }
      console.log(before - holdfast.counters().blocks, pointer.state, codeOf(() => pointer.free()))
    `)
    expect([end, lines]).toEqual([0, ['ERR_FFI_OVERRUN true', '1 freed ERR_FFI_DOUBLE_FREE']])
  })

  it('finds a write before the start when the block is freed, and FFI_GUARD=before at the call', async () => {
    const program = `
      const [pointer] = createPointer(${integer})
      bind('underrun', Void, External, U64)(pointer, 3)
      try { pointer.free() } catch (error) { console.log(error.code, error.message.includes('3 bytes before the start')) }
    `
    const after = await guarded(program)
    expect([after.end, after.lines]).toEqual([0, ['ERR_FFI_OVERRUN true']])
    const before = await guarded(program, { FFI_GUARD: 'before' })
    expect([before.end, before.lines]).toEqual(['SIGSEGV', []])
    expect(faultOf(before.stderr)).toBe('1 byte before the start of a live 8-byte rust block at ADDRESS')
  })

  it('crashes C that uses a block after it was freed, and the report names the freed block', async () => {
    const { end, stderr } = await guarded(`
      const [pointer] = createPointer({ paramsType: [I64], paramsValue: [1] })
      bind('keep', Void, External)(pointer)
      pointer.free()
      bind('use_kept', I32, I32)(3)
    `)
    expect(end).toBe('SIGSEGV')
    expect(faultOf(stderr)).toBe('3 bytes into a freed 8-byte rust block at ADDRESS')
  })

  it.each([
    [
      'a string',
      `bind('read_past', I32, Text)('hello')`,
      '1 byte past the end of a live 6-byte copy of an argument at ADDRESS',
    ],
    [
      'a string not of ASCII',
      `bind('read_past', I32, Text)('grüße')`,
      '1 byte past the end of a live 8-byte copy of an argument at ADDRESS',
    ],
    [
      'the first of two strings',
      `bind('overrun_both', I32, Text, Text, I32)('one', 'three', 0)`,
      '1 byte past the end of a live 4-byte copy of an argument at ADDRESS',
    ],
    [
      'the second of two strings',
      `bind('overrun_both', I32, Text, Text, I32)('one', 'three', 1)`,
      '1 byte past the end of a live 6-byte copy of an argument at ADDRESS',
    ],
    [
      'a string in a struct',
      `bind('read_past_name', I32, { name: Text, value: I32 })({ name: 'abc', value: 1 })`,
      '1 byte past the end of a live 4-byte copy of an argument at ADDRESS',
    ],
    [
      'an array',
      `bind('sum_three', I32, I32Array)([[1, 2]])`,
      '1 byte past the end of a live 8-byte copy of an argument at ADDRESS',
    ],
    [
      'an array too large for the call stack',
      `bind('item', I32, I32Array, I32)(Array.from({ length: 500000 }, (_, i) => i), 500000)`,
      '1 byte past the end of a live 2000000-byte copy of an argument at ADDRESS',
    ],
  ])('crashes C that reads past %s that was copied for the call', async (_, program, fault) => {
    const { end, stderr } = await guarded(program)
    expect([end, faultOf(stderr)]).toEqual(['SIGSEGV', fault])
  })

  it('crashes C that uses a string after the call that it was copied for', async () => {
    const { end, stderr } = await guarded(`bind('keep', Void, Text)('gone'); bind('use_kept', I32, I32)(0)`)
    expect([end, faultOf(stderr)]).toEqual(['SIGSEGV', 'the start of a freed 5-byte copy of an argument at ADDRESS'])
  })

  it('reports a write into padding before an argument at the call, with ERR_FFI_OVERRUN', async () => {
    const { end, lines } = await guarded(`
      console.log(codeOf(() => bind('underrun', Void, Text, U64)('abc', 2)), bind('fine', I32, I32)(1))
    `)
    expect([end, lines]).toEqual([0, ['ERR_FFI_OVERRUN 1']])
  })

  it('changes no result of calls that stay inside, and holds nothing afterwards', async () => {
    const { end, lines, stderr } = await guarded(
      `
      const before = JSON.stringify(holdfast.counters().blocks)
      const tail = bind('tail', Text, Text, I32), same = bind('same', External, Text)
      const sum = bind('sum_three', I32, I32Array)
      for (let i = 0; i < 20000; i++) {
        if (tail('hello', 2) !== 'llo' || sum([[i, 1, 2]]) !== i + 3) throw new Error('wrong')
        const [pointer] = createPointer({ paramsType: [Text], paramsValue: ['text' + i] })
        if (restorePointer({ retType: [Text], paramsValue: [pointer] })[0] !== 'text' + i) throw new Error('wrong')
        pointer.free()
      }
      console.log(same('dead').state, holdfast.counters().blocks === Number(before))
    `,
      { FFI_GUARD_QUARANTINE: '1000000' },
    )
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['freed true'], stderr: '' })
  })

  it('still guards after many blocks that were refused while they were filled', async () => {
    const { end, lines, stderr } = await guarded(`
      const [dead] = createPointer(${integer})
      dead.free()
      for (let i = 0; i < 10000; i++) codeOf(() => createPointer({ paramsType: [External], paramsValue: [dead] }))
      console.log(codeOf(() => createPointer({ paramsType: [External], paramsValue: [dead] })))
      ${overrun(integer, 8)}
    `)
    expect([end, lines]).toEqual(['SIGSEGV', ['ERR_FFI_USE_AFTER_FREE']])
    expect(faultOf(stderr)).toBe('1 byte past the end of a live 8-byte rust block at ADDRESS')
  })

  it('falls back to ordinary blocks when there are too many to guard', async () => {
    const { end, lines, stderr } = await guarded(`
      const made = Array.from({ length: 20000 }, (_, i) => createPointer({ paramsType: [I32], paramsValue: [i] })[0])
      console.log(made.every((pointer, i) => pointer.read(I32) === i))
      for (const pointer of made) pointer.free()
      console.log(holdfast.counters().blocks)
    `)
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['true', '0'], stderr: '' })
  })

  it('leaves the traps of WebAssembly to V8, before and after faults of our own', async () => {
    const { end, lines, stderr } = await guarded(`
      const bytes = new Uint8Array([
        0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1,
        7, 8, 1, 4, 108, 111, 97, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 40, 2, 0, 11,
      ])
      const { load } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
      const [pointer] = createPointer(${integer})
      bind('keep', Void, External)(pointer)
      const outside = bind('same', External, External)
      console.log(codeOf(() => load(0x7fffffff)), codeOf(() => outside(pointer).at(4).withLength(5)), codeOf(() => load(0x7fffffff)), load(0))
    `)
    expect({ end, lines, stderr }).toEqual({
      end: 0,
      lines: ['RuntimeError ERR_FFI_OUT_OF_BOUNDS RuntimeError 0'],
      stderr: '',
    })
  })
})
