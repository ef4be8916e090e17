// Turns what was asked for into tasks: tools x (scenarios x engines, planted faults, test programs of the core).
import { readdirSync } from 'node:fs'
import { folderOf, root } from './builds.mjs'
import { CORE_TOOLS, corePrograms } from './core.mjs'
import { FAULTS } from './faults.mjs'
import { TOOLS } from './tools/index.mjs'

export const ENGINES = ['direct', 'libffi']
const scenarioFolder = `${root}memtests/scenarios/`

export const SCENARIOS = readdirSync(scenarioFolder)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -'.mjs'.length))
  .sort()

/** Workers take long to start: as many as a bound on the slope needs. */
const fewer = ({ n, warmUp, rounds }) => ({ n, warmUp: Math.ceil(warmUp / 3), rounds: Math.ceil(rounds / 2) })

async function scenarioTasks({ tool, engines, budget, wanted }) {
  const tasks = []
  for (const name of SCENARIOS.filter((scenario) => wanted(scenario))) {
    const scenario = `${scenarioFolder}${name}.mjs`
    const { probes = false, variants = {}, startsWorkers = false, tools = [tool] } = await import(scenario)
    if (!tools.includes(tool)) continue
    const { budgets, slope, build } = TOOLS[tool]
    const turns = startsWorkers ? fewer(budgets[budget]) : budgets[budget]
    const job = { build: folderOf(build), scenario, slope, startsWorkers, ...turns }
    for (const [variant, env] of Object.entries({ '': {}, ...variants })) {
      const title = variant ? `${name} ${variant}` : name
      for (const engine of engines) tasks.push({ kind: 'scenario', tool, engine, name: title, probes, job, env })
    }
  }
  return tasks
}

/** Mistakes that a tool survives are made in one process; else, and of scenarios, each has its own. */
function batches(tool, faults) {
  const alone = faults.filter(({ by }) => by === 'scenario' || !TOOLS[tool].goesOn)
  const together = faults.filter((fault) => !alone.includes(fault))
  const makers = new Set(together.map(({ by }) => by))
  return [...alone.map((fault) => [fault]), ...Array.from(makers, (maker) => together.filter(({ by }) => by === maker))]
}

function faultTasks({ tool, budget, wanted }) {
  const { budgets, slope, build } = TOOLS[tool]
  const claimed = FAULTS.filter(({ by, name, claims }) => {
    return Object.hasOwn(claims, tool) && (wanted(`${by}:${name}`) || wanted('faults'))
  })
  return batches(tool, claimed).map((faults) => {
    const [{ by, name }] = faults
    const planted = { scenario: `${root}memtests/planted/${name}.mjs`, slope }
    const mistakes = { faults: faults.map((fault) => [fault.by, fault.name]) }
    const job = { build: folderOf(build), ...budgets[budget], ...(by === 'scenario' ? planted : mistakes) }
    return { kind: 'fault', tool, engine: 'direct', name: by, faults, job }
  })
}

/** Tests that a tool makes wrong, with the reason. */
const UNTRUE = {
  // Thread-local memory lies in the heap, which is executable under valgrind: it could be code then.
  valgrind: ['sys::dl::kind::tests::thread_local_variables_are_data'],
}

const skipped = (tool) => (UNTRUE[tool] ?? []).flatMap((test) => ['--skip', test])

function coreTasks({ tool, wanted }) {
  if (!CORE_TOOLS.includes(tool) || !wanted('core')) return []
  return corePrograms(tool).map(({ name, program }) => ({
    kind: 'core',
    tool,
    engine: 'both',
    name,
    program,
    args: skipped(tool),
  }))
}

/** All tasks of a tool. `scenario` keeps to one scenario, one fault (`c:leak`), all `faults`, or the `core`. */
export async function planTool({ tool, engines, budget, scenario }) {
  const wanted = (name) => scenario === undefined || scenario === name
  const asked = { tool, engines, budget, wanted }
  return [...(await scenarioTasks(asked)), ...faultTasks(asked), ...coreTasks(asked)]
}
