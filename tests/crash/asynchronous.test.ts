// Turns crashes of C in asynchronous calls into reports that name the call, and crashes of C's own threads into none.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { inWorker, reportOf, run } from './child.js'

const isLinux = process.platform === 'linux'

const library = `library ${fixturePath('crash')}, loaded at ADDRESS`
const where = 'an asynchronous call, on a thread of the pool; memory as it was when the call began'
const last = 'end of the report; the signal goes on'

/** All calls on one thread, so that it is known which ran there. */
const onePool = { FFI_THREADS: '1' }

/** The functions of cpp/elsewhere.c, and a type for their callback. */
const elsewhere = `
  open({ library: 'elsewhere', path: ${JSON.stringify(fixturePath('elsewhere'))} })
  const callback = holdfast.funcConstructor({ paramsType: [I32], retType: I32 })
  const strays = define({
    call_then_crash: { library: 'elsewhere', retType: Void, paramsType: [callback] },
    start_crash: { library: 'elsewhere', retType: Void, paramsType: [External] },
    wait_for_crash: { library: 'elsewhere', retType: Void, paramsType: [External] },
    wait_for_signal: { library: 'elsewhere', retType: I32, paramsType: [callback] },
    start_waiting: { library: 'elsewhere', retType: Void, paramsType: [External] },
    signal_waiting: { library: 'elsewhere', retType: Void, paramsType: [I32] },
  })
  const created = (act) => unwrapPointer(createPointer({ paramsType: [callback], paramsValue: [act] }))[0]
`

describe.runIf(isLinux)('a crash inside an asynchronous call', () => {
  it('names the function, its library, arguments, the fault and the last calls of its thread, then ends as SIGSEGV', async () => {
    const { end, lines, stderr } = await run(
      `
      const fine = bind('fine', I32, I32)
      fine(0)
      for (let i = 0; i < 20; i++) await fine.async([i])
      await bind('null_write', Void, I32).async([-5])
      console.log('survived')
    `,
      onePool,
    )
    expect([end, lines]).toEqual(['SIGSEGV', []])
    expect(reportOf(stderr)).toEqual([
      'SIGSEGV (address not mapped) in a foreign call',
      'fault address 0x0',
      expect.stringMatching(/^code address ADDRESS, thread \d+$/),
      where,
      'function null_write, void(i32)',
      library,
      'argument 0: i32 -5',
      "the fault is not near the call's own memory; other records are another thread's and not told",
      'not inside a callback',
      `last calls, newest first: null_write,${Array(15).fill(' fine').join()}`,
      last,
    ])
  })

  it.each([
    ['SIGFPE', 'SIGFPE (integer division by zero) in a foreign call', `bind('divide', I32, I32, I32).async([1, 0])`],
    ['SIGILL', 'SIGILL (illegal instruction) in a foreign call', `bind('illegal', Void).async([])`],
    [
      'SIGABRT',
      'SIGABRT (sent by abort, raise or kill) in a foreign call',
      `bind('give_up', Void, I8, DataType.U16, I64, Float, Double).async([1, 2, 3n, 4, 5])`,
    ],
    [
      'SIGSEGV',
      'SIGSEGV (address not mapped) in a foreign call',
      `define({ null_write: { library: 'crash', retType: Void, paramsType: [I32], runInNewThread: true } }).null_write([1])`,
    ],
  ])('ends as %s: %s', async (signal, first, program) => {
    const { end, stderr } = await run(program)
    const report = reportOf(stderr)
    expect([end, report[0], report.includes(where), report.at(-1)]).toEqual([signal, first, true, last])
  })

  it('is reported for a stack overflow, also when a worker has made the call', async () => {
    const program = `await bind('overflow_stack', I32).async([])`
    for (const child of [program, inWorker(program)]) {
      const { end, stderr } = await run(child)
      expect(end).toBe('SIGSEGV')
      const report = reportOf(stderr)
      expect(report).toContain('the fault is at the end of the stack: a stack overflow')
      expect(report).toContain('function overflow_stack, i32()')
      expect(report.at(-1)).toBe(last)
    }
  })

  it('names the records behind pointers as they were at its beginning, and what was copied', async () => {
    const { end, stderr } = await run(`
      const [block] = createPointer({ paramsType: [I64], paramsValue: [1] })
      open({ library: 'c', path: '' })
      const { strerror } = define({ strerror: { library: 'c', retType: External, paramsType: [I32] } })
      const write_to = bind('write_to', Void, U64, External, External, External, Text, U8Array, External)
      const call = write_to.async([1n, block, block.at(4), null, 'copied', Buffer.from('buffer'), strerror(1)])
      block.free()
      await call
    `)
    expect(end).toBe('SIGSEGV')
    expect(reportOf(stderr).filter((line) => line.startsWith('argument'))).toEqual([
      'argument 0: u64 1',
      expect.stringMatching(
        /^argument 1: pointer ADDRESS, the start of a live 8-byte rust block at ADDRESS \(record \d+, generation \d+\)$/,
      ),
      'argument 2: pointer ADDRESS, 4 bytes into a live 8-byte rust block at ADDRESS',
      'argument 3: pointer NULL',
      'argument 4: pointer ADDRESS, copied for the call',
      'argument 5: pointer ADDRESS, copied for the call',
      expect.stringMatching(
        /^argument 6: pointer ADDRESS, the start of a live borrowed block of unknown size at ADDRESS \(record/,
      ),
    ])
  })

  it('names the block of its own that the fault is next to, under FFI_GUARD', async () => {
    const { end, stderr } = await run(
      `
      const [block, other] = createPointer({ paramsType: [I64, I64], paramsValue: [1, 2] })
      await bind('overrun', Void, External, U64, U64).async([block, 8, 1])
    `,
      { FFI_GUARD: '1' },
    )
    expect([end, reportOf(stderr)]).toEqual([
      'SIGSEGV',
      expect.arrayContaining(['the fault is 1 byte past the end of a live 8-byte rust block at ADDRESS']),
    ])
  })

  it('is reported when C crashes after a callback that ran meanwhile', async () => {
    const { end, lines, stderr } = await run(`
      ${elsewhere}
      await strays.call_then_crash.async([(value) => { console.log('called', value); return value }])
    `)
    expect([end, lines]).toEqual(['SIGSEGV', ['called 1']])
    expect(reportOf(stderr)).toEqual(
      expect.arrayContaining([where, 'function call_then_crash, void(fn(i32(i32)))', 'not inside a callback', last]),
    )
  })

  it("is Holdfast's own while the thread waits for a callback, not the function's", async () => {
    const { end, stderr } = await run(`
      ${elsewhere}
      await strays.wait_for_signal.async([() => strays.signal_waiting(${constants.signals.SIGABRT})])
    `)
    const [first, ...rest] = reportOf(stderr)
    expect([end, first]).toEqual([
      'SIGABRT',
      expect.stringMatching(/^SIGABRT \(sent by abort, raise or kill\) inside holdfast's own code/),
    ])
    expect(rest.some((line) => line.startsWith('function'))).toBe(false)
  })

  it('is not written for many calls that go well', async () => {
    const { end, lines, stderr } = await run(`
      const fine = bind('fine', I32, I32)
      const sums = await Promise.all(Array.from({ length: 2000 }, (_, i) => fine.async([i])))
      console.log(sums.every((sum, i) => sum === i))
    `)
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['true'], stderr: '' })
  })

  it('is appended to FFI_CRASH_FILE', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-crash-'))
    try {
      const file = join(folder, 'report')
      const { end, stderr } = await run(`await bind('null_write', Void, I32).async([1])`, { FFI_CRASH_FILE: file })
      expect(end).toBe('SIGSEGV')
      expect(stderr).toContain('holdfast: function null_write')
      expect(readFileSync(file, 'utf8')).toBe(stderr)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is not reported with FFI_CRASH_REPORT=0, and ends the same', async () => {
    const { end, stderr } = await run(`await bind('null_write', Void, I32).async([1])`, { FFI_CRASH_REPORT: '0' })
    expect({ end, stderr }).toEqual({ end: 'SIGSEGV', stderr: '' })
  })
})

describe.runIf(isLinux)("a crash on a thread of C's own", () => {
  it.each([
    ['while a foreign call runs', 'strays.wait_for_crash(null)'],
    ['while an asynchronous call runs', 'await strays.wait_for_crash.async([null])'],
    ['while nothing runs', 'strays.start_crash(null); setTimeout(() => {}, 20_000)'],
    [
      'after it called back, while an asynchronous call runs',
      'await strays.wait_for_crash.async([created((value) => value)])',
    ],
    ['after it called back', 'strays.start_crash(created((value) => value)); setTimeout(() => {}, 20_000)'],
  ])('ends as SIGSEGV without a report that blames a call: %s', async (_, program) => {
    const { end, stderr } = await run(`${elsewhere} bind('fine', I32, I32)(1); ${program}`)
    expect({ end, stderr }).toEqual({ end: 'SIGSEGV', stderr: '' })
  })

  it('ends as SIGABRT without a report while the thread waits in a callback, whatever JavaScript calls there', async () => {
    const { end, stderr } = await run(`
      ${elsewhere}
      strays.start_waiting(created(() => strays.signal_waiting(${constants.signals.SIGABRT})))
      setTimeout(() => {}, 20_000)
    `)
    expect({ end, stderr }).toEqual({ end: 'SIGABRT', stderr: '' })
  })
})
