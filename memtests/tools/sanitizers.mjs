// Turns a task into a run with AddressSanitizer and LeakSanitizer, or with UndefinedBehaviorSanitizer.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSanitizer } from '../reports/sanitizer.mjs'

const suppressions = fileURLToPath(new URL('../suppressions/lsan.supp', import.meta.url))

/** The path of a runtime library of gcc, or its bare name when gcc has none. */
function runtime(name) {
  const { stdout } = spawnSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' })
  return stdout?.trim() ?? name
}

const absent = (name) => (existsSync(runtime(name)) ? undefined : `${name} is missing: apt-get install gcc`)

/** A sanitizer writes to `log`.PID, one file for each process that has something to say. */
function readLogs(log) {
  const files = readdirSync(dirname(log)).filter((name) => name.startsWith(`${basename(log)}.`))
  const texts = files.map((name) => readFileSync(`${dirname(log)}/${name}`, 'utf8'))
  return { complete: true, reports: texts.flatMap(readSanitizer) }
}

export const asan = {
  build: 'asan',
  budgets: { short: { n: 100, warmUp: 1, rounds: 3 }, full: { n: 500, warmUp: 2, rounds: 10 } },
  slope: false,
  package: 'gcc',
  missing: () => absent('libasan.so'),
  /** A test program has the runtime in it; Node gets it by LD_PRELOAD, which its children must not. */
  command(args, log, program) {
    return {
      program: program ?? process.execPath,
      args,
      env: {
        // To the core a preloaded library means that malloc may not be glibc's, which in a test program it is not either.
        LD_PRELOAD: program ? 'libc.so.6' : runtime('libasan.so'),
        ASAN_OPTIONS: `log_path=${log}:detect_leaks=1:allocator_may_return_null=1:detect_stack_use_after_return=0`,
        LSAN_OPTIONS: `suppressions=${suppressions}:print_suppressions=0`,
      },
    }
  },
  read: readLogs,
}

export const ubsan = {
  build: 'ubsan',
  budgets: { short: { n: 100, warmUp: 1, rounds: 3 }, full: { n: 500, warmUp: 2, rounds: 10 } },
  slope: false,
  package: 'gcc',
  missing: () => absent('libubsan.so'),
  command: (args, log) => ({
    program: process.execPath,
    args,
    env: { UBSAN_OPTIONS: `log_path=${log}:print_stacktrace=1` },
  }),
  read: readLogs,
}
