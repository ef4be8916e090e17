// Turns the end of a function or block into the release of everything that was made in it.
//
// Which scope is the innermost is a matter of the asynchronous context (AsyncLocalStorage): what an async function makes
// after an `await` belongs to its own scope, whatever else runs in between.

import { AsyncLocalStorage } from 'node:async_hooks'
import { badOptions } from '../error.js'

/** Whether there ever was a scope: without one, making a pointer costs this test and no more. */
export let hasScopes = false

let contexts: AsyncLocalStorage<Scope | undefined> | undefined

function startContexts(): AsyncLocalStorage<Scope | undefined> {
  hasScopes = true
  contexts ??= new AsyncLocalStorage()
  return contexts
}

/** Which scope releases a thing. */
const scopes = new WeakMap<object, Scope>()

/** What only this module's own code passes to the constructor. */
const OURS = Symbol('holdfast')

/**
 * Everything that is made while it is the innermost scope, and not kept.
 *
 * *Lifetime*: what it has made is released, the newest first, when it ends.
 */
export class Scope {
  readonly #made = new Map<object, () => void>()
  readonly #outer: Scope | undefined
  #ended = false

  /** @internal */
  constructor(key: symbol, outer: Scope | undefined) {
    if (key !== OURS) throw badOptions('new Scope', 'scope()', 'new')
    this.#outer = outer
  }

  /**
   * Takes a pointer or library out of this scope. Returns it.
   *
   * *Lifetime*: from here on that of the scope around this one, or, without one, its own.
   * @throws {FfiError} ERR_FFI_OPTIONS for what is not this scope's to release
   */
  keep<T extends object>(made: T): T {
    const release = this.#made.get(made)
    if (release === undefined) {
      throw badOptions('keep', 'a pointer or library that was made in this scope and is not released', made)
    }
    this.#drop(made)
    this.#outer?.live()?.add(made, release)
    return made
  }

  /** Ends the scope. Once it has ended, it does nothing. @throws what releasing has thrown, all of it */
  [Symbol.dispose](): void {
    if (contexts?.getStore() === this) contexts.enterWith(this.#outer)
    const errors = this.end()
    if (errors.length > 0) throw asOne(errors)
  }

  /** @internal Releases everything, whatever fails. */
  end(): unknown[] {
    this.#ended = true
    const errors: unknown[] = []
    for (const [made, release] of Array.from(this.#made).reverse()) {
      this.#drop(made)
      try {
        release()
      } catch (error) {
        errors.push(error)
      }
    }
    return errors
  }

  /** @internal */
  add(made: object, release: () => void): void {
    this.#made.set(made, release)
    scopes.set(made, this)
  }

  /** @internal What was released by other means is not held any longer. */
  static forget(made: object): void {
    const scope = scopes.get(made)
    if (scope !== undefined) scope.#drop(made)
  }

  /** @internal This scope, or the nearest around it that has not ended. */
  live(): Scope | undefined {
    return this.#ended ? this.#outer?.live() : this
  }

  #drop(made: object): void {
    this.#made.delete(made)
    scopes.delete(made)
  }
}

Object.freeze(Scope.prototype)

function innermost(): Scope | undefined {
  return contexts?.getStore()?.live()
}

/** Something was made that `release` ends: the innermost scope does so, if there is one. Only when `hasScopes`. */
export function enlist(made: object, release: () => void): void {
  innermost()?.add(made, release)
}

/** See `Scope.forget`. Only when `hasScopes`. */
export const { forget } = Scope

/** Several errors as one that loses none; the first is the cause of it all. */
export function asOne(errors: readonly unknown[]): unknown {
  const [first] = errors
  return errors.length === 1 ? first : new AggregateError(errors, 'a scope ended with errors', { cause: first })
}

/**
 * Runs a function, or begins a block (`using s = scope()`), and releases at its end what `createPointer`, `wrapPointer` and
 * `open` have made in it, the newest first, but for what was kept. Of an async function that is when its promise settles; a
 * block is for synchronous code.
 *
 * *Lifetime*: a pointer used after its scope throws ERR_FFI_USE_AFTER_FREE.
 * @throws what the function throws; with errors met while releasing, an AggregateError of all
 * @throws {FfiError} ERR_FFI_OPTIONS
 * @example const sum = scope(() => read(createPointer({ paramsType: [DataType.I32], paramsValue: [1] })[0]))
 */
export function scope(): Scope
export function scope<T>(body: (scope: Scope) => PromiseLike<T>): Promise<T>
export function scope<T>(body: (scope: Scope) => T): T
export function scope(body?: unknown): unknown {
  if (body !== undefined && typeof body !== 'function') throw badOptions('scope', 'a function', body)
  const begun = new Scope(OURS, innermost())
  const store = startContexts()
  if (body === undefined) {
    store.enterWith(begun)
    return begun
  }
  let result: unknown
  try {
    result = store.run(begun, body as (scope: Scope) => unknown, begun)
  } catch (error) {
    throw asOne([error, ...begun.end()])
  }
  return isThenable(result) ? settle(begun, result) : finish(begun, result)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

async function settle(begun: Scope, pending: PromiseLike<unknown>): Promise<unknown> {
  let result: unknown
  try {
    result = await pending
  } catch (error) {
    throw asOne([error, ...begun.end()])
  }
  return finish(begun, result)
}

function finish(begun: Scope, result: unknown): unknown {
  const errors = begun.end()
  if (errors.length > 0) throw asOne(errors)
  return result
}
