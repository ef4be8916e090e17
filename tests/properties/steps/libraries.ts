// Turns numbers into opening, using and closing libraries.
import { close, createPointer, DataType, load, open } from 'holdfast'
import { fixturePath } from '../../fixture.js'
import { intToInt } from '../functions.js'
import { calls } from './calls.js'
import { check, nothing, ok, type Step } from './step.js'

const { External, I32 } = DataType
const path = fixturePath('pointers')

/** Keys that were open at some time in this process: what closes is remembered. */
const opened = new Set<string>()

/** Opens, closes, or calls a function by its library's key. */
export const openOrClose: Step = (model, _held, [a, b]) => {
  const key = `property ${a % 3}`
  if (b % 3 === 0) {
    return check(
      undefined,
      () => close(key),
      nothing,
      () => {
        model.libraries.delete(key)
        for (const scope of model.scopes) scope.libraries.delete(key)
        return undefined
      },
    )
  }
  if (b % 3 === 1) {
    return check(
      undefined,
      () => open({ library: key, path }),
      ok,
      (library) => {
        if (!model.libraries.has(key)) model.scopes.at(-1)?.libraries.add(key)
        model.libraries.set(key, library)
        opened.add(key)
        return 'ok'
      },
    )
  }
  const call = { library: key, funcName: 'read_int', retType: I32, paramsType: [External] } as const
  const [value] = createPointer({ paramsType: [I32], paramsValue: [a] })
  model.made(value, 4).bytes.setInt32(0, a, true)
  const closed = opened.has(key) ? 'ERR_FFI_LIBRARY_CLOSED' : 'ERR_FFI_LIBRARY_NOT_OPEN'
  const refused = model.libraries.has(key) ? undefined : closed
  return check(
    refused,
    () => load({ ...call, paramsValue: [value] }),
    () => a,
    (read) => read,
  )
}

/** Closes a library while C runs in it: it stays until C has returned. */
export const closeMeanwhile: Step = (model, _held, [a, b], inner) => {
  const library = 'property closing'
  const topic = b % 2 === 0 ? 'callbacks' : 'async'
  if (model.libraries.has(library)) return undefined
  open({ library, path: fixturePath(topic) })
  if (topic === 'async') {
    const call = { library, funcName: 'add', retType: I32, paramsType: [I32, I32], paramsValue: [a, b] } as const
    const promise = load({ ...call, runInNewThread: true })
    model.pending.push({ promise, expected: a + b, uses: [] })
    close(library)
    return check('ERR_FFI_LIBRARY_CLOSED', () => load(call), nothing, ok)
  }
  const call = { library, funcName: 'pass_i32', retType: I32, paramsType: [intToInt, I32] } as const
  const closing = (value: number) => {
    close(library)
    inner()
    return value + 1
  }
  const act = () => load({ ...call, paramsValue: [closing, a] })
  return calls(model, undefined, act, () => a + 1)
}
