// Turns "some time after they were collected" into a moment that tests can wait for.
import { setImmediate as turn } from 'node:timers/promises'
import { counters, createPointer, DataType, type Pointer } from 'holdfast'
import { live } from '../ownership/boxes.js'

export function collect(): void {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('run with --expose-gc')
  gc()
}

/** How many blocks are left when everything that can go has gone, or as soon as there are `wanted`. */
export async function blocksLeft(wanted: number): Promise<number> {
  for (let attempt = 0; attempt < 20 && counters().blocks !== wanted; attempt++) {
    collect()
    await turn()
  }
  return counters().blocks
}

/** Blocks left after several collections, for what must not go. */
export async function blocksKept(): Promise<number> {
  for (let attempt = 0; attempt < 4; attempt++) {
    counters()
    collect()
    await turn()
  }
  return counters().blocks
}

/** A block for an i32. */
export function integer(value = 1): Pointer {
  return createPointer({ paramsType: [DataType.I32], paramsValue: [value] })[0]
}

/** A block that points to another. */
export function pointerTo(target: Pointer | null): Pointer {
  return createPointer({ paramsType: [DataType.External], paramsValue: [target] })[0]
}

/** Collections with turns of the event loop between them, for what must not go. */
export async function turns(): Promise<void> {
  for (let attempt = 0; attempt < 6; attempt++) {
    counters()
    collect()
    await turn()
  }
}

/** How many boxes C has not got back when everything that can go has gone, or as soon as there are `wanted`. */
export async function liveLeft(wanted: number): Promise<number> {
  for (let attempt = 0; attempt < 40 && live() !== wanted; attempt++) {
    collect()
    await turn()
  }
  return live()
}

/** The most that `count` gave while `body` ran so often, in one go. */
export function most(rounds: number, count: () => number, body: (i: number) => void): number {
  let found = 0
  for (let i = 0; i < rounds; i++) {
    body(i)
    if (i % 256 === 0) found = Math.max(found, count())
  }
  return found
}
