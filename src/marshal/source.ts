// Turns generated source into a function that V8 optimises on its own feedback, where evaluation may be forbidden too.

import { compileFunction } from 'node:vm'

/**
 * Compiles a function body. Its text is made of table rows and offsets only; names that users chose come in as
 * JSON strings or through `scope`. `vm.compileFunction` works under --disallow-code-generation-from-strings.
 */
export function compileSource<F>(name: string, scope: Readonly<Record<string, unknown>>, lines: readonly string[]): F {
  const body = ["'use strict'", ...lines].join('\n')
  const make = compileFunction(body, Object.keys(scope), { filename: `holdfast:${name}` })
  return make(...Object.values(scope)) as F
}

/** A property in an object literal; `__proto__` would mean something else without brackets. */
export function literalKey(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
}
