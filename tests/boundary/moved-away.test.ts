// Turns Buffers over C's memory whose memory JavaScript moves to other ArrayBuffers into memory that stays as long as those.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

const root = join(import.meta.dirname, '..', '..')

/** Blocks of this size are mapped, and unmapped when they are freed (MAPPED): touching one then ends the process. */
const prelude = (main: string) => `
  import { Worker, workerData, parentPort, isMainThread } from 'node:worker_threads'
  import { once } from 'node:events'
  import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
  import { tmpdir } from 'node:os'
  import { join } from 'node:path'
  import { setImmediate as turn } from 'node:timers/promises'
  const holdfast = await import(${JSON.stringify(main)})
  const { DataType, PointerType, close, consumes, counters, createPointer, createExternalBuffer, define, freePointer, open, scope, unwrapPointer } = holdfast
  const { External, I32, U64, Void, U8Array } = DataType
  open({ library: 'libc', path: '' })
  const c = define({
    malloc: { library: 'libc', retType: External, paramsType: [U64] },
    free: { library: 'libc', retType: Void, paramsType: [External] },
    realloc: { library: 'libc', retType: External, paramsType: [External, U64] },
  })
  const SIZE = 1 << 24
  const inline = { bytes: { type: U8Array, length: SIZE, ffiTypeTag: 996 } }
  const block = () => createPointer({ paramsType: [inline], paramsValue: [{ bytes: Buffer.alloc(SIZE) }] })[0]
  /** A Buffer over all of it; a block of ours begins with the address of its value. */
  const over = (pointer) => createExternalBuffer(pointer.allocator === 'rust' ? unwrapPointer([pointer])[0] : pointer, SIZE)
  const codeOf = (act) => { try { act(); return 'nothing' } catch (error) { return error.code ?? String(error) } }
  /** Moves the memory under a Buffer to another ArrayBuffer, as every version of Node can. */
  const byStream = async (buffer) => {
    const source = new ReadableStream({ type: 'bytes', pull: (controller) => controller.byobRequest.respond(1) })
    const { value } = await source.getReader({ mode: 'byob' }).read(new Uint8Array(buffer.buffer))
    return new Uint8Array(value.buffer)
  }
  const byTransfer = (buffer) => new Uint8Array(buffer.buffer.transfer())
  const move = process.env.WAY === 'transfer' ? byTransfer : byStream
  const isThere = (bytes) => { bytes.fill(7); return bytes.every((byte) => byte === 7) }
  const until = async (holds) => { while (!holds()) { gc(); await turn() } }
`

/** glibc would raise the size from which blocks are mapped with each one that is freed. */
const MAPPED = { MALLOC_MMAP_THRESHOLD_: `${1 << 20}` }

const entry = pathToFileURL(join(root, 'dist', 'index.mjs')).href

interface Ended {
  readonly end: unknown
  readonly lines: string[]
  readonly stderr: string
}

function run(program: string, way: string): Promise<Ended> {
  return new Promise((resolve) => {
    const args = ['--expose-gc', '--input-type=module', '--eval', prelude(entry) + program]
    const options = { cwd: root, timeout: 25_000, env: { ...process.env, ...MAPPED, WAY: way } }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const end = error === null ? 0 : (error.signal ?? error.code)
      resolve({ end, lines: stdout.split('\n').filter(Boolean), stderr })
    })
  })
}

const ways = ['a stream', ...('transfer' in ArrayBuffer.prototype ? ['transfer'] : [])]

/** What ends the memory of `pointer`, and what the pointer answers afterwards. */
const ends: Record<string, string> = {
  'free()': 'const pointer = block(); END = () => pointer.free()',
  'a scope': 'const outer = scope(); const pointer = block(); END = () => outer[Symbol.dispose]()',
  freePointer:
    'const pointer = c.malloc(SIZE); END = () => freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: PointerType.CPointer })',
  'a bound free': 'const pointer = c.malloc(SIZE); END = () => c.free(pointer)',
}

describe.each(ways)('memory under a Buffer that was moved by %s', (way) => {
  it.each(Object.entries(ends))('stays after %s until nobody has it, and its pointer is stale', async (_, make) => {
    const program = `
      let END
      ${make}
      const before = over(pointer)
      let moved = await move(before)
      const other = over(pointer)
      END()
      console.log(before.length, other.length, codeOf(() => pointer.read(I32)), isThere(moved))
      moved = undefined
      await until(() => counters().blocks === 0 && counters().records <= 1)
    `
    expect(await run(program, way)).toEqual({ end: 0, lines: ['0 0 ERR_FFI_USE_AFTER_FREE true'], stderr: '' })
  })

  it('is refused by what would give it to C, with ERR_FFI_NOT_OWNER', async () => {
    const program = `
      const taking = define({ realloc: { library: 'libc', retType: External, paramsType: [consumes(External), U64] } })
      const pointer = c.malloc(SIZE)
      let moved = await move(over(pointer))
      console.log(codeOf(() => c.realloc(pointer, 2 * SIZE)), codeOf(() => taking.realloc(pointer, 2 * SIZE)), isThere(moved))
      moved = undefined
      // Once nobody has it, C may have it.
      await until(() => codeOf(() => freePointer({ paramsType: [External], paramsValue: [c.realloc(pointer, 2 * SIZE)], pointerType: PointerType.CPointer })) === 'nothing')
      console.log(codeOf(() => pointer.read(I32)))
    `
    const lines = ['ERR_FFI_NOT_OWNER ERR_FFI_NOT_OWNER true', 'ERR_FFI_USE_AFTER_FREE']
    expect(await run(program, way)).toEqual({ end: 0, lines, stderr: '' })
  })

  it('is not taken by the collector, but is when nobody has it', async () => {
    const program = `
      let moved = await move(over(block()))
      for (let i = 0; i < 20; i++) { gc(); await turn() }
      console.log(counters().blocks, isThere(moved))
      moved = undefined
      await until(() => counters().blocks === 0)
    `
    expect(await run(program, way)).toEqual({ end: 0, lines: ['1 true'], stderr: '' })
  })

  it('stays where it was part of a library that is closed', async () => {
    const program = `
      const directory = mkdtempSync(join(tmpdir(), 'holdfast-boundary-'))
      const path = join(directory, 'libmoved.so')
      copyFileSync(${JSON.stringify(fixturePath('pointers'))}, path)
      open({ library: 'copy', path })
      const own = define({ static_int: { library: 'copy', retType: External, paramsType: [] } })
      const moved = await move(createExternalBuffer(own.static_int(), 4))
      close('copy')
      rmSync(directory, { recursive: true })
      console.log(moved[0])
    `
    expect(await run(program, way)).toEqual({ end: 0, lines: ['42'], stderr: '' })
  })

  it('stays on another thread when the one that made it ends', async () => {
    const program = `
      const source = ${JSON.stringify(prelude(entry))} + \`
        const kept = [block(), c.malloc(SIZE), block()]
        const moved = []
        for (const pointer of kept) moved.push(await move(over(pointer)))
        kept[2].free()
        const untouched = over(kept[0])
        parentPort.postMessage(moved, moved.map(({ buffer }) => buffer))
      \`
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)))
      const [[moved]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
      console.log(moved.map(isThere).join())
    `
    expect(await run(program, way)).toEqual({ end: 0, lines: ['true,true,true'], stderr: '' })
  })

  it('does not keep an environment from ending', async () => {
    const program = `
      globalThis.kept = [await move(over(block())), over(block())]
      const freed = block()
      globalThis.kept.push(await move(over(freed)))
      freed.free()
      console.log(globalThis.kept.length)
    `
    expect(await run(program, way)).toEqual({ end: 0, lines: ['3'], stderr: '' })
  })
})

it('frees what lies under Buffers that nobody has moved when their thread ends', async () => {
  const program = `
    const source = ${JSON.stringify(prelude(entry))} + 'globalThis.kept = [0, 1, 2].map(() => over(block())); globalThis.kept[0].fill(1)'
    const before = process.memoryUsage.rss()
    for (let i = 0; i < 4; i++) {
      await once(new Worker(new URL('data:text/javascript,' + encodeURIComponent(source))), 'exit')
    }
    const kept = (process.memoryUsage.rss() - before) / SIZE
    console.log(kept < 6 ? 'freed' : kept)
  `
  expect(await run(program, '')).toEqual({ end: 0, lines: ['freed'], stderr: '' })
})
