// Turns crashes of C into reports, in processes that end as they would without one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { inWorker, reportOf, run } from './child.js'

const isLinux = process.platform === 'linux'

const library = `library ${fixturePath('crash')}, loaded at ADDRESS`
const last = 'end of the report; the signal goes on'
const nullWrite = `bind('null_write', Void, I32)(-5)`

describe.runIf(isLinux)('a crash inside a foreign call', () => {
  it('names the function, its library, arguments, the fault and the last calls, then ends as SIGSEGV', async () => {
    const { end, stderr } = await run(`
      const fine = bind('fine', I32, I32)
      for (let i = 0; i < 20; i++) fine(i)
      ${nullWrite}
    `)
    expect(end).toBe('SIGSEGV')
    expect(reportOf(stderr)).toEqual([
      'SIGSEGV (address not mapped) in a foreign call',
      'fault address 0x0',
      expect.stringMatching(/^code address ADDRESS, thread \d+$/),
      'function null_write, void(i32)',
      library,
      'argument 0: i32 -5',
      'the fault is near no known memory',
      'not inside a callback',
      `last calls, newest first: null_write,${Array(15).fill(' fine').join()}`,
      last,
    ])
  })

  it('prints numbers of every width as C got them, and ends as SIGABRT', async () => {
    const { end, stderr } = await run(`
      bind('give_up', Void, I8, DataType.U16, I64, Float, Double)(-1, 65535, -(2n ** 40n), 1.5, -0.25)
    `)
    expect(end).toBe('SIGABRT')
    const report = reportOf(stderr)
    expect(report[0]).toBe('SIGABRT (sent by abort, raise or kill) in a foreign call')
    expect(report.filter((line) => line.startsWith('argument'))).toEqual([
      'argument 0: i8 -1',
      'argument 1: u16 65535',
      'argument 2: i64 -1099511627776',
      'argument 3: f32 1.5',
      'argument 4: f64 -0.25',
    ])
  })

  it.each([
    ['SIGFPE', 'SIGFPE (integer division by zero) in a foreign call', `bind('divide', I32, I32, I32)(1, 0)`],
    ['SIGILL', 'SIGILL (illegal instruction) in a foreign call', `bind('illegal', Void)()`],
    [
      'SIGSEGV',
      'SIGSEGV (no valid address) in a foreign call',
      `bind('write_to', Void, U64, U8)(0x4141414141414141n, 1)`,
    ],
  ])('ends as %s: %s', async (signal, first, program) => {
    const { end, stderr } = await run(program)
    expect([end, reportOf(stderr)[0]]).toEqual([signal, first])
  })

  it('is reported for a stack overflow, on the main thread and on a worker', async () => {
    for (const program of [`bind('overflow_stack', I32)()`, inWorker(`bind('overflow_stack', I32)()`)]) {
      const { end, stderr } = await run(program)
      expect(end).toBe('SIGSEGV')
      const report = reportOf(stderr)
      expect(report).toContain('the fault is at the end of the stack: a stack overflow')
      expect(report).toContain('function overflow_stack, i32()')
      expect(report.at(-1)).toBe(last)
    }
  })

  it('names the records behind pointers, copied arguments, NULL and addresses of C', async () => {
    const { stderr } = await run(`
      const [block] = createPointer({ paramsType: [I64], paramsValue: [1] })
      const write_to = bind('write_to', Void, U64, External, External, External, Text, External)
      open({ library: 'c', path: '' })
      const { strerror } = define({ strerror: { library: 'c', retType: External, paramsType: [I32] } })
      write_to(1n, block, block.at(4), null, 'copied', strerror(1))
    `)
    const report = reportOf(stderr)
    expect(report.filter((line) => line.startsWith('argument'))).toEqual([
      'argument 0: u64 1',
      expect.stringMatching(
        /^argument 1: pointer ADDRESS, the start of a live 8-byte rust block at ADDRESS \(record \d+, generation \d+\)$/,
      ),
      'argument 2: pointer ADDRESS, 4 bytes into a live 8-byte rust block at ADDRESS',
      'argument 3: pointer NULL',
      'argument 4: pointer ADDRESS, copied for the call',
      expect.stringMatching(
        /^argument 5: pointer ADDRESS, the start of a live borrowed block of unknown size at ADDRESS \(record/,
      ),
    ])
  })

  it('is reported on a worker thread, with the function that runs there', async () => {
    const { end, stderr } = await run(`bind('fine', I32, I32)(1); ${inWorker(nullWrite)}`)
    expect(end).toBe('SIGSEGV')
    expect(reportOf(stderr)).toEqual(
      expect.arrayContaining(['function null_write, void(i32)', 'last calls, newest first: null_write', last]),
    )
  })

  it('is reported when optimised code makes the call', async () => {
    const { end, stderr } = await run(`
      const divide = bind('divide', I32, I32, I32)
      for (let i = 300000; i >= 0; i--) divide(1, i)
    `)
    expect(end).toBe('SIGFPE')
    expect(reportOf(stderr)).toEqual(expect.arrayContaining(['argument 0: i32 1', 'argument 1: i32 0', last]))
  })

  it('appends the same report to FFI_CRASH_FILE', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-crash-'))
    try {
      const file = join(folder, 'report')
      const first = await run(nullWrite, { FFI_CRASH_FILE: file })
      const second = await run(nullWrite, { FFI_CRASH_FILE: file })
      const written = readFileSync(file, 'utf8')
      expect(first.stderr).toContain('holdfast: function null_write')
      expect(written).toBe(first.stderr + second.stderr)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('goes on to stderr and to its end when FFI_CRASH_FILE cannot be opened', async () => {
    const { end, stderr } = await run(nullWrite, { FFI_CRASH_FILE: '/nowhere/at/all' })
    expect([end, reportOf(stderr).at(-1)]).toEqual(['SIGSEGV', last])
  })

  it('is not reported with FFI_CRASH_REPORT=0, and ends the same', async () => {
    const { end, stderr } = await run(nullWrite, { FFI_CRASH_REPORT: '0' })
    expect({ end, stderr }).toEqual({ end: 'SIGSEGV', stderr: '' })
  })
})

describe.runIf(isLinux)('a crash outside of foreign calls', () => {
  it.each([
    ['SIGABRT', 'process.abort()'],
    ['SIGSEGV', `process.kill(process.pid, 'SIGSEGV'); setTimeout(() => {}, 5000)`],
  ])('ends as %s without a report', async (signal, program) => {
    const { end, stderr } = await run(`bind('fine', I32, I32)(1); ${program}`)
    expect([end, reportOf(stderr)]).toEqual([signal, []])
  })

  it("says so when it happened in Holdfast's own code", async () => {
    // A double free that only the C library can see: the first was told of an integer.
    const { end, stderr } = await run(`
      open({ library: 'c', path: '' })
      const { malloc, free } = define({
        malloc: { library: 'c', retType: External, paramsType: [U64] },
        free: { library: 'c', retType: Void, paramsType: [U64] },
      })
      // Of a size that nobody else asks for between the two, and with both ways warm, so that they allocate nothing.
      const twice = (value, address) => {
        free(address)
        freePointer(value)
      }
      const value = (block) => ({ paramsType: [External], paramsValue: [block], pointerType: holdfast.PointerType.CPointer })
      freePointer(value(malloc(1000)))
      free(malloc(1000).address)
      const block = malloc(1000)
      twice(value(block), block.address)
    `)
    expect(end).toBe('SIGABRT')
    expect(reportOf(stderr)[0]).toMatch(/^SIGABRT \(sent by abort, raise or kill\) inside holdfast's own code/)
  })
})
