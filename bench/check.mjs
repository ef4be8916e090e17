// Turns two builds of the addon, one of them without the checks of pointer arguments, into what these checks cost a call.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { copyIfChanged, runCargo } from '../native/build.mjs'
import { buildSource } from '../src/build.mjs'
import { buildFixture } from './build.mjs'

const USAGE = `node bench/check.mjs [child processes, default 9]
For a machine with other work: nice -n -20 node bench/check.mjs`

const root = fileURLToPath(new URL('..', import.meta.url))
const CHILD = fileURLToPath(new URL('check-child.mjs', import.meta.url))

/** Where the package with the addon of each build goes. */
export const FOLDERS = {
  checked: `${root}bench/fixture/build/checked/`,
  unchecked: `${root}bench/fixture/build/unchecked/`,
}

/** Builds both packages from this tree with the release profile. */
export async function buildBoth() {
  await buildSource()
  const flags = { checked: [], unchecked: ['--features', 'bench-unchecked'] }
  for (const [name, folder] of Object.entries(FOLDERS)) {
    const addon = runCargo('release', { flags: flags[name] })
    mkdirSync(`${folder}dist`, { recursive: true })
    for (const file of ['package.json', 'dist/index.cjs', 'dist/index.mjs'])
      copyIfChanged(`${root}${file}`, `${folder}${file}`)
    copyIfChanged(addon, `${folder}dist/holdfast.node`)
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const digits = (number) => number.toFixed(2).padStart(6)

function report(rounds) {
  console.log('ns a call          checked           unchecked         difference, per pointer')
  console.log('             minimum  median    minimum  median    of minima  of medians')
  for (const [row, { pointers }] of Object.entries(rounds[0])) {
    const of = (build, what) => median(rounds.map((round) => round[row][build][what]))
    const gap = (what) => median(rounds.map(({ [row]: { checked, unchecked } }) => checked[what] - unchecked[what]))
    const times = ['checked', 'unchecked'].map(
      (build) => `${digits(of(build, 'minimum'))}  ${digits(of(build, 'median'))}`,
    )
    const gaps = ['minimum', 'median'].map((what) => digits(gap(what) / pointers))
    console.log(`${row.padEnd(13)} ${times.join('     ')}     ${gaps.join('     ')}`)
  }
}

async function run(count) {
  await buildBoth()
  const library = buildFixture()
  const child = () =>
    JSON.parse(execFileSync(process.execPath, [CHILD, library, JSON.stringify(FOLDERS)], { encoding: 'utf8' }))
  report(Array.from({ length: count }, child))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const count = Number(process.argv[2] ?? 9)
  if (Number.isInteger(count) && count > 0) await run(count)
  else console.error(USAGE)
}
