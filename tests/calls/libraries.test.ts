// Turns keys and paths into open libraries, closed ones, and refusals that name file and symbol.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { close, counters, DataType, define, load, open } from 'holdfast'
import { afterAll, describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { refusal } from './caller.js'

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-libraries-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const { I32 } = DataType
const id = (library: string) => load({ library, funcName: 'id_i32', retType: I32, paramsType: [I32], paramsValue: [5] })
const find = (library: string, funcName: string) =>
  load({ library, funcName, retType: I32, paramsType: [], paramsValue: [] })

describe('open', () => {
  it('does nothing for a key that is open with the same path', () => {
    open({ library: 'twice', path: fixturePath('scalars') })
    const { libraries } = counters()
    open({ library: 'twice', path: fixturePath('scalars') })
    expect(counters().libraries).toBe(libraries)
    expect(id('twice')).toBe(5)
    close('twice')
    expect(counters().libraries).toBe(libraries - 1)
  })

  it('refuses another path under an open key with ERR_FFI_LIBRARY_CONFLICT', () => {
    open({ library: 'conflict', path: fixturePath('scalars') })
    const other = () => open({ library: 'conflict', path: fixturePath('strings') })
    expect(other).toThrow(refusal('ERR_FFI_LIBRARY_CONFLICT', { functionName: 'open' }))
    expect(other).toThrow(fixturePath('strings'))
    expect(id('conflict')).toBe(5)
    close('conflict')
    expect(other).not.toThrow()
    close('conflict')
  })

  it('takes one file under two keys', () => {
    open({ library: 'one', path: fixturePath('scalars') })
    open({ library: 'two', path: fixturePath('scalars') })
    close('one')
    expect(id('two')).toBe(5)
    expect(() => id('one')).toThrow(refusal('ERR_FFI_LIBRARY_CLOSED', { functionName: 'id_i32' }))
    close('two')
  })

  it("finds functions of the main program under the path ''", () => {
    open({ library: 'main', path: '' })
    expect(load({ library: 'main', funcName: 'abs', retType: I32, paramsType: [I32], paramsValue: [-5] })).toBe(5)
    close('main')
  })

  it('refuses a missing file with ERR_FFI_LIBRARY_LOAD and names it', () => {
    const missing = join(scratch, 'missing.so')
    const opened = () => open({ library: 'missing', path: missing })
    expect(opened).toThrow(refusal('ERR_FFI_LIBRARY_LOAD', { functionName: 'open' }))
    expect(opened).toThrow(missing)
    expect(() => id('missing')).toThrow(refusal('ERR_FFI_LIBRARY_NOT_OPEN'))
  })

  it.each([
    ['text', Buffer.from('not a library')],
    ['nothing', Buffer.alloc(0)],
    [
      'another architecture',
      Buffer.concat([Buffer.from('7f454c4602010100000000000000000003002800', 'hex'), Buffer.alloc(200)]),
    ],
  ])('refuses a file of %s with ERR_FFI_LIBRARY_LOAD', (name, bytes) => {
    const path = join(scratch, `${name}.so`)
    writeFileSync(path, bytes)
    const opened = () => open({ library: name, path })
    expect(opened).toThrow(refusal('ERR_FFI_LIBRARY_LOAD', { functionName: 'open' }))
    expect(opened).toThrow(path)
  })

  it.each([
    undefined,
    null,
    1,
    {},
    { library: 'x' },
    { path: '' },
    { library: 1, path: '' },
    { library: 'x', path: 'a\0b' },
  ])('refuses %o with ERR_FFI_OPTIONS', (params) => {
    expect(() => open(params as never)).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'open' }))
  })
})

describe('close', () => {
  it('refuses later loads with ERR_FFI_LIBRARY_CLOSED, until the key is opened again', () => {
    open({ library: 'door', path: fixturePath('scalars') })
    expect(id('door')).toBe(5)
    for (let round = 0; round < 3; round++) {
      close('door')
      expect(() => id('door')).toThrow(refusal('ERR_FFI_LIBRARY_CLOSED', { functionName: 'id_i32' }))
      open({ library: 'door', path: fixturePath('scalars') })
      expect(id('door')).toBe(5)
    }
    close('door')
  })

  it('refuses defined functions with ERR_FFI_LIBRARY_CLOSED, until the key is opened again', () => {
    open({ library: 'gate', path: fixturePath('scalars') })
    const lib = define({ id_i32: { library: 'gate', retType: I32, paramsType: [I32] } })
    expect(lib.id_i32(1)).toBe(1)
    for (let round = 0; round < 3; round++) {
      close('gate')
      for (let again = 0; again < 2; again++) {
        expect(() => lib.id_i32(2)).toThrow(refusal('ERR_FFI_LIBRARY_CLOSED', { functionName: 'id_i32' }))
      }
      open({ library: 'gate', path: fixturePath('scalars') })
      expect(lib.id_i32(3)).toBe(3)
    }
    close('gate')
  })

  it('lets a defined function find another library under its key', () => {
    open({ library: 'swap', path: fixturePath('scalars') })
    const lib = define({ abs: { library: 'swap', retType: I32, paramsType: [I32] } })
    const { no_such } = define({ no_such: { library: 'swap', retType: I32, paramsType: [] } })
    expect(() => no_such()).toThrow(refusal('ERR_FFI_SYMBOL_NOT_FOUND'))
    close('swap')
    open({ library: 'swap', path: '' })
    expect(lib.abs(-9)).toBe(9)
    close('swap')
  })

  it('within a getter of an argument refuses the call with ERR_FFI_LIBRARY_CLOSED', () => {
    open({ library: 'cut', path: fixturePath('structs') })
    const type = { a: I32, b: I32 }
    const value = {
      a: 1,
      get b() {
        close('cut')
        return 2
      },
    }
    const weigh = (given: { a: number; b: number }) =>
      load({
        library: 'cut',
        funcName: 'weigh_i32_i32_ptr',
        retType: DataType.Double,
        paramsType: [type],
        paramsValue: [given],
      })
    expect(weigh({ a: 1, b: 2 })).toBe(5)
    expect(() => weigh(value)).toThrow(refusal('ERR_FFI_LIBRARY_CLOSED', { functionName: 'weigh_i32_i32_ptr' }))
  })

  it('does nothing for a key that is not open', () => {
    expect(close('never-opened')).toBeUndefined()
    expect(() => id('never-opened')).toThrow(refusal('ERR_FFI_LIBRARY_NOT_OPEN', { functionName: 'id_i32' }))
  })

  it.each([undefined, null, 1, {}])('refuses %o with ERR_FFI_OPTIONS', (key) => {
    expect(() => close(key as never)).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'close' }))
  })
})

describe('a symbol', () => {
  open({ library: 'symbols', path: fixturePath('errors') })

  it('that the library lacks is refused with ERR_FFI_SYMBOL_NOT_FOUND, naming library and symbol', () => {
    const missing = () => find('symbols', 'no_such_symbol')
    expect(missing).toThrow(refusal('ERR_FFI_SYMBOL_NOT_FOUND', { functionName: 'no_such_symbol' }))
    expect(missing).toThrow(fixturePath('errors'))
    expect(() => find('symbols', '')).toThrow(refusal('ERR_FFI_SYMBOL_NOT_FOUND'))
    expect(() => find('symbols', 'set_errno\0x')).toThrow(refusal('ERR_FFI_SYMBOL_NOT_FOUND'))
  })

  it.each(['data_symbol', 'const_symbol', 'thread_symbol'])(
    '%s is data and refused with ERR_FFI_SYMBOL_NOT_FUNCTION',
    (name) => {
      expect(() => find('symbols', name)).toThrow(refusal('ERR_FFI_SYMBOL_NOT_FUNCTION', { functionName: name }))
    },
  )

  it.each(['snprintf', 'sscanf', 'dprintf', 'asprintf'])('%s is variadic and refused with ERR_FFI_VARIADIC', (name) => {
    open({ library: 'libc', path: 'libc.so.6' })
    expect(() => find('libc', name)).toThrow(refusal('ERR_FFI_VARIADIC', { functionName: name }))
  })
})
