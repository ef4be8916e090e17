// Turns numbers into opening, using and closing libraries.
import { close, createPointer, DataType, load, open } from 'holdfast'
import { path } from '../pointers/calls.js'
import { check, nothing, ok, type Step } from './step.js'

const { External, I32 } = DataType

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
