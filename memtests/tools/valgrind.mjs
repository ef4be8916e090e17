// Turns a task into a run under valgrind's memcheck, and its XML into reports.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readXml } from '../reports/xml.mjs'

const suppressions = fileURLToPath(new URL('../suppressions/valgrind.supp', import.meta.url))

const FLAGS = [
  '-q',
  `--suppressions=${suppressions}`,
  // The fixtures are closed, and workers end, before leaks are looked for.
  '--keep-debuginfo=yes',
  '--leak-check=full',
  '--show-leak-kinds=definite,indirect',
  '--errors-for-leak-kinds=definite,indirect',
  '--num-callers=40',
  '--xml=yes',
]

export const valgrind = {
  build: 'memtest',
  budgets: { short: { n: 20, warmUp: 1, rounds: 2 }, full: { n: 100, warmUp: 2, rounds: 5 } },
  slope: false,
  /** A mistake is reported and the process goes on. */
  goesOn: true,
  package: 'valgrind',
  missing() {
    return spawnSync('valgrind', ['--version']).status === 0
      ? undefined
      : 'valgrind is missing: apt-get install valgrind'
  },
  command(args, log, program = process.execPath) {
    return { program: 'valgrind', args: [...FLAGS, `--xml-file=${log}.xml`, program, ...args] }
  },
  read(log) {
    return existsSync(`${log}.xml`) ? readXml(readFileSync(`${log}.xml`, 'utf8')) : { complete: false, reports: [] }
  },
}
