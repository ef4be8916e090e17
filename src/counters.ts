// Turns the core's counts into what tests and programs watch: all return to their baseline when everything is released.

import { native } from './native.js'
import { startCohort } from './pointer/cohort.js'
import './pointer/reclaim.js'

/** How much this environment holds. */
export interface Counters {
  /** Records of memory that pointers name, borrowed ones included. */
  readonly records: number
  /** Blocks that `createPointer` and `wrapPointer` made and that were not freed. */
  readonly blocks: number
  /** Their bytes. */
  readonly blockBytes: number
  /** Open libraries. */
  readonly libraries: number
  /** Bound functions. */
  readonly functions: number
  /** Compiled signatures. */
  readonly plans: number
  /** Compiled types. */
  readonly layouts: number
  /** Asynchronous calls whose promises are not settled. */
  readonly asyncCalls: number
  /** How often they pin memory that pointers name. */
  readonly pins: number
  /** Callbacks that C may call: those of running calls, and those of `createPointer` that nobody freed. */
  readonly callbacks: number
}

/** Counts what is held. Records, blocks and owned memory go some time after their pointers were collected. */
export function counters(): Counters {
  startCohort()
  const [records, blocks, blockBytes, libraries, functions, plans, layouts, asyncCalls, pins, callbacks] =
    native.counters() as [number, number, number, number, number, number, number, number, number, number]
  return { records, blocks, blockBytes, libraries, functions, plans, layouts, asyncCalls, pins, callbacks }
}

/** How often this environment has freed memory so far. */
export interface Frees {
  /** On request: `free`, `freePointer`, disposal, the end of a scope. */
  readonly explicit: number
  /** Because the last pointer into it was collected. Many of them say that the program leans on the collector. */
  readonly automatic: number
}

/** Counts frees, those that were asked for and those that the collector brought. */
export function frees(): Frees {
  const [explicit, automatic] = native.frees() as [number, number]
  return { explicit, automatic }
}
