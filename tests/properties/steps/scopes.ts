// Turns numbers into scopes around the steps that follow, and into what is taken out of them.
import { type Scope, scope } from 'holdfast'
import type { Model } from '../model.js'
import { check, ok, type Step } from './step.js'

/** More would only be the same again. */
const MAX_DEPTH = 4

/** The innermost scope is this one, for the model. */
export function begin(model: Model, begun?: Scope): void {
  model.scopes.push({ ...(begun && { scope: begun }), made: new Map(), libraries: new Set() })
}

/** A scope around the steps that follow; every other one ends by an error. */
export const runInScope: Step = (model, _held, [a], inner) => {
  if (model.scopes.length >= MAX_DEPTH) return undefined
  const failure = new Error('on purpose')
  const body = (begun: Scope) => {
    begin(model, begun)
    inner()
    if (a % 2 === 0) throw failure
  }
  try {
    scope(body)
  } catch (error) {
    if (error !== failure) throw error
  }
  model.endScope()
  return undefined
}

/** A scope that a block disposes of. */
export const runInBlock: Step = (model, _held, _numbers, inner) => {
  if (model.scopes.length >= MAX_DEPTH) return undefined
  const begun = scope()
  begin(model, begun)
  try {
    inner()
  } finally {
    begun[Symbol.dispose]()
    model.endScope()
  }
  return undefined
}

/** What the innermost scope has made goes to the one around it. */
export const keepInScope: Step = (model, { pointer }) => {
  const innermost = model.scopes.at(-1)
  const { scope: begun, made } = innermost ?? {}
  if (begun === undefined || made === undefined) return undefined
  const block = made.get(pointer)
  return check(
    block === undefined ? 'ERR_FFI_OPTIONS' : undefined,
    () => begun.keep(pointer),
    ok,
    () => {
      if (block === undefined) return 'kept what is not its own'
      made.delete(pointer)
      model.scopes.at(-2)?.made.set(pointer, block)
      return 'ok'
    },
  )
}

/** A scope around steps that await; `inner` runs them. */
export async function runInAsyncScope(model: Model, inner: () => Promise<void>): Promise<void> {
  if (model.scopes.length >= MAX_DEPTH) return inner()
  await scope(async (begun) => {
    begin(model, begun)
    await inner()
  })
  model.endScope()
}
