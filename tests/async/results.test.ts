// Turns asynchronous calls of every kind into the results that the same calls give here and now.
import { close, DataType, load, open } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { refusal } from '../calls/caller.js'
import { fixturePath } from '../fixture.js'
import { held } from '../misuse/baseline.js'
import { c, item } from './calls.js'

const { I32, String: Text } = DataType

describe('an asynchronous call', () => {
  it('gives a promise of the result', async () => {
    const promise = c.add.async([2, 3])
    expect(promise).toBeInstanceOf(Promise)
    expect(await promise).toBe(5)
  })

  it.each([
    ['scalars of several registers', () => c.mix.async([0.5, 0.25, 2 ** 40, 7]), 2 ** 40 + 7.75],
    ['a string that C allocates and the call frees', () => c.join.async(['grüße, ', '🪐']), 'grüße, 🪐'],
    ['a string in the data of the library', () => c.constant_text.async([1]), 'text of the library'],
    ['a string that is its own argument', () => c.same_text.async(['in the frame']), 'in the frame'],
    ['NULL for a string', () => c.same_text.async([null]), null],
    ['a struct behind a pointer', () => c.make_item.async([2]), { id: 2, name: 'two', weights: [2, 4, 6] }],
    ['a struct as argument', () => c.weigh.async([{ id: 1, name: 'four', weights: [1, 2, 3] }, 1]), 10],
    ['nothing', () => c.log_clear.async([]), undefined],
  ])('carries %s', async (_what, call, result) => {
    expect(await call()).toEqual(result)
  })

  it('carries arguments and results too large for the call stack', async () => {
    const long = 'x'.repeat(3_000_000)
    expect(await c.join.async([long, 'y'])).toBe(`${long}y`)
  })

  it('runs on another thread', async () => {
    expect(await c.thread_id.async([])).not.toBe(c.thread_id())
  })

  it('leaves this thread free meanwhile', async () => {
    const events: string[] = []
    const call = c.sleep_and_return.async([60, 1]).then(() => events.push('call'))
    await new Promise<void>((resolve) => setImmediate(resolve)).then(() => events.push('turn'))
    await call
    expect(events).toEqual(['turn', 'call'])
  })

  it('has the errno of its own call', async () => {
    const results = await Promise.all([
      c.fail_with.async([2, 20]),
      c.fail_with.async([13, 5]),
      c.fail_with.async([0, 1]),
    ])
    expect(results.map(({ errnoCode, value }) => [errnoCode, value])).toEqual([
      [2, -1],
      [13, -1],
      [0, -1],
    ])
    expect(results[1]?.errnoMessage).toMatch(/^Permission denied/)
  })

  it('is made by load and define with runInNewThread', async () => {
    const description = { library: 'async', retType: I32, paramsType: [I32, I32], runInNewThread: true } as const
    expect(await load({ ...description, funcName: 'add', paramsValue: [20, 22] })).toBe(42)
    const { define } = await import('holdfast')
    const { add } = define({ add: description })
    const all: number[] = await Promise.all([add(1, 2), add([3, 4]), add.async([5, 6])])
    expect(all).toEqual([3, 7, 11])
  })

  it('is one of load only where it is asked for', async () => {
    const params = {
      library: 'async',
      funcName: 'add',
      retType: I32,
      paramsType: [I32, I32],
      paramsValue: [1, 2],
    } as const
    expect(load({ ...params, runInNewThread: false })).toBe(3)
    expect(await load({ ...params, runInNewThread: true })).toBe(3)
    expect(load(params)).toBe(3)
  })

  it('gives a pointer that is expired for an address in its own frame', async () => {
    const { define } = await import('holdfast')
    const { same } = define({ same: { library: 'async', retType: DataType.External, paramsType: [Text] } })
    const pointer = await same.async(['gone when the call is over'])
    expect(pointer.state).toBe('freed')
    expect(() => pointer.read(DataType.U8)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
  })

  it('refuses bad arguments at once', () => {
    const before = held()
    expect(() => c.add.async([1] as never)).toThrow(refusal('ERR_FFI_ARITY', { functionName: 'add' }))
    expect(() => c.add.async([1, 'two'] as never)).toThrow(
      refusal('ERR_FFI_TYPE', { functionName: 'add', position: 1 }),
    )
    expect(() => c.add.async(1 as never)).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'add' }))
    expect(() => c.weigh.async([{ ...{ id: 1, name: 'a' }, weights: ['x'] }, 0] as never)).toThrow(
      refusal('ERR_FFI_TYPE', { functionName: 'weigh', position: 0, path: '.weights[0]' }),
    )
    expect(() =>
      load({
        library: 'async',
        funcName: 'add',
        retType: I32,
        paramsType: [I32, I32],
        paramsValue: [null, 1] as never,
        runInNewThread: true,
      }),
    ).toThrow(refusal('ERR_FFI_TYPE', { functionName: 'add', position: 0 }))
    expect(held()).toEqual(before)
  })

  it('refuses what is not in the library, and closed libraries, at once', async () => {
    const { define } = await import('holdfast')
    open({ library: 'async closed', path: fixturePath('async') })
    const of = { library: 'async closed', retType: I32, paramsType: [I32, I32] } as const
    const { add, absent } = define({ add: of, absent: of })
    expect(() => absent.async([1, 2])).toThrow(refusal('ERR_FFI_SYMBOL_NOT_FOUND', { functionName: 'absent' }))
    expect(await add.async([1, 2])).toBe(3)
    close('async closed')
    expect(() => add.async([1, 2])).toThrow(refusal('ERR_FFI_LIBRARY_CLOSED', { functionName: 'add' }))
  })

  it('rejects when the result cannot be decoded', async () => {
    const { define } = await import('holdfast')
    const { same } = define({ same: { library: 'async', retType: item, paramsType: [DataType.U64] } })
    await expect(same.async([8])).rejects.toThrow(refusal('ERR_FFI_BAD_ADDRESS', { functionName: 'same' }))
  })
})
