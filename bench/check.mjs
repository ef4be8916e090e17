// Turns two builds of the addon, one of them without the checks of pointer arguments, into what these checks cost a call.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { copyIfChanged, runCargo } from '../native/build.mjs'
import { buildSource } from '../src/build.mjs'
import { buildFixture } from './build.mjs'

const USAGE = `node bench/check.mjs [child processes for each order of loading, default 5]
For a machine with other work: nice -n -20 node bench/check.mjs`

const root = fileURLToPath(new URL('..', import.meta.url))
const CHILD = fileURLToPath(new URL('check-child.mjs', import.meta.url))

/** Where the package with the addon of each build goes. The control is the first again: what differs there is noise. */
export const FOLDERS = {
  checked: `${root}bench/fixture/build/checked/`,
  unchecked: `${root}bench/fixture/build/unchecked/`,
  control: `${root}bench/fixture/build/control/`,
}

/** Builds the packages from this tree with the release profile. */
export async function buildBoth() {
  await buildSource()
  const flags = { checked: [], control: [], unchecked: ['--features', 'bench-unchecked'] }
  for (const [name, folder] of Object.entries(FOLDERS)) {
    const addon = runCargo('release', { flags: flags[name] })
    mkdirSync(`${folder}dist`, { recursive: true })
    for (const file of ['package.json', 'dist/index.cjs', 'dist/index.mjs'])
      copyIfChanged(`${root}${file}`, `${folder}${file}`)
    copyIfChanged(addon, `${folder}dist/holdfast.node`)
  }
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
const digits = (number) => number.toFixed(2).padStart(6)

/** Means over the child processes, in which each build has each place in the order of loading equally often. */
function report(rounds) {
  const builds = Object.keys(FOLDERS)
  for (const [row, { pointers }] of Object.entries(rounds[0])) {
    console.log(`\n${row}, ns a call      minimum   median`)
    const at = (round, build, what) => round[row][build][what]
    const line = (name, of) => console.log(`${name.padEnd(26)} ${digits(of('minimum'))}   ${digits(of('median'))}`)
    for (const build of builds) line(build, (what) => mean(rounds.map((round) => at(round, build, what))))
    for (const other of builds.slice(1)) {
      const gap = (what) => mean(rounds.map((round) => at(round, 'checked', what) - at(round, other, what)))
      line(`checked - ${other}`, gap)
      if (pointers > 1) line('  per pointer', (what) => gap(what) / pointers)
    }
  }
}

async function run(count) {
  await buildBoth()
  const library = buildFixture()
  const builds = Object.entries(FOLDERS)
  // What is loaded first is some nanoseconds faster, whatever it is.
  const rounds = Array.from({ length: count * builds.length }, (_, turn) => {
    const order = builds.map((_, i) => builds[(i + turn) % builds.length])
    const folders = JSON.stringify(Object.fromEntries(order))
    return JSON.parse(execFileSync(process.execPath, [CHILD, library, folders], { encoding: 'utf8' }))
  })
  report(rounds)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const count = Number(process.argv[2] ?? 5)
  if (Number.isInteger(count) && count > 0) await run(count)
  else console.error(USAGE)
}
