// Turns pointers that a program loses, or finds again after that, into the matrix's answers.
import { setImmediate as turn } from 'node:timers/promises'
import { counters, createPointer, DataType, frees, type Pointer } from 'holdfast'
import { expect } from 'vitest'
import { row } from './row.js'

const { I32, String: Text } = DataType

const create = (value: number): Pointer => createPointer({ paramsType: [I32], paramsValue: [value] })[0]

/** Collects until it holds; the test's time is the limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    // What was found through a weak reference stays until the turn is over.
    await turn()
    counters()
    globalThis.gc?.()
  }
}

const COUNT = 300

/** Those that are there still have each its own value. A function of its own, so that no frame keeps what it has found. */
function checkFound(weak: readonly WeakRef<Pointer>[]): void {
  weak.forEach((reference, i) => {
    const pointer = reference.deref()
    if (pointer !== undefined) expect(pointer.read(I32)).toBe(i)
  })
}

/** Found again through weak references while the collector works; gone in the end. */
async function derefUntilGone(): Promise<void> {
  const { automatic } = frees()
  const weak = Array.from({ length: COUNT }, (_, i) => new WeakRef(create(i)))
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.()
    checkFound(weak)
    await turn()
    checkFound(weak)
  }
  await until(() => frees().automatic >= automatic + COUNT)
  expect(weak.every((reference) => reference.deref() === undefined)).toBe(true)
}

/** Handed on by a finalizer: as what the registry holds, and as a part of a block whose own pointer is gone. */
async function reviveInFinalizer(): Promise<void> {
  const { automatic } = frees()
  const revived: Pointer[] = []
  const registry = new FinalizationRegistry((pointer: Pointer) => revived.push(pointer))
  const lose = () => {
    registry.register(Object.assign(Object.create(null), { big: new Array(1000) }), create(5))
    const whole = create(6)
    registry.register(whole, whole.at(0))
  }
  lose()
  await until(() => revived.length === 2)
  globalThis.gc?.()
  await turn()
  expect(frees().automatic).toBe(automatic)
  expect(revived.map((pointer) => pointer.read(I32)).sort()).toEqual([5, 6])
  revived.length = 0
  await until(() => frees().automatic >= automatic + 2)
}

row('resurrect', {
  async misuse() {
    await derefUntilGone()
    await reviveInFinalizer()
  },
  legitimate: () => create(1).free(),
})

const ROUNDS = 30_000
const KIBIBYTE = 'x'.repeat(1024)

row('21', {
  async misuse() {
    const before = { frees: frees().automatic, blocks: counters().blocks }
    let most = 0
    for (let i = 0; i < ROUNDS; i++) {
      createPointer({ paramsType: [Text], paramsValue: [KIBIBYTE] })
      // No turn of the event loop: nothing that waits for one runs.
      if (i % 1000 === 999) most = Math.max(most, counters().blocks)
    }
    expect(most).toBeLessThan(ROUNDS / 2)
    await until(() => counters().blocks <= before.blocks)
    expect(frees().automatic).toBeGreaterThanOrEqual(before.frees + ROUNDS)
  },
  legitimate: () => create(1).free(),
})
