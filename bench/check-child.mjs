// Turns both builds, loaded into one process, into times of calls in short loops that take turns.
import { createRequire } from 'node:module'

const [library, folders] = process.argv.slice(2)
const TURNS = 300
const CALLS = 20_000
const require = createRequire(import.meta.url)

/** Each row its own loop, compiled for each build, so that none sees the other's functions. */
const rows = {
  'one pointer': { pointers: 1, name: 'is_base', call: 'fn(p)' },
  'six pointers': { pointers: 6, name: 'are_base', call: 'fn(p, p, p, p, p, p)' },
}

function loopsOf(folder) {
  const { DataType, define, open } = require(folder)
  open({ library: 'bench', path: library })
  const of = (retType, count) => ({ library: 'bench', retType, paramsType: Array(count).fill(DataType.External) })
  const { External, I32 } = DataType
  const bound = define({ base_ptr: of(External, 0), is_base: of(I32, 1), are_base: of(I32, 6) })
  const pointer = bound.base_ptr()
  return Object.values(rows).map(({ name, call }) => {
    const loop = new Function('fn', 'p', 'n', `let sum = 0; for (let i = 0; i < n; i++) sum += ${call}; return sum`)
    return () => loop(bound[name], pointer, CALLS)
  })
}

function time(loop) {
  const start = process.hrtime.bigint()
  if (loop() !== CALLS) throw new Error('C got other pointers')
  return Number(process.hrtime.bigint() - start) / CALLS
}

const builds = Object.entries(JSON.parse(folders)).map(([name, folder]) => ({ name, loops: loopsOf(folder) }))
const has = (name) => 'uncheckedPointers' in require(`${JSON.parse(folders)[name]}dist/holdfast.node`)
if (has('checked') || !has('unchecked')) throw new Error('the builds are not what their folders say')

const result = {}
for (const [i, [row, { pointers }]] of Object.entries(rows).entries()) {
  const times = Object.fromEntries(builds.map(({ name }) => [name, []]))
  for (let turn = 0; turn < TURNS; turn++) {
    const order = builds.map((_, i) => builds[(i + turn) % builds.length])
    for (const { name, loops } of order) times[name].push(time(loops[i]))
  }
  result[row] = { pointers }
  for (const [name, all] of Object.entries(times)) {
    // The first third is for the compilers.
    const sorted = all.slice(TURNS / 3).sort((a, b) => a - b)
    result[row][name] = { minimum: sorted[0], median: sorted[sorted.length >> 1] }
  }
}
console.log(JSON.stringify(result))
