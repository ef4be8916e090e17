// Turns calls with arguments that go away, libraries that are closed and values of the wrong kind into the matrix's answers.
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import {
  close,
  counters,
  createExternalBuffer,
  createPointer,
  DataType,
  define,
  freePointer,
  isNullPointer,
  load,
  open,
  type Pointer,
  restorePointer,
  unwrapPointer,
} from 'holdfast'
import { expect } from 'vitest'
import { atGate, c as background } from '../../async/calls.js'
import { run } from '../../crash/child.js'
import { fixturePath } from '../../fixture.js'
import { c, library } from '../../pointers/calls.js'
import { kinds } from '../kinds.js'
import { row } from './row.js'

const { Double, External, Float, I32, I32Array, I64, String: Text, U8, U8Array, U64, Usize } = DataType
const isLinux = process.platform === 'linux'
const SIZE = 4096

open({ library: 'libc', path: process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6' })
open({ library: 'errors', path: fixturePath('errors') })

const detach = (buffer: ArrayBuffer) => structuredClone(buffer, { transfer: [buffer] })

row('10', {
  async misuse({ refuses }) {
    const [owner] = createPointer({ paramsType: [I32Array], paramsValue: [new Array<number>(SIZE / 4).fill(0)] })
    const [bytes] = unwrapPointer([owner])
    background.gate_close()
    const call = background.gate_fill.async([bytes, SIZE, 2])
    await atGate(1)
    owner.free()
    refuses('ERR_FFI_DOUBLE_FREE', () => owner.free())
    refuses('ERR_FFI_USE_AFTER_FREE', () => bytes.read(U8))
    refuses('ERR_FFI_USE_AFTER_FREE', () => background.same.async([bytes]))
    expect(counters()).toMatchObject({ asyncCalls: 1, pins: 1 })
    background.gate_open()
    expect(await call).toBe(2 * SIZE)
    expect(counters()).toMatchObject({ asyncCalls: 0, pins: 0 })
  },
  async legitimate() {
    const [bytes] = createPointer({ paramsType: [U64], paramsValue: [0] })
    background.gate_open()
    expect(await background.gate_fill.async([bytes, 8, 1])).toBe(8)
    bytes.free()
  },
})

async function churn(): Promise<void> {
  for (let i = 0; i < 8; i++) {
    Array.from({ length: 64 }, () => new Uint8Array(SIZE).fill(0xee))
    globalThis.gc?.()
    await turn()
  }
}

row('14', {
  async misuse() {
    const [slot] = createPointer({ paramsType: [U8Array], paramsValue: [new Uint8Array(SIZE).fill(7)] })
    background.gate_close()
    const call = background.gate_wait.async([0])
    const filled = background.fill.async([new Uint8Array(SIZE), SIZE, 9, 5])
    await churn()
    expect(unwrapPointer([slot])[0].read(U8, SIZE - 1)).toBe(7)
    background.gate_open()
    await Promise.all([call, filled])
    slot.free()
  },
  legitimate() {
    expect(
      load({ library, funcName: 'read_byte', retType: U8, paramsType: [U8Array, I64], paramsValue: [Buffer.of(5), 0] }),
    ).toBe(5)
  },
})

row('16', {
  async misuse({ refuses, saw }) {
    const buffer = new ArrayBuffer(8)
    const [slot] = createPointer({ paramsType: [U8Array], paramsValue: [new Uint8Array(buffer)] })
    const [inner] = unwrapPointer([slot])
    refuses('ERR_FFI_NOT_PINNABLE', () => background.same.async([inner]), { functionName: 'same', position: 0 })
    detach(buffer)
    refuses('ERR_FFI_BUFFER_DETACHED', () => inner.read(U8))
    refuses('ERR_FFI_BUFFER_DETACHED', () => c.id_ptr(inner), { functionName: 'id_ptr', position: 0 })
    slot.free()
    const bytes = new Uint8Array(SIZE)
    const call = background.fill.async([bytes, SIZE, 7, 5])
    detach(bytes.buffer)
    await expect(call).rejects.toMatchObject({ code: 'ERR_FFI_BUFFER_DETACHED', functionName: 'fill' })
    refuses('ERR_FFI_BUFFER_DETACHED', () => background.fill.async([bytes, SIZE, 7, 5]), { position: 0 })
    saw('ERR_FFI_BUFFER_DETACHED')
  },
  async legitimate() {
    const bytes = new Uint8Array(4)
    await background.fill.async([bytes, 4, 7, 0])
    expect([...bytes]).toEqual([7, 7, 7, 7])
  },
})

row('17', {
  misuse({ refuses }) {
    const [target] = createPointer({ paramsType: [I32], paramsValue: [1] })
    const imposters: unknown[] = [
      ...kinds.map(([, value]) => value),
      new Proxy(target, {}),
      structuredClone(target),
      { ...target },
      target.address,
    ]
    for (const imposter of imposters) {
      const value = imposter as Pointer
      refuses('ERR_FFI_NOT_POINTER', () => c.same_ptr(null, value), { functionName: 'same_ptr', position: 1 })
      refuses('ERR_FFI_NOT_POINTER', () =>
        createPointer({ paramsType: [{ p: External }], paramsValue: [{ p: value }] }),
      )
      refuses('ERR_FFI_NOT_POINTER', () => restorePointer({ retType: [I32], paramsValue: [value] }))
      refuses('ERR_FFI_NOT_POINTER', () => freePointer({ paramsType: [I32], paramsValue: [value] }))
      refuses('ERR_FFI_NOT_POINTER', () => isNullPointer(value))
    }
    expect(target.read(I32)).toBe(1)
    target.free()
  },
  legitimate: () => expect(c.same_ptr(null, c.null_ptr())).toBe(true),
})

/** A copy that nothing else has loaded: closing it unmaps it. */
function withCopy<T>(topic: string, body: (path: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'))
  const path = join(directory, `lib${topic}.copy`)
  copyFileSync(fixturePath(topic), path)
  try {
    return body(path)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

row('18', {
  misuse({ refuses }) {
    withCopy('pointers', (path) => {
      open({ library: 'closing', path })
      const of = { library: 'closing' } as const
      const own = define({
        static_int: { ...of, retType: External, paramsType: [] },
        is_null: { ...of, retType: DataType.Boolean, paramsType: [External] },
      })
      let count = 0
      for (let i = 0; i < 100_000; i++) count += own.is_null(null) ? 1 : 0
      expect(count).toBe(100_000)
      const pointer = own.static_int()
      const theirs = c.static_int()
      expect(pointer.read(I32)).toBe(42)
      const view = createExternalBuffer(pointer, 4)
      expect(view[0]).toBe(42)
      close('closing')
      expect(view.length).toBe(0)
      for (let i = 0; i < 3; i++) {
        refuses('ERR_FFI_LIBRARY_CLOSED', () => own.is_null(null), { functionName: 'is_null' })
        refuses('ERR_FFI_LIBRARY_CLOSED', () => own.static_int(), { functionName: 'static_int' })
      }
      refuses('ERR_FFI_USE_AFTER_FREE', () => pointer.read(I32))
      refuses('ERR_FFI_USE_AFTER_FREE', () => c.id_ptr(pointer), { functionName: 'id_ptr', position: 0 })
      // What is loaded still stays what it is.
      expect(theirs.read(I32)).toBe(42)
    })
  },
  legitimate() {
    using opened = open({ library: 'reopened', path: fixturePath('scalars') })
    expect(opened.library).toBe('reopened')
  },
})

row('unload', {
  async misuse({ refuses }) {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'))
    const path = join(directory, 'libunloading.so')
    copyFileSync(fixturePath('async'), path)
    open({ library: 'unloading', path })
    const own = define({
      sleep_and_return: { library: 'unloading', retType: I32, paramsType: [I32, I32] },
      constant_text: { library: 'unloading', retType: Text, paramsType: [I32] },
    })
    const calls = [own.sleep_and_return.async([20, 4]), own.constant_text.async([20])]
    close('unloading')
    refuses('ERR_FFI_LIBRARY_CLOSED', () => own.sleep_and_return.async([0, 0]))
    refuses('ERR_FFI_LIBRARY_CLOSED', () => own.sleep_and_return(0, 0))
    expect(await Promise.all(calls)).toEqual([4, 'text of the library'])
    if (isLinux) expect(readFileSync('/proc/self/maps', 'utf8')).not.toContain(path)
    rmSync(directory, { recursive: true })
  },
  async legitimate() {
    expect(await background.sleep_and_return.async([1, 5])).toBe(5)
  },
})

row('19', {
  async misuse({ saw }) {
    const { end, lines, stderr } = await run(`
      const { Worker } = await import('node:worker_threads')
      const { once } = await import('node:events')
      const [pointer] = createPointer({ paramsType: [I32], paramsValue: [5] })
      const fine = bind('fine', I32, I32)
      const worker = new Worker(\`
        const { parentPort, workerData } = require('node:worker_threads')
        import(workerData.module).then(({ DataType, close, define, open, restorePointer }) => {
          open({ library: 'crash', path: workerData.path })
          const codeOf = (act) => { try { return act() } catch (error) { return error.code } }
          const { fine } = define({ fine: { library: 'crash', retType: DataType.I32, paramsType: [DataType.I32] } })
          const stranger = codeOf(() => restorePointer({ retType: [DataType.I32], paramsValue: [workerData.pointer] }))
          const before = fine(1)
          close('crash')
          parentPort.postMessage([stranger, before, codeOf(() => fine(1))].join(' '))
        })
      \`, { eval: true, execArgv: [], workerData: { pointer, module: import.meta.resolve('holdfast'), path: ${JSON.stringify(fixturePath('crash'))} } })
      console.log((await once(worker, 'message'))[0], (await once(worker, 'exit'))[0])
      console.log(fine(2), pointer.read(I32), pointer.free(), holdfast.counters().blocks)
    `)
    expect([end, lines, stderr]).toEqual([0, ['ERR_FFI_NOT_POINTER 1 ERR_FFI_LIBRARY_CLOSED 0', '2 5 undefined 0'], ''])
    saw('ERR_FFI_NOT_POINTER')
    saw('ERR_FFI_LIBRARY_CLOSED')
  },
  legitimate: () => expect(c.is_null(null)).toBe(true),
})

row('22', {
  misuse({ refuses }) {
    const item = { id: I32, name: Text } as const
    const values: [unknown, string][] = [
      [{}, '.id'],
      [{ id: 1 }, '.name'],
      [{ id: '1', name: 'x' }, '.id'],
      [{ id: 1, name: 7 }, '.name'],
    ]
    for (const [value, path] of values) {
      refuses('ERR_FFI_TYPE', () => createPointer({ paramsType: [item], paramsValue: [value as never] }), { path })
    }
    for (const value of [7, 'x', Symbol('x')]) {
      refuses('ERR_FFI_TYPE', () =>
        createPointer({ paramsType: [{ in: item, n: I32 }], paramsValue: [value as never] }),
      )
    }
  },
  legitimate() {
    const [made] = createPointer({
      paramsType: [{ id: I32, name: Text }],
      paramsValue: [{ id: 1, name: 'x', more: 2 } as { id: number; name: string }],
    })
    expect(made.read({ id: I32, name: Text })).toEqual({ id: 1, name: 'x' })
    made.free()
  },
})

row('23', {
  misuse({ refuses }) {
    const strict = (type: number, value: unknown) => () =>
      (load as (params: unknown) => unknown)({
        library,
        funcName: 'is_null',
        retType: DataType.Boolean,
        paramsType: [type],
        paramsValue: [value],
        strict: true,
      })
    const facts = { functionName: 'is_null', position: 0 }
    for (const value of [2 ** 31, -(2 ** 31) - 1, 1.5, Number.NaN, Infinity])
      refuses('ERR_FFI_RANGE', strict(I32, value), facts)
    for (const value of [-1, 256, 0.5]) refuses('ERR_FFI_RANGE', strict(U8, value), facts)
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2 ** 64]) refuses('ERR_FFI_RANGE', strict(I64, value), facts)
    for (const value of [-1n, 2n ** 64n]) refuses('ERR_FFI_RANGE', strict(U64, value), facts)
    refuses('ERR_FFI_TYPE', strict(I32, 1n), facts)
    const [slot] = createPointer({ paramsType: [I64], paramsValue: [0] })
    refuses('ERR_FFI_RANGE', () => slot.write(I64, 2n ** 63n))
    refuses('ERR_FFI_RANGE', () => slot.write(I64, Number.NaN))
    expect(slot.read(I64)).toBe(0)
    slot.free()
  },
  legitimate() {
    const [byte, long] = createPointer({ paramsType: [U8, I64], paramsValue: [300, 2n ** 62n] })
    expect([byte.read(U8), long.read(I64)]).toEqual([44, 2n ** 62n])
    byte.free()
    long.free()
  },
})

row('24', {
  misuse({ refuses }) {
    const plain = define({ snprintf: { library: 'libc', retType: I32, paramsType: [U8Array, Usize, Text, Double] } })
    const room = Buffer.alloc(16)
    refuses('ERR_FFI_VARIADIC', () => plain.snprintf(room, 16, '%.1f', 1.5), { functionName: 'snprintf' })
    expect(room[0]).toBe(0)
  },
  legitimate() {
    const room = Buffer.alloc(16)
    const paramsType = [U8Array, Usize, Text, Float, DataType.I8] as const
    const paramsValue = [room, 16, '%.1f %d', 1.5, -3] as const
    load({ library: 'libc', funcName: 'snprintf', retType: I32, paramsType, paramsValue, variadic: 3 })
    expect(room.toString('utf8', 0, 6)).toBe('1.5 -3')
  },
})

row(
  '26',
  {
    async misuse({ saw }) {
      // Elsewhere: where this fails, there are two processes.
      const { end, lines } = await run(`
        open({ library: 'libc', path: process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6' })
        for (const funcName of ['fork', 'vfork', 'daemon']) {
          const call = () => holdfast.load({ library: 'libc', funcName, retType: I32, paramsType: [], paramsValue: [] })
          console.log(funcName, codeOf(call), holdfast.counters().functions)
        }
      `)
      const refused = ['fork', 'vfork', 'daemon'].map((name) => `${name} ERR_FFI_FORK 0`)
      expect([end, lines]).toEqual([0, refused])
      saw('ERR_FFI_FORK')
    },
    legitimate() {
      const pid = load({ library: 'libc', funcName: 'getpid', retType: I32, paramsType: [], paramsValue: [] })
      expect(pid).toBe(process.pid)
    },
  },
  process.platform !== 'win32',
)

row('errno', {
  misuse() {
    const { fail_i32 } = define({ fail_i32: { library: 'errors', retType: I32, paramsType: [I32], errno: true } })
    const results = [2, 13].map((code) => {
      const result = fail_i32(code)
      // Code of others that fails, between the call and the look at its errno.
      expect(() => readFileSync('/no such file')).toThrow('ENOENT')
      globalThis.gc?.()
      return result.errnoCode
    })
    expect(results).toEqual([2, 13])
  },
  legitimate() {
    const { keep_errno } = define({ keep_errno: { library: 'errors', retType: I32, paramsType: [I32], errno: true } })
    expect(keep_errno(5)).toMatchObject({ value: 5, errnoCode: 0 })
  },
})
