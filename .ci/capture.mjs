// Turns a program into its exit code and output, and ends it with all that it started when it takes too long.
import { spawn } from 'node:child_process'

/** In a group of its own, so that a forked worker that spins in native code ends too: it hears nothing else. */
const GROUP = { detached: process.platform !== 'win32' }

function kill(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}

/**
 * Runs a program to its end, or for `limit` milliseconds.
 * @returns {Promise<{ code: number | null, output: string }>} `code` is null when the program was killed.
 */
export function capture(program, args, { cwd, env = process.env, limit }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], ...GROUP })
    // A key press that interrupts this process does not reach the group of the child.
    const interrupt = () => {
      kill(child)
      process.exit(130)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.once(signal, interrupt)
    const timer = setTimeout(() => {
      output += `\nended after ${limit / 1000} seconds: it took too long`
      kill(child)
    }, limit)

    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      for (const signal of signals) process.off(signal, interrupt)
      resolve({ code, output })
    })
  })
}
