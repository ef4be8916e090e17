// Turns the fixture of callbacks into what the tests of this folder share: an open library, and what is held before and after.
import { counters, DataType, funcConstructor, open } from 'holdfast'
import { afterEach, beforeEach, expect } from 'vitest'
import { fixturePath } from '../fixture.js'

export const library = 'callbacks'

open({ library, path: fixturePath('callbacks') })

/** `int32_t (*)(int32_t)` */
export const intToInt = funcConstructor({ paramsType: [DataType.I32], retType: DataType.I32 })

/** Checks after each test that no callback and no block is left. */
export function keepsBaseline(): void {
  let before: readonly number[] = []
  const held = () => {
    const { callbacks, blocks, blockBytes } = counters()
    return [callbacks, blocks, blockBytes]
  }
  beforeEach(() => {
    before = held()
  })
  afterEach(() => {
    expect(held()).toEqual(before)
  })
}

/** The code of the error that something throws. */
export function codeOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return 'nothing was thrown'
}
