// Turns a mistake into processes that make it, one after another, and how they ended into outcomes.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { outcomeOf, tally } from './outcome.mjs'

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url))
const LIMIT_MS = 10_000

/** Runs one child, without core dumps, in a folder of its own that is gone afterwards. */
async function runChild(program, args) {
  const cwd = mkdtempSync(join(tmpdir(), 'holdfast-misuse-'))
  // `exec`, so that the process is the shell's own and its signal is seen.
  const command = ['-c', 'ulimit -c 0; exec "$0" --expose-gc --no-warnings "$@"', program, CHILD, ...args]
  const child = spawn('/bin/sh', command, { cwd, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  let timedOut = false
  const limit = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, LIMIT_MS)
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))
  const [end, , stderr, said] = await Promise.all([ended, ...child.stdio.slice(1).map((stream) => text(stream))])
  clearTimeout(limit)
  rmSync(cwd, { recursive: true })
  return { ...end, stderr, said, timedOut }
}

/** A peer's version and rows: of each row the names of its mistakes, or why there are none. */
export async function membersOf({ name, program }) {
  const { said, stderr } = await runChild(program, [name])
  if (said === '') throw new Error(`${name} does not load: ${stderr}`)
  return JSON.parse(said)
}

/** What came of each mistake of a row, or why a peer cannot make it. What hangs once is not tried again. */
export async function measure({ name, program, rows }, id, attempts) {
  const mistakes = rows[id]
  if ('none' in mistakes) return mistakes
  const measured = {}
  for (const [mistake, reason] of Object.entries(mistakes)) {
    const outcomes = []
    while (reason === null && outcomes.length < attempts && outcomes.at(-1)?.kind !== 'hung') {
      outcomes.push(outcomeOf(await runChild(program, [name, id, mistake])))
    }
    measured[mistake] = reason === null ? tally(outcomes) : { none: reason }
  }
  return measured
}
