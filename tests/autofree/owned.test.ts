// Turns lost pointers that own memory of C into one release each, at a moment when a release may be called.
import {
  close,
  counters,
  createExternalBuffer,
  createPointer,
  DataType,
  define,
  frees,
  funcConstructor,
  open,
  out,
  owned,
  type Pointer,
  PointerType,
  scope,
  unwrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { balanced, boxes, c, live, malloc, newBox, plain } from '../ownership/boxes.js'
import { collect, integer, liveLeft, most, turns } from './collecting.js'

const { External, I32, I64, Usize, Void } = DataType
const library = 'ownership'
const box = owned(External, 'box_free')

/** What a test must not lose by an optimisation of its own function. */
let held: unknown[] = []

/** Makes things in a function of its own, whose frame keeps nothing; holds what it returns. */
function hold(make: () => unknown): void {
  held.push(make())
}

/** As `balanced`, with how often memory was released meanwhile: by the library, on request, and by the collector. */
async function releasing(counts: [number, number, number], test: () => unknown): Promise<void> {
  const [released, { explicit, automatic }] = [c.release_count(), frees()]
  await balanced(async () => {
    await test()
    held = []
    expect(await liveLeft(0)).toBe(0)
  })
  const now = frees()
  expect([c.release_count() - released, now.explicit - explicit, now.automatic - automatic]).toEqual(counts)
}

describe.each(Object.entries(boxes))('memory owned through %s', (form, make) => {
  // Next to the field is a text that is copied and released at once; a place of `out` is a block that is freed.
  const texts = form.startsWith('a field') ? 1 : 0
  const places = form.includes('out') ? 1 : 0

  it('is released once when its pointer was collected, alone among its neighbours', () =>
    releasing([3 + 3 * texts, 3 * texts + 3 * places, 3], async () => {
      hold(() => [1, 2, 3].map((value) => make(value)).filter((_, i) => i !== 1))
      expect(await liveLeft(2)).toBe(2)
      expect((held[0] as Pointer[]).map((pointer) => c.box_value(pointer))).toEqual([1, 3])
    }))

  it('is released once, and counted as asked for, when it was freed, disposed of or ended with its scope', () =>
    releasing([3 + 3 * texts, 3 + 3 * texts + 3 * places, 0], async () => {
      hold(() => {
        make(1).free()
        make(2)[Symbol.dispose]()
        scope(() => make(3))
      })
      await turns()
    }))
})

describe('owned memory', () => {
  it.each<[string, (made: Pointer) => unknown]>([
    ['a pointer further in', (made) => made.at(4)],
    ['a pointer of known length', (made) => made.withLength(4)],
    ['a pointer that is lent', (made) => c.box_same(made)],
    ['a Buffer over it', (made) => createExternalBuffer(made, 4)],
    ['a block that it was written into', (made) => createPointer({ paramsType: [External], paramsValue: [made] })],
  ])('is kept by %s', (_, keeper) =>
    balanced(async () => {
      hold(() => keeper(newBox(1)))
      await turns()
      expect(live()).toBe(1)
      held = []
      expect(await liveLeft(0)).toBe(0)
    }),
  )

  it('that was leaked is not released by the collector nor by a scope, but by free()', () =>
    releasing([2, 3, 0], async () => {
      const { last_made } = define({
        last_made: { library, retType: Void, paramsType: [out(External)] },
      })
      hold(() => [scope(() => newBox(1).leak()), newBox(2).leak().address])
      await turns()
      expect(live()).toBe(2)
      const [kept, address] = held[0] as [Pointer, bigint]
      expect(c.box_value(kept)).toBe(1)
      kept.free()
      const [again] = last_made().out
      expect([again.address, again.allocator, c.box_value(again)]).toEqual([address, 'library', 2])
      again.free()
    }))

  it('is kept by a call on another thread, and released when that is over', () =>
    releasing([1, 0, 1], async () => {
      const { box_value_slowly } = define({
        box_value_slowly: { library, retType: I32, paramsType: [External, I32] },
      })
      const pending = (() => box_value_slowly.async([newBox(7), 100]))()
      await turns()
      expect(await pending).toBe(7)
    }))

  it('that a call on another thread returned is released when its pointer was collected', () =>
    releasing([1, 0, 1], async () => {
      const { box_new_slowly } = define({ box_new_slowly: { library, retType: box, paramsType: [I32, I32] } })
      await (async () => expect(c.box_value(await box_new_slowly.async([4, 1]))).toBe(4))()
    }))

  it('is released by a function of a library that was closed meanwhile', () =>
    releasing([1, 0, 1], () => {
      open({ library: 'closing', path: fixturePath('ownership') })
      define({ box_new: { library: 'closing', retType: box, paramsType: [I32] } }).box_new(1)
      close('closing')
    }))

  it('that was given away twice is released twice', () => releasing([2, 0, 2], () => void c.box_ref(newBox(5))))

  it('that C has taken over is not released', () =>
    releasing([1, 0, 0], async () => {
      hold(() => c.shelf_put(newBox(1)))
      await turns()
      expect(live()).toBe(1)
      c.shelf_empty()
    }))
})

describe('a release', () => {
  const { sum_i32 } = (() => {
    open({ library: 'callbacks', path: fixturePath('callbacks') })
    const ask = funcConstructor({ paramsType: [I32], retType: I32 })
    return define({ sum_i32: { library: 'callbacks', retType: I64, paramsType: [ask, I32] } })
  })()

  /** What a loop in need of memory does: makes boxes, whose calls release what was collected. */
  const crowd = () => {
    for (let i = 0; i < 300; i++) newBox(i)
    collect()
    for (let i = 0; i < 300; i++) newBox(i)
  }

  /** Boxes that the core knows to be lost, and has not released yet: blocks make it look, and release nothing. */
  const lost = () => {
    for (let i = 0; i < 300; i++) newBox(i)
    collect()
    for (let i = 0; i < 130; i++) integer().free()
  }

  it('is not called in a callback, whose call may use the memory, but after it', () =>
    balanced(async () => {
      const before = c.release_count()
      lost()
      sum_i32((value) => {
        crowd()
        expect(c.release_count()).toBe(before)
        return value
      }, 1)
      crowd()
      expect(c.release_count()).toBeGreaterThan(before)
      expect(await liveLeft(0)).toBe(0)
    }))

  it('is not called while the arguments of another call are read', () =>
    balanced(async () => {
      const before = c.release_count()
      lost()
      const value = {
        get ignored() {
          crowd()
          expect(c.release_count()).toBe(before)
          return 1
        },
      }
      createPointer({ paramsType: [{ ignored: I32 }], paramsValue: [value] })[0].free()
      crowd()
      expect(c.release_count()).toBeGreaterThan(before)
      expect(await liveLeft(0)).toBe(0)
    }))

  it('of JavaScript is called between turns of the event loop, not between two lines', () =>
    balanced(async () => {
      const released: number[] = []
      const make = define({
        box_new: {
          library,
          paramsType: [I32],
          retType: owned(External, (made) => {
            released.push(c.box_value(made))
            plain.box_free(made)
          }),
        },
      }).box_new
      for (let i = 0; i < 500; i++) make(i)
      collect()
      for (let i = 500; i < 1000; i++) make(i)
      expect(released).toEqual([])
      expect(await liveLeft(0)).toBe(0)
      expect(released.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    }))

  it('of JavaScript may make, call, free and lose what it likes', () =>
    balanced(async () => {
      let depth = 0
      const make: (value: number) => Pointer = define({
        box_new: {
          library,
          paramsType: [I32],
          retType: owned(External, (made) => {
            depth++
            const value = c.box_value(made)
            if (value > 1) {
              make(value - 1)
              make(1).free()
            }
            newBox(1)
            collect()
            expect(() => made.free()).toThrow()
            plain.box_free(made)
            expect(() => made.free()).toThrow()
          }),
        },
      }).box_new
      for (let i = 0; i < 5; i++) make(4)
      expect(await liveLeft(0)).toBe(0)
      expect(depth).toBe(5 * 7)
    }))

  it('by C may lead back into JavaScript, which may make, call, free and lose what it likes', () =>
    balanced(async () => {
      const told = funcConstructor({ paramsType: [I32], retType: Void })
      const loud = define({
        on_free: { library, retType: Void, paramsType: [told] },
        box_new: { library, retType: owned(External, 'box_free_loudly'), paramsType: [I32] },
      })
      const heard: number[] = []
      const listener = (value: number) => {
        heard.push(value)
        newBox(value).free()
        newBox(value)
        collect()
        const [block] = createPointer({ paramsType: [I32], paramsValue: [value] })
        expect(block.read(I32)).toBe(value)
        expect(sum_i32((i) => i, 3)).toBe(3)
        block.free()
      }
      const callback = createPointer({ paramsType: [told], paramsValue: [listener] })
      loud.on_free(unwrapPointer(callback)[0])
      for (let i = 0; i < 20; i++) loud.box_new(i)
      expect(await liveLeft(0)).toBe(0)
      loud.on_free(null as never)
      callback[0].free()
      expect(heard.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    }))
})

describe('a synchronous loop', () => {
  const { box_open } = define({ box_open: { library, retType: I32, paramsType: [I32, out(box)] } })

  it.each<[string, (i: number) => unknown]>([
    ['a function of a library', newBox],
    ['a function of define', boxes['a function of define'] as (i: number) => Pointer],
    ['a function of a library, out of a parameter', (i) => box_open(i)],
  ])('holds a fraction of the memory that it drops, released by %s', (_, make) =>
    balanced(async () => {
      expect(most(40_000, live, make)).toBeLessThan(20_000)
      expect(await liveLeft(0)).toBe(0)
    }),
  )

  it('holds a fraction of large blocks of malloc, because V8 knows of their bytes', () =>
    balanced(() => {
      const records = () => counters().records
      const before = records()
      expect(most(4000, records, () => malloc(1 << 20)) - before).toBeLessThan(2000)
    }))

  it('keeps what it keeps while others go', () =>
    balanced(async () => {
      const kept = Array.from({ length: 1000 }, (_, i) => newBox(i))
      most(20_000, live, newBox)
      expect(kept.every((pointer, i) => c.box_value(pointer) === i)).toBe(true)
      expect(await liveLeft(1000)).toBe(1000)
      for (const pointer of kept) pointer.free()
    }))
})

it('blocks of malloc owned for libc go with their pointers, each alone', () =>
  balanced(async () => {
    const { calloc } = define({
      calloc: { library: 'c', retType: owned(External, PointerType.CPointer), paramsType: [Usize, Usize] },
    })
    const { automatic } = frees()
    hold(() => Array.from({ length: 64 }, () => calloc(1, 8))[20])
    await turns()
    expect([frees().automatic - automatic, (held[0] as Pointer).read(I64)]).toEqual([63, 0])
    held = []
  }))
