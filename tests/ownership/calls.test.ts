// Turns calls on other threads, closed libraries, callbacks and ended workers into owned memory that is released once all the same.
import {
  close,
  createPointer,
  DataType,
  define,
  funcConstructor,
  inout,
  open,
  out,
  owned,
  unwrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { runThreads } from '../workers/threads.js'
import { balanced, c, code, newBox, plain } from './boxes.js'

const { External, I32, String: Text, Void } = DataType
const library = 'ownership'
const box = owned(External, 'box_free')
const slow = define({
  box_new_slowly: { library, retType: box, paramsType: [I32, I32] },
  box_value_slowly: { library, retType: I32, paramsType: [External, I32] },
  box_open: { library, retType: I32, paramsType: [I32, out(box)] },
  text_new: { library, retType: owned(Text, 'text_free'), paramsType: [I32] },
  double_in_place: { library, retType: Void, paramsType: [inout(I32)] },
})

describe('a call on another thread', () => {
  it('gives what is owned, and places', () =>
    balanced(async () => {
      const [made, opened, text, doubled] = await Promise.all([
        slow.box_new_slowly.async([3, 5]),
        slow.box_open.async([4]),
        slow.text_new.async([5]),
        slow.double_in_place.async([6]),
      ])
      expect([c.box_value(made), opened.value, c.box_value(opened.out[0]), text]).toEqual([3, 0, 4, 'text 5'])
      expect(doubled).toEqual({ value: undefined, out: [12] })
      made.free()
      opened.out[0].free()
    }))

  it('takes nothing over: ERR_FFI_SIGNATURE', () =>
    balanced(() => {
      const made = newBox(1)
      expect(() => c.shelf_put.async([made])).toThrow(code('ERR_FFI_SIGNATURE', { functionName: 'shelf_put' }))
      expect(c.box_value(made)).toBe(1)
      made.free()
    }))

  const loud = define({ box_new: { library, retType: owned(External, (it) => plain.box_free(it)), paramsType: [I32] } })
  it.each([
    ['a name', newBox],
    ['a function of JavaScript', loud.box_new],
  ])('keeps what it uses until it is over: released by %s', (_, make) =>
    balanced(async () => {
      const made = make(8)
      const [released, pending] = [c.release_count(), slow.box_value_slowly.async([made, 50])]
      made.free()
      expect(made.state).toBe('freed')
      expect(c.release_count()).toBe(released)
      expect(() => c.box_value(made)).toThrow(code('ERR_FFI_USE_AFTER_FREE'))
      expect(await pending).toBe(8)
      await null
      expect(c.release_count()).toBe(released + 1)
    }),
  )

  it('keeps what it uses from being handed over: ERR_FFI_NOT_OWNER', () =>
    balanced(async () => {
      const made = newBox(8)
      const pending = slow.box_value_slowly.async([made, 20])
      expect(() => c.shelf_put(made)).toThrow(code('ERR_FFI_NOT_OWNER', { position: 0 }))
      expect(await pending).toBe(8)
      expect(c.shelf_put(made)).toBe(1)
      c.shelf_empty()
    }))

  it('releases the places of what cannot begin', () =>
    balanced(async () => {
      const values = ['no number'] as never
      expect(() => slow.double_in_place.async(values)).toThrow(code('ERR_FFI_TYPE'))
      const aborted = slow.double_in_place.async([1], { signal: AbortSignal.abort(new Error('no')) })
      await expect(aborted).rejects.toThrow('no')
    }))
})

it('keeps a library loaded as long as it has memory to release, and refuses new calls', () =>
  balanced(() => {
    open({ library: 'closing', path: fixturePath('ownership') })
    const { box_new } = define({ box_new: { library: 'closing', retType: box, paramsType: [I32] } })
    const made = box_new(2)
    close('closing')
    expect(() => box_new(3)).toThrow(code('ERR_FFI_LIBRARY_CLOSED'))
    made.free()
    expect(made.state).toBe('freed')
  }))

it('finds the release again when its library was closed and opened', () =>
  balanced(() => {
    const { box_new } = define({ box_new: { library: 'again', retType: box, paramsType: [I32] } })
    for (let i = 0; i < 3; i++) {
      open({ library: 'again', path: fixturePath('ownership') })
      const made = box_new(i)
      expect(c.box_value(made)).toBe(i)
      made.free()
      close('again')
    }
  }))

describe('a release that calls JavaScript back', () => {
  const told = funcConstructor({ paramsType: [I32], retType: Void })
  const loud = define({
    on_free: { library, retType: Void, paramsType: [told] },
    box_new: { library, retType: owned(External, 'box_free_loudly'), paramsType: [I32] },
  })

  const listening = (listener: (value: number) => unknown, act: () => void) => {
    const callback = createPointer({ paramsType: [told], paramsValue: [listener] })
    try {
      loud.on_free(unwrapPointer(callback)[0])
      act()
    } finally {
      loud.on_free(null)
      callback[0].free()
    }
  }

  it('is a call like any other', () =>
    balanced(() => {
      const heard: number[] = []
      const [before, made] = [c.live_count(), loud.box_new(31)]
      listening(
        (value) => heard.push(value, c.live_count()),
        () => made.free(),
      )
      expect(heard).toEqual([31, before + 1])
    }))

  it('releases, and throws what the callback has thrown', () =>
    balanced(() => {
      const made = loud.box_new(1)
      const listener = () => {
        throw new RangeError('heard')
      }
      listening(listener, () => expect(() => made.free()).toThrow(new RangeError('heard')))
      expect(made.state).toBe('freed')
    }))
})

it('releases what a worker leaves behind when it ends', async () => {
  const worker = `
    const { owned, PointerType } = await import(${JSON.stringify('MODULE')})
    open({ library: 'ownership', path: ${JSON.stringify(fixturePath('ownership'))} })
    open({ library: 'c', path: '' })
    const lib = define({
      box_new: { library: 'ownership', retType: owned(External, 'box_free'), paramsType: [I32] },
      malloc: { library: 'c', retType: owned(External, PointerType.CPointer), paramsType: [U64] },
    })
    for (let i = 0; i < 10; i++) { lib.box_new(i); lib.malloc(100) }
    lib.box_new(10).free()
  `
  const main = `
    open({ library: 'ownership', path: ${JSON.stringify(fixturePath('ownership'))} })
    const counts = { library: 'ownership', retType: I32, paramsType: [] }
    const c = define({ live_count: counts, release_count: counts })
    const ended = startWorker()
    await once(ended, 'exit')
    console.log(JSON.stringify([c.live_count(), c.release_count()]))
  `
  const module = new URL('../../dist/index.mjs', import.meta.url).href
  const { lines, stderr } = await runThreads(main, worker.replace('MODULE', module))
  expect({ lines, stderr }).toEqual({ lines: ['[0,11]'], stderr: '' })
})
