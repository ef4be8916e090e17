// Turns the sources into the verdicts of the static checks: lint, format, types, layers; `npm run check`.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const node = (...args) => [process.execPath, ...args]
const tsc = (project) => node('node_modules/typescript/bin/tsc', '-p', project, '--noEmit')

/** The first makes what the others read: types are checked against the built package. */
const STEPS = {
  'the package builds': node('.ci/bootstrap.mjs', 'build'),
  'biome check': node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
  'tsc, src': tsc('.'),
  'tsc, tests': tsc('tests'),
  'types resolve': node('.ci/resolution.mjs'),
  'cargo fmt': ['cargo', 'fmt', '--all', '--check'],
  'cargo fmt, fuzz targets': ['cargo', 'fmt', '--check', '--manifest-path', 'native/core/fuzz/Cargo.toml'],
  'cargo clippy': ['cargo', 'clippy', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings'],
  layers: node('.ci/layers.mjs'),
  workflows: node('.ci/workflows.mjs'),
  suppressions: node('memtests/suppressions/check.mjs'),
  'layers self-test': node('.ci/layers.mjs', '--self-test'),
}

function passes([name, [program, ...args]]) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) console.error(error.message)
  console.log(`holdfast: ${status === 0 ? 'ok' : 'FAILED'}  ${name}`)
  return status === 0
}

const verdicts = Object.entries(STEPS).map(passes)
const passed = verdicts.filter(Boolean).length
const failed = verdicts.length - passed
mkdirSync(`${root}.ci/results`, { recursive: true })
writeFileSync(`${root}.ci/results/checks.json`, JSON.stringify({ passed, failed }))
console.log(`holdfast: ${passed} checks passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
