// Turns a program into a child process that may crash, and its end into what a test compares.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fixturePath } from '../fixture.js'

const root = join(import.meta.dirname, '..', '..')

/** What every program begins with: the fixture, opened, its functions by name. */
export const prelude = `
  import * as holdfast from 'holdfast'
  const { DataType, arrayConstructor, createPointer, define, freePointer, open, restorePointer, unwrapPointer } = holdfast
  const { I8, I16, I32, I64, U8, U64, U8Array, I32Array, Float, Double, String: Text, External, Void, Boolean } = DataType
  open({ library: 'crash', path: ${JSON.stringify(fixturePath('crash'))} })
  const bind = (name, retType, ...paramsType) => define({ [name]: { library: 'crash', retType, paramsType } })[name]
  const codeOf = (act) => { try { return act() } catch (error) { return error.code ?? error.constructor.name } }
`

/** How a process ended. */
export interface End {
  /** The signal's name, or the exit code. */
  readonly end: unknown
  readonly lines: readonly string[]
  readonly stderr: string
}

/** Runs a program without core dumps. */
export function run(program: string, env: NodeJS.ProcessEnv = {}): Promise<End> {
  return new Promise((resolve) => {
    // `exec`, so that the process is the shell's own and its signal is seen.
    const command = `ulimit -c 0; exec "$0" --expose-gc --input-type=module --eval "$1"`
    const options = { cwd: root, timeout: 25_000, env: { ...process.env, ...env } }
    execFile('/bin/sh', ['-c', command, process.execPath, prelude + program], options, (error, stdout, stderr) => {
      const end = error === null ? 0 : (error.signal ?? error.code)
      resolve({ end, lines: stdout.split('\n').filter(Boolean), stderr })
    })
  })
}

/** The lines of a report, without the addresses that differ from run to run. */
export function reportOf(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => line.startsWith('holdfast: '))
  return lines.map((line) => line.slice(10).replace(/0x[0-9a-f]{5,}/g, 'ADDRESS'))
}

/** The line of a report that says what the fault is. */
export function faultOf(stderr: string): string | undefined {
  return stderr
    .split('\n')
    .find((line) => line.startsWith('holdfast: the fault is '))
    ?.slice(23)
    .replace(/0x[0-9a-f]+/g, 'ADDRESS')
}

/** A program in a worker thread of the process. */
export function inWorker(body: string): string {
  const source = prelude.replace(`'holdfast'`, 'HOLDFAST') + body
  return `
    const { Worker } = await import('node:worker_threads')
    const source = ${JSON.stringify(source)}.replace('HOLDFAST', JSON.stringify(import.meta.resolve('holdfast')))
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)))
  `
}
