// Turns owned memory that a call may use when it is freed, and owned memory that is left to C, into releases at their time.
import { createPointer, DataType, define, funcConstructor, open, type Pointer, scope, unwrapPointer } from 'holdfast'
import { expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { balanced, boxes, c, malloc, newBox, plain } from './boxes.js'

const { External, I32, I64, Void } = DataType
const library = 'callbacks'
open({ library, path: fixturePath(library) })
const { add_after: add_after_code } = define({
  add_after: { library, retType: I64, paramsType: [External, External, I32] },
})
const { add_after } = define({
  add_after: { library, retType: I64, paramsType: [funcConstructor({ paramsType: [], retType: Void }), External, I32] },
})

it.each(Object.entries(boxes))(
  'releases memory owned through %s that a callback of the call with it has freed, when that has returned',
  (_, make) =>
    balanced(async () => {
      const before = c.live_count()
      const box = make(7)
      const beside = c.live_count() - 1 - before
      expect(Number(add_after(() => box.free(), box, 1))).toBe(8)
      await null
      expect(c.live_count() - before).toBe(beside)
    }),
)

it('releases memory that the last callback has freed, after it has freed itself', () =>
  balanced(async () => {
    const nothing = funcConstructor({ paramsType: [], retType: Void })
    const before = c.live_count()
    const box = newBox(7)
    const made: Pointer[] = createPointer({
      paramsType: [nothing],
      paramsValue: [
        () => {
          for (const pointer of [...made, box]) pointer.free()
        },
      ],
    })
    expect(Number(add_after_code(unwrapPointer(made)[0] ?? null, box, 1))).toBe(8)
    await null
    expect(c.live_count()).toBe(before)
  }))

it('leaves to C what leak was asked of, at the end of a scope and when it is disposed of, until it is freed', () =>
  balanced(() => {
    const [box, block] = scope(() => [boxes['a name']?.(3).leak(), malloc(16).leak()] as const)
    for (const left of [box, block]) {
      left?.[Symbol.dispose]()
      expect(left?.state).toBe('live')
      left?.free()
    }
  }))

it('forgets who took what was leaked before', () =>
  balanced(() => {
    for (let i = 0; i < 100; i++) c.block_take(malloc(16).leak())
    c.box_close(plain.box_new(1))
  }))
