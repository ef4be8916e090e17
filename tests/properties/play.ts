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
  // To remove one step after the other, as fast-check does, takes longer than all the steps of a run.
  const details = await fc.check(fc.asyncProperty(sequences, runFresh), {
    numRuns,
    endOnFailure: true,
    ...(seed !== undefined && { seed }),
    ...(path !== undefined && { path }),
  })
  const found = details.counterexample && (await shortened(details.counterexample[0], details.errorInstance))
  stopCounting()
  if (found) throw new Error(named(found, details), { cause: found.error })
  return { before, after: await settled(before) }
}

interface Failure {
  readonly sequence: readonly Raw[]
  readonly error: unknown
}

/** Leaves out halves, quarters and less of what goes wrong without them too, and single steps until none can go. */
async function shortened(sequence: readonly Raw[], error: unknown): Promise<Failure> {
  let shortest: Failure = { sequence, error }
  for (let size = sequence.length >> 1, before = 0; size > 0; ) {
    before = shortest.sequence.length
    for (let at = 0; at < shortest.sequence.length; ) {
      const failure = await failureOf(shortest.sequence.toSpliced(at, size))
      if (failure) shortest = failure
      else at += size
    }
    if (size > 1) size >>= 1
    else if (shortest.sequence.length === before) size = 0
  }
  return shortest
}

async function failureOf(sequence: readonly Raw[]): Promise<Failure | undefined> {
  try {
    await runFresh(sequence)
    return undefined
  } catch (error) {
    return { sequence, error }
  }
}

/** What a sequence that went wrong came to, the names of its steps, and how it comes again. */
function named({ sequence, error }: Failure, { seed, counterexamplePath }: fc.RunDetails<[readonly Raw[]]>): string {
  const names = sequence.map(([kind]) => steps[kind]?.[0] ?? 'a step that waits')
  const replay = `FFI_PROPERTY_SEED=${seed} FFI_PROPERTY_PATH=${counterexamplePath}`
  return `${error}\nsteps: ${names.join(', ')}\n${JSON.stringify(sequence)}\nreplay: ${replay}`
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
