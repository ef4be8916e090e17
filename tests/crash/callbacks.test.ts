// Turns crashes around callbacks into reports that count them, and C that leaves their results into crashes or errors.
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { faultOf, reportOf, run } from './child.js'

const isLinux = process.platform === 'linux'

describe.runIf(isLinux)('a crash inside a callback', () => {
  it.each([
    ['of a call on this thread, in another', 1, `strays.call_then_crash(() => fall(1))`],
    ['within a callback', 2, `strays.call_then_crash(() => strays.call_then_crash(() => fall(1)))`],
    ['of an asynchronous call', 1, `await strays.call_then_crash.async([() => fall(1)])`],
    [
      "of a thread of C's own",
      1,
      `
      strays.start_crash(unwrapPointer(createPointer({ paramsType: [callback], paramsValue: [() => fall(1)] }))[0])
      setTimeout(() => {}, 20_000)`,
    ],
  ])('is reported with how many are running: %s', async (_, count, program) => {
    const { end, stderr } = await run(`
      open({ library: 'elsewhere', path: ${JSON.stringify(fixturePath('elsewhere'))} })
      const callback = holdfast.funcConstructor({ paramsType: [I32], retType: I32 })
      const strays = define({
        call_then_crash: { library: 'elsewhere', retType: Void, paramsType: [callback] },
        start_crash: { library: 'elsewhere', retType: Void, paramsType: [External] },
      })
      const fall = bind('null_write', Void, I32)
      ${program}
    `)
    expect(end).toBe('SIGSEGV')
    expect(reportOf(stderr)).toEqual(
      expect.arrayContaining(['function null_write, void(i32)', `inside a callback (${count} on the stack)`]),
    )
  })
})

const result = `const text = holdfast.funcConstructor({ paramsType: [I32], retType: Text })`
const guarded = (program: string, env: NodeJS.ProcessEnv = {}) => run(result + program, { FFI_GUARD: '1', ...env })

describe.runIf(isLinux)('FFI_GUARD=1 around arguments that C shows a callback', () => {
  it('lets the callback read them within their bounds, and no longer than it runs', async () => {
    const { end, lines, stderr } = await guarded(`
      open({ library: 'callbacks', path: ${JSON.stringify(fixturePath('callbacks'))} })
      const step = holdfast.funcConstructor({ paramsType: [Double, External], retType: Double })
      const paramsType = [step, DataType.DoubleArray, I32]
      const { fold } = define({ fold: { library: 'callbacks', retType: Double, paramsType } })
      const tail = bind('tail', External, Text, I32)
      const seen = []
      console.log(fold((sum, at) => {
        seen.push(at)
        const inner = tail('of a call inside', 3)
        console.log(codeOf(() => at.read(Double, 16)), inner.state)
        return sum + at.read(Double)
      }, [1, 2], 2))
      console.log(seen.map((at) => at.state).join())
    `)
    expect({ end, lines, stderr }).toEqual({
      end: 0,
      lines: ['ERR_FFI_OUT_OF_BOUNDS freed', 'ERR_FFI_OUT_OF_BOUNDS freed', '3', 'freed,freed'],
      stderr: '',
    })
  })
})

describe.runIf(isLinux)('FFI_GUARD=1 around the result of a callback', () => {
  it('crashes C that reads past it, and the report names it', async () => {
    const { end, stderr } = await guarded(`; bind('read_past_result', I32, text)(() => 'hello')`)
    expect([end, faultOf(stderr)]).toEqual([
      'SIGSEGV',
      '1 byte past the end of a live 6-byte result of a callback at ADDRESS',
    ])
  })

  it('refuses the next result with ERR_FFI_OVERRUN when C wrote before it, and crashes there with FFI_GUARD=before', async () => {
    const program = `
      try { bind('underrun_result', I32, text)((turn) => 'turn ' + turn) } catch (error) { console.log(error.code) }
      console.log(bind('fine', I32, I32)(1))
    `
    const after = await guarded(program)
    expect([after.end, after.lines]).toEqual([0, ['ERR_FFI_OVERRUN', '1']])
    const before = await guarded(program, { FFI_GUARD: 'before' })
    expect([before.end, faultOf(before.stderr)]).toEqual([
      'SIGSEGV',
      '1 byte before the start of a live 7-byte result of a callback at ADDRESS',
    ])
  })

  it('crashes C that reads it after the next result, and the report names the freed one', async () => {
    const { end, stderr } = await guarded(`; bind('keep_result', I32, text)((turn) => 'turn ' + turn)`)
    expect([end, faultOf(stderr)]).toEqual(['SIGSEGV', 'the start of a freed 7-byte result of a callback at ADDRESS'])
  })
})
