// Turns whole processes with traps, faults and worker threads into their exit codes and what they print.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

const root = join(import.meta.dirname, '..', '..')

const prelude = `
  import { parentPort, Worker } from 'node:worker_threads'
  import { once } from 'node:events'
  import * as holdfast from 'holdfast'
  const { DataType, createPointer, createExternalBuffer, define, open } = holdfast
  const { I32, I64, External } = DataType
  const path = ${JSON.stringify(fixturePath('pointers'))}
  open({ library: 'p', path })
  const description = (retType, ...paramsType) => ({ library: 'p', retType, paramsType })
  const c = define({ static_int: description(External), low_address: description(External), unmapped_address: description(External) })
  const codeOf = (act) => { try { return act() } catch (error) { return error.code ?? error.constructor.name } }
`

function run(program: string): Promise<{ end: unknown; lines: string[]; stderr: string }> {
  return new Promise((resolve) => {
    const args = ['--expose-gc', '--input-type=module', '--eval', prelude + program]
    execFile(process.execPath, args, { cwd: root, timeout: 25_000 }, (error, stdout, stderr) => {
      resolve({
        end: error === null ? 0 : (error.signal ?? error.code),
        lines: stdout.split('\n').filter(Boolean),
        stderr,
      })
    })
  })
}

/** A module with one page of memory whose function `load` reads the 32 bits at its argument. */
const trap = `
  const bytes = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1,
    7, 8, 1, 4, 108, 111, 97, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 40, 2, 0, 11,
  ])
  const { load } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
  const trapOf = () => { try { return load(0x7fffffff) } catch (error) { return error instanceof WebAssembly.RuntimeError && error.message } }
`

describe('WebAssembly', () => {
  it('still traps out of bounds as RuntimeError before, between and after faults that Holdfast recovers', async () => {
    const { end, lines, stderr } = await run(`${trap}
      console.log(load(0), trapOf())
      for (let i = 0; i < 3; i++) {
        console.log(codeOf(() => c.low_address().read(I64)), trapOf(), codeOf(() => c.unmapped_address().read(I32)), trapOf())
      }
      console.log(c.static_int().read(I32), load(4))
    `)
    const message = 'memory access out of bounds'
    const round = `ERR_FFI_BAD_ADDRESS ${message} ERR_FFI_BAD_ADDRESS ${message}`
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: [`0 ${message}`, round, round, round, '42 0'], stderr: '' })
  })
})

/** A worker cannot find packages by name from a data: URL, so it gets the address of the module. */
function worker(body: string): string {
  const source = prelude.replace(`'holdfast'`, 'HOLDFAST') + body
  return `new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(source)}.replace('HOLDFAST', JSON.stringify(import.meta.resolve('holdfast'))))))`
}

describe('worker threads', () => {
  it('load the library, call, recover from faults and exit, many times', async () => {
    const body = `
      const [kept] = createPointer({ paramsType: [I32], paramsValue: [7] })
      parentPort.postMessage([c.static_int().read(I32), codeOf(() => c.low_address().read(I32)), kept.read(I32), createExternalBuffer(kept, 4)[0]].join())
    `
    const { end, lines, stderr } = await run(`
      for (let i = 0; i < 6; i++) {
        const pair = [${worker(body)}, ${worker(body)}]
        const said = await Promise.all(pair.map(async (one) => {
          const exited = once(one, 'exit')
          const [message] = await once(one, 'message')
          return message + ':' + (await exited)[0]
        }))
        console.log(...said)
      }
      console.log(c.static_int().read(I32), codeOf(() => c.low_address().read(I32)), holdfast.counters().libraries)
    `)
    const said = '42,ERR_FFI_BAD_ADDRESS,7,7:0'
    expect({ end, lines, stderr }).toEqual({
      end: 0,
      lines: [...Array<string>(6).fill(`${said} ${said}`), '42 ERR_FFI_BAD_ADDRESS 1'],
      stderr: '',
    })
  })

  it('are terminated in the midst of calls', async () => {
    const body = `
      parentPort.postMessage('started')
      for (;;) { const [one] = createPointer({ paramsType: [I32], paramsValue: [1] }); codeOf(() => c.low_address().read(I32)); c.static_int().read(I32); one.free() }
    `
    const { end, lines, stderr } = await run(`
      for (let i = 0; i < 5; i++) {
        const one = ${worker(body)}
        await once(one, 'message')
        await new Promise((resolve) => setTimeout(resolve, 5 * i))
        await one.terminate()
      }
      console.log(c.static_int().read(I32), codeOf(() => c.unmapped_address().read(I32)))
    `)
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['42 ERR_FFI_BAD_ADDRESS'], stderr: '' })
  })

  it('close their own library and leave that of the main thread open', async () => {
    const body = `
      c.static_int()
      holdfast.close('p')
      parentPort.postMessage(codeOf(() => c.static_int()))
    `
    const { end, lines, stderr } = await run(`
      const one = ${worker(body)}
      console.log((await once(one, 'message'))[0], c.static_int().read(I32))
    `)
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['ERR_FFI_LIBRARY_CLOSED 42'], stderr: '' })
  })
})

describe('a process', () => {
  it('ends in order with pointers, buffers and libraries still held', async () => {
    const { end, lines, stderr } = await run(`
      const [kept] = createPointer({ paramsType: [DataType.U64], paramsValue: [1] })
      globalThis.held = [kept, createExternalBuffer(kept, 8), c.static_int(), c.low_address()]
      console.log(held[1].length)
    `)
    expect({ end, lines, stderr }).toEqual({ end: 0, lines: ['8'], stderr: '' })
  })

  it('collects pointers that are dropped, and returns to its baseline', async () => {
    const { end, lines } = await run(`
      const before = holdfast.counters().records
      for (let i = 0; i < 1000; i++) { c.low_address(); createPointer({ paramsType: [I32], paramsValue: [i] })[0].free(); c.unmapped_address() }
      for (let i = 0; i < 50 && holdfast.counters().records !== before; i++) { gc(); await new Promise(setImmediate) }
      console.log(holdfast.counters().records - before)
    `)
    expect({ end, lines }).toEqual({ end: 0, lines: ['0'] })
  })
})
