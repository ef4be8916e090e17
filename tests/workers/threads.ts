// Turns a program for the main thread, with one for its workers, into a process of its own and how it ends.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fixturePath } from '../fixture.js'

const root = join(import.meta.dirname, '..', '..')

// A worker cannot find packages by name from a data: URL, so it gets the address of the module.
const module = pathToFileURL(join(root, 'dist', 'index.mjs')).href

const prelude = `
  import { Worker, parentPort, threadId, workerData } from 'node:worker_threads'
  import { once } from 'node:events'
  import { setTimeout as pause } from 'node:timers/promises'
  import { DataType, close, counters, createPointer, define, load, open } from ${JSON.stringify(module)}
  const { I32, I32Array, String: Text, U8, U8Array, U64, External, Void } = DataType
  const path = ${JSON.stringify(fixturePath('async'))}
  const openAs = (library) => {
    open({ library, path })
    const of = { library }
    return define({
      add: { ...of, retType: I32, paramsType: [I32, I32] },
      join: { ...of, retType: Text, paramsType: [Text, Text], freeResultMemory: true },
      sleep_and_return: { ...of, retType: I32, paramsType: [I32, I32] },
      gate_wait: { ...of, retType: I32, paramsType: [I32] },
      gate_waiting: { ...of, retType: I32, paramsType: [] },
      gate_open: { ...of, retType: Void, paramsType: [] },
      gate_fill: { ...of, retType: U64, paramsType: [External, U64, U8] },
      fill: { ...of, retType: Void, paramsType: [U8Array, U64, U8, I32] },
      gate_text: { ...of, retType: Text, paramsType: [I32], freeResultMemory: true },
      gate_item: { ...of, retType: { size: I32, text: Text }, paramsType: [I32], freeResultMemory: true },
      gate_same: { ...of, retType: Text, paramsType: [External], freeResultMemory: true },
      large_bytes: { ...of, retType: U64, paramsType: [] },
      make_item: { ...of, retType: { id: I32, name: Text }, paramsType: [I32] },
    })
  }
`

/** Runs `main`; `startWorker(data)` in it gives a worker that runs `worker`. */
export function runThreads(main: string, worker: string, env: Record<string, string> = {}) {
  const start = `const startWorker = (workerData) =>
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(prelude + worker)})), { workerData })
  `
  return new Promise<{ end: unknown; lines: string[]; stderr: string }>((resolve) => {
    const args = ['--expose-gc', '--input-type=module', '--eval', prelude + start + main]
    const options = { cwd: root, timeout: 40_000, env: { ...process.env, ...env } }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const end = error === null ? 0 : (error.signal ?? error.code)
      resolve({ end, lines: stdout.split('\n').filter(Boolean), stderr })
    })
  })
}
