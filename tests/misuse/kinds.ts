// Turns the values that no exported function can take for a pointer, a type or options into a table.
import { createRequire } from 'node:module'
import { Pointer } from 'holdfast'

const require = createRequire(import.meta.url)
const other = require('ffi-rs') as { createPointer(params: object): unknown[] }

/** An External that another addon made. */
export const foreignExternal = other.createPointer({ paramsType: [1], paramsValue: [1] })[0]

/** Values of every kind, none of them a Pointer. */
export const kinds: [string, unknown][] = [
  ['undefined', undefined],
  ['a number', 7],
  ['a negative number', -1],
  ['a huge number', 1e300],
  ['NaN', Number.NaN],
  ['a bigint', 7n],
  ['a string', 'x'],
  ['a boolean', true],
  ['a symbol', Symbol('x')],
  ['a function', () => 1],
  ['an object', {}],
  ['an object without prototype', Object.create(null)],
  ['an array', [1]],
  ['an array with a hole', new Array(1)],
  ['a Buffer', Buffer.alloc(0)],
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['a Date', new Date(0)],
  ['a Promise', Promise.resolve(1)],
  ['a Proxy', new Proxy({}, {})],
  ['an heir of Pointer.prototype', Object.create(Pointer.prototype)],
  ['an External of another addon', foreignExternal],
]
