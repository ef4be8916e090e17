// Turns one scenario or planted fault into a process: `node --expose-gc child.mjs '{"build":..., "scenario":...}'`.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { clean, differences, settle, stable } from './settle.mjs'
import { growth } from './slope.mjs'

const task = JSON.parse(process.argv[2])
const load = (path) => import(pathToFileURL(path).href)
const ffi = await load(`${task.build}dist/index.mjs`)
const libraryPath = (topic) => `${task.build}lib${topic}.so`

/** What a scenario is given. `n` is how often a loop of cheap operations turns. */
const context = { ffi, build: task.build, n: task.n, libraryPath, gc: globalThis.gc }

/** Opens a fixture for the whole process and makes functions of it. */
context.bind = (topic, functions) => {
  ffi.open({ library: topic, path: libraryPath(topic) })
  const described = Object.entries(functions).map(([name, [retType, ...paramsType]]) => {
    return [name, { library: topic, retType, paramsType }]
  })
  return ffi.define(Object.fromEntries(described))
}

/**
 * V8 gives pages of its heap back when it likes, which hides what others take: its heap is looked at by itself, and not
 * where workers are started. Each of them leaves some 200 bytes there for ever, in a process without Holdfast too.
 */
const SIZES = {
  'the resident size outside the JavaScript heap': ({ rss, heapTotal }) => rss - heapTotal,
  ...(task.startsWorkers ? {} : { 'the JavaScript heap in use': ({ heapUsed }) => heapUsed }),
}

/** Runs rounds. @returns the growth of the process over them, by what is measured. */
async function measure(round) {
  const usages = []
  for (let i = 0; i < task.rounds; i++) {
    await round()
    await clean()
    usages.push(process.memoryUsage())
  }
  if (!task.slope) return {}
  return Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, growth(usages.map(size))]))
}

const grows = ({ bound }) => bound > 0
const smaller = (a, b) => (a.bound < b.bound ? a : b)

/** Runs the rounds of a scenario. @returns what is wrong, and the growth of the process. */
async function rounds({ setUp }) {
  const round = await setUp(context)
  // What is made once (compiled types, caches, tables that grow) is there after the first rounds.
  for (let i = 0; i < task.warmUp; i++) {
    await round()
    await clean()
  }
  const baseline = await stable(ffi.counters)
  let slopes = await measure(round)
  // Of a hundred bounds of 99.9% one is wrong in every tenth run of them all: what leaks does so again.
  if (Object.values(slopes).some(grows)) {
    const again = await measure(round)
    // The smaller of both: it is above zero only if both are.
    slopes = Object.fromEntries(Object.entries(again).map(([name, its]) => [name, smaller(its, slopes[name])]))
  }
  const problems = differences(baseline, await settle(ffi.counters, baseline))
  for (const [name, its] of Object.entries(slopes).filter(([, its]) => grows(its))) {
    problems.push(`${name} grows by ${Math.round(its.slope)} bytes a round, surely by ${Math.round(its.bound)}`)
  }
  return task.slope ? { problems, slopes } : { problems }
}

/** Makes a mistake of C, of the core, or of C in a block of Holdfast's, and ends as if nothing had been. */
function plant([by, name]) {
  if (by === 'core') return createRequire(import.meta.url)(`${task.build}dist/holdfast.node`).plantFault(name)
  const { Void, External, I64 } = ffi.DataType
  const symbol = `fault_${name.replaceAll('-', '_')}`
  if (by === 'c') return context.bind('faults', { [symbol]: [Void] })[symbol]()
  const inBlock = symbol.replace('fault_', 'fault_block_')
  const [block] = ffi.createPointer({ paramsType: [I64], paramsValue: [1n] })
  context.bind('faults', { [inBlock]: [Void, External, I64] })[inBlock](block, 8)
  block.free()
}

for (const fault of task.faults ?? []) plant(fault)
const outcome = task.faults ? { problems: [] } : await rounds(await load(task.scenario))
// At its natural end Node disposes what JavaScript held, so that a leaked address is found nowhere.
console.log(`@memtest ${JSON.stringify(outcome)}`)
