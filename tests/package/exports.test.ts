// Turns what the built package offers into a guarded list, and its error codes into those of the addon.
import { createRequire } from 'node:module'
import * as esm from 'holdfast'
import { describe, expect, it } from 'vitest'
import { CORE_CODES } from '../../src/error.js'

const require = createRequire(import.meta.url)
const cjs = require('holdfast') as Record<string, unknown>
const addon = require('../../dist/holdfast.node') as { readonly codes: string }

const listed = [
  'DataType',
  'FFITypeTag',
  'FfiError',
  'Pointer',
  'PointerType',
  'arrayConstructor',
  'borrowed',
  'close',
  'configure',
  'consumes',
  'counters',
  'createExternalBuffer',
  'createPointer',
  'define',
  'freePointer',
  'frees',
  'funcConstructor',
  'inout',
  'isNullPointer',
  'layoutOf',
  'load',
  'open',
  'out',
  'owned',
  'restorePointer',
  'scope',
  'unwrapPointer',
  'wrapPointer',
]

describe('the package', () => {
  it('exports the listed names and no others, by import and by require', () => {
    expect(Object.keys(esm).sort()).toEqual(listed)
    expect(Object.keys(cjs).sort()).toEqual(listed)
  })

  it('is one instance however it is loaded', () => {
    for (const [name, value] of Object.entries(esm)) expect(cjs[name]).toBe(value)
  })

  it('tells its own package.json and nothing deeper', () => {
    expect((require('holdfast/package.json') as { name: string }).name).toBe('holdfast')
    expect(() => require('holdfast/dist/index.cjs')).toThrow(
      expect.objectContaining({ code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }),
    )
  })

  it('freezes its enums', () => {
    for (const numbers of [esm.DataType, esm.FFITypeTag, esm.PointerType]) expect(Object.isFrozen(numbers)).toBe(true)
  })
})

describe('the core', () => {
  it('numbers its codes as TypeScript does', () => {
    expect(addon.codes.split(',')).toEqual(CORE_CODES)
  })
})
