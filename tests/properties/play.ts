// Turns a number of steps and a seed into random sequences, and a sequence that goes wrong into a short one that is replayed.
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { type Counters, counters } from 'holdfast'
import { collect } from '../autofree/collecting.js'
import { ASYNC_SCOPE, COLLECT, done, type Raw, runFresh, SETTLE } from './sequence.js'
import { steps } from './steps/index.js'

const LENGTH = 250

const kinds = fc.oneof(
  { weight: 320, arbitrary: fc.nat(steps.length - 1) },
  { weight: 6, arbitrary: fc.constant(SETTLE) },
  { weight: 4, arbitrary: fc.constant(ASYNC_SCOPE) },
  { weight: 1, arbitrary: fc.constant(COLLECT) },
)
const number = fc.nat(0xffff)
const sequences: fc.Arbitrary<readonly Raw[]> = fc.array(fc.tuple(kinds, number, number, number, number), {
  minLength: 1,
  maxLength: LENGTH,
  size: 'max',
})

/** What is played, and from where; a path leads to one sequence, and further to a shorter one. */
export interface Plan {
  readonly steps: number
  readonly seed?: number | undefined
  readonly path?: string | undefined
}

/** What is held besides what is compiled once, when nothing is left of what was played. */
type Held = Omit<Counters, 'functions' | 'plans' | 'layouts'>

function held(): Held {
  const { functions, plans, layouts, ...rest } = counters()
  return rest
}

/** Released callbacks that C calls are warnings, which the model counts. */
function countWarnings(): () => void {
  const listeners = process.listeners('warning')
  const note = ({ name }: Error) => {
    if (name === 'FfiWarning') done.warnings++
  }
  process.removeAllListeners('warning')
  process.on('warning', note)
  return () => {
    process.off('warning', note)
    for (const listener of listeners) process.on('warning', listener)
  }
}

/** What the collector frees is freed some time later. */
async function settled(before: Held): Promise<Held> {
  for (let attempt = 0; attempt < 50 && held().records > before.records; attempt++) {
    collect()
    await turn()
  }
  return held()
}

/**
 * Plays sequences of so many steps together.
 * @returns what was held before and after
 * @throws Error with the shortest sequence that went wrong, and how it is replayed
 */
export async function play({ steps: wanted, seed, path }: Plan): Promise<{ before: Held; after: Held }> {
  const before = held()
  const stopCounting = countWarnings()
  // Lengths are spread from 1 on.
  const numRuns = Math.ceil((2 * wanted) / LENGTH)
  const details = await fc.check(fc.asyncProperty(sequences, runFresh), {
    numRuns,
    ...(seed !== undefined && { seed }),
    ...(path !== undefined && { path }),
  })
  stopCounting()
  if (details.failed) {
    throw new Error(`${fc.defaultReportMessage(details)}\n${named(details)}`, { cause: details.errorInstance })
  }
  return { before, after: await settled(before) }
}

/** What a sequence that went wrong came to, the names of its steps, and how it comes again. */
function named(details: fc.RunDetails<[sequence: readonly Raw[]]>): string {
  const { counterexample, errorInstance, seed, counterexamplePath } = details
  const names = (counterexample?.[0] ?? []).map(([kind]) => steps[kind]?.[0] ?? 'a step that waits')
  const replay = `FFI_PROPERTY_SEED=${seed} FFI_PROPERTY_PATH=${counterexamplePath}`
  return `${errorInstance}\nsteps: ${names.join(', ')}\nreplay: ${replay}`
}

/** What the environment asks for. */
export function planned(steps: number): Plan {
  const { FFI_PROPERTY_STEPS, FFI_PROPERTY_SEED, FFI_PROPERTY_PATH } = process.env
  return {
    steps: Number(FFI_PROPERTY_STEPS ?? steps),
    ...(FFI_PROPERTY_SEED !== undefined && { seed: Number(FFI_PROPERTY_SEED) }),
    ...(FFI_PROPERTY_PATH !== undefined && { path: FFI_PROPERTY_PATH }),
  }
}

export { done }
