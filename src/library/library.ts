// Turns keys that users chose into opened libraries, and names into functions of theirs.

import { badOptions, FfiError } from '../error.js'
import { lifetimes, native, refusable } from '../native.js'
import { enlist, forget, hasScopes } from '../scope/scope.js'

/** An opened library. */
export class Library {
  readonly key: string
  readonly path: string
  readonly #id: number

  constructor(key: string, path: string) {
    this.key = key
    this.path = path
    this.#id = refusable({ functionName: 'open', expected: `a library at '${path}'` }, () =>
      native.open(path === '' ? null : path),
    )
  }

  /**
   * Binds a symbol to a compiled signature. `owner` is what stands for the function: the core forgets it when `owner` is
   * collected.
   * @throws {FfiError} ERR_FFI_SYMBOL_NOT_FOUND, ERR_FFI_SYMBOL_NOT_FUNCTION, ERR_FFI_VARIADIC, ERR_FFI_LIBRARY_CLOSED
   */
  bind(symbol: string, plan: number, owner: object): number {
    const where = this.path === '' ? 'the main program' : this.path
    const facts = { functionName: symbol, expected: `a function '${symbol}' in ${where}` }
    const id = refusable(facts, () => native.bind(this.#id, symbol, plan))
    lifetimes.functions.register(owner, id)
    return id
  }

  /**
   * Binds a function that releases memory; it takes one pointer. `owner` stands for it as in `bind`.
   * @throws {FfiError} as `bind`
   */
  bindRelease(symbol: string, owner: object): number {
    const where = this.path === '' ? 'the main program' : this.path
    const facts = { functionName: symbol, expected: `a function '${symbol}' in ${where}` }
    const id = refusable(facts, () => native.bindRelease(this.#id, symbol))
    lifetimes.releases.register(owner, id)
    return id
  }

  close(): void {
    native.close(this.#id)
  }
}

const libraries = new Map<string, Library>()

/** Keys that were open once: calling under them is calling a closed library. */
const closed = new Set<string>()

/** As many closed keys are told apart from keys that were never open. */
const MAX_CLOSED = 1024

/** An opening of a library. *Lifetime*: the library stays open when this is lost. */
export class OpenedLibrary {
  /** The key that functions name it by. */
  readonly library: string
  readonly #opened: Library | undefined

  /** @internal `opened`: what this very opening has opened, if the key was not open before. */
  constructor(library: string, opened: Library | undefined) {
    this.library = library
    this.#opened = opened
  }

  /** Closes the library if this opening has opened it and it is still that one; other openings of the key leave it open. */
  [Symbol.dispose](): void {
    if (this.#opened !== undefined && libraries.get(this.library) === this.#opened) close(this.library)
    if (hasScopes) forget(this)
  }
}

/**
 * Opens a library under a key: a file's path, a bare name that the loader searches for, or `''` for the main program.
 * Opening a key again with the same path does nothing.
 *
 * *Lifetime*: until `close`, the end of what is returned (`using`) or of the scope around, or the end of the environment.
 * @throws {FfiError} ERR_FFI_OPTIONS, ERR_FFI_LIBRARY_LOAD with the loader's words, ERR_FFI_LIBRARY_CONFLICT when the key is
 * open with another path
 * @example open({ library: 'm', path: 'libm.so.6' })
 */
export function open(params: { readonly library: string; readonly path: string }): OpenedLibrary {
  if (typeof params !== 'object' || params === null) throw badOptions('open', 'an options object', params)
  const { library, path } = params
  if (typeof library !== 'string') throw badOptions('open', 'a string as library', library)
  if (typeof path !== 'string' || path.includes('\0')) throw badOptions('open', 'a string without NUL as path', path)
  const known = libraries.get(library)
  if (known === undefined) return openNew(library, path)
  if (known.path !== path) {
    const facts = {
      functionName: 'open',
      expected: `'${library}' with path '${known.path}', as it is open`,
      got: `'${path}'`,
    }
    throw new FfiError('ERR_FFI_LIBRARY_CONFLICT', facts)
  }
  return new OpenedLibrary(library, undefined)
}

function openNew(key: string, path: string): OpenedLibrary {
  const library = new Library(key, path)
  libraries.set(key, library)
  closed.delete(key)
  const opening = new OpenedLibrary(key, library)
  if (hasScopes) enlist(opening, () => opening[Symbol.dispose]())
  return opening
}

/**
 * Closes a library; its functions are refused from here on. It is unloaded when no call is in it any more. Closing a key that is
 * not open does nothing.
 * @throws {FfiError} ERR_FFI_OPTIONS
 */
export function close(library: string): void {
  if (typeof library !== 'string') throw badOptions('close', 'a string', library)
  const known = libraries.get(library)
  if (known === undefined) return
  libraries.delete(library)
  if (closed.size >= MAX_CLOSED) closed.clear()
  closed.add(library)
  known.close()
}

/** The library that is open under a key. */
export function findLibrary(key: string): Library | undefined {
  return libraries.get(key)
}

/** The library that is open under a key. @throws {FfiError} ERR_FFI_LIBRARY_CLOSED, ERR_FFI_LIBRARY_NOT_OPEN */
export function libraryOf(key: string, functionName: string): Library {
  const library = libraries.get(key)
  if (library !== undefined) return library
  const code = closed.has(key) ? 'ERR_FFI_LIBRARY_CLOSED' : 'ERR_FFI_LIBRARY_NOT_OPEN'
  throw new FfiError(code, { functionName, detail: `no library is open as '${key}'` })
}
