// Turns what a callback throws and returns wrongly into errors of the call that was running.
import { setImmediate } from 'node:timers/promises'
import {
  counters,
  createPointer,
  DataType,
  define,
  FfiError,
  freePointer,
  funcConstructor,
  load,
  unwrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { blocksLeft } from '../autofree/collecting.js'
import { codeOf, intToInt, keepsBaseline, library } from './fixture.js'

keepsBaseline()

const { I32, I64, External, String: Text } = DataType

const { sum_i32, pass_i32 } = define({
  sum_i32: { library, retType: I64, paramsType: [intToInt, I32] },
  pass_i32: { library, retType: I32, paramsType: [intToInt, I32] },
})

describe('a throw in a callback', () => {
  it('is rethrown as it was, when the call returns', () => {
    const thrown = new Error('mine')
    let calls = 0
    const call = () =>
      sum_i32(() => {
        calls++
        throw thrown
      }, 3)
    expect(call).toThrow(thrown)
    expect(calls).toBe(3)
    expect(sum_i32((x) => x, 4)).toBe(6)
  })

  it.each([[undefined], [null], [0], ['text'], [Symbol('s')]])('may be of any value: %s', (value) => {
    let caught: unknown = 'nothing'
    try {
      pass_i32(() => {
        throw value
      }, 1)
    } catch (error) {
      caught = error
    }
    expect(caught).toBe(value)
  })

  it('gives C zero', () => {
    const results: number[] = []
    const code = codeOf(() =>
      sum_i32(() => {
        results.push(
          pass_i32(() => {
            throw Object.assign(new Error('inner'), { code: 'INNER' })
          }, 1),
        )
        return 0
      }, 1),
    )
    expect([code, results]).toEqual(['INNER', [0]])
  })

  it('is thrown from the outermost call, the first one winning and the second a warning', async () => {
    const warned = new Promise<Error & { code?: string }>((resolve) => {
      process.once('warning', resolve)
    })
    let calls = 0
    const call = () =>
      sum_i32(() => {
        throw new Error(`number ${++calls}`)
      }, 2)
    expect(call).toThrow('number 1')
    expect((await warned).code).toBe('ERR_FFI_CALLBACK_THREW')
  })

  it('leaves nothing behind of the pointer that the call returned', async () => {
    const types = { retType: External, paramsType: [External] } as const
    const { pass_ptr } = define({
      pass_ptr: { library, retType: External, paramsType: [funcConstructor(types), External] },
    })
    const before = counters().blocks
    const throwing = () => {
      const [made] = createPointer({ paramsType: [I32], paramsValue: [1] })
      return pass_ptr((pointer) => {
        pass_i32(() => 'no number' as never, 1)
        return pointer
      }, made)
    }
    for (let i = 0; i < 10; i++) expect(codeOf(throwing)).toBe('ERR_FFI_CALLBACK_RESULT')
    expect(await blocksLeft(before)).toBe(before)
  })

  it('is a bounded number of warnings, however many follow', async () => {
    const codes: unknown[] = []
    const note = (warning: Error & { code?: string }) => codes.push(warning.code)
    process.on('warning', note)
    const call = () =>
      sum_i32(() => {
        throw new Error('again')
      }, 100_000)
    expect(call).toThrow('again')
    await setImmediate()
    process.off('warning', note)
    expect(codes).toEqual(Array(9).fill('ERR_FFI_CALLBACK_THREW'))
  })

  it('is an error like any other when the JavaScript stack is exhausted', () => {
    const deeper = (x: number): number => pass_i32(deeper, x) + 1
    expect(() => pass_i32(deeper, 1)).toThrow()
    expect(pass_i32((x) => x, 5)).toBe(5)
  })
})

const wrong: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', '1'],
  ['a promise', Promise.resolve(1)],
  ['a symbol', Symbol('s')],
  ['an object', {}],
  ['a bigint', 1n],
  ['a boolean', true],
]

describe('a wrong result', () => {
  it.each(wrong)('of %s for I32 is refused with ERR_FFI_CALLBACK_RESULT', (_, value) => {
    function named() {
      return value as number
    }
    let error: unknown
    try {
      pass_i32(named, 1)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(FfiError)
    expect(error).toMatchObject({ code: 'ERR_FFI_CALLBACK_RESULT', functionName: 'named', expected: 'a number' })
  })

  const results: [string, number | object, string, unknown][] = [
    ['str', Text, 'String', 7],
    ['str', Text, 'String with NUL', 'a\0b'],
    ['str', Text, 'String with a lone surrogate', '\ud800'],
    ['ptr', External, 'External', 1],
    ['i64', I64, 'I64 too large', 2n ** 64n],
    ['i64', I64, 'I64', 'x'],
    ['bool', DataType.Boolean, 'Boolean', 1],
    ['f64', DataType.Double, 'Double', '1'],
  ]
  it.each(results)('is refused for %s: %s', (name, type, _, value) => {
    const call = () =>
      (load as (options: unknown) => unknown)({
        library,
        funcName: `pass_${name}`,
        retType: type,
        paramsType: [funcConstructor({ paramsType: [type], retType: type } as never), type],
        paramsValue: [() => value, type === DataType.Boolean ? true : type === External || type === Text ? null : 1],
      })
    expect(codeOf(call)).toBe('ERR_FFI_CALLBACK_RESULT')
  })

  it('of a freed pointer is refused with ERR_FFI_USE_AFTER_FREE', () => {
    const [gone] = createPointer({ paramsType: [I32], paramsValue: [1] })
    gone.free()
    const pass = define({
      pass_ptr: {
        library,
        retType: External,
        paramsType: [funcConstructor({ paramsType: [External], retType: External }), External],
      },
    }).pass_ptr
    expect(codeOf(() => pass(() => gone, null))).toBe('ERR_FFI_USE_AFTER_FREE')
  })
})

describe('bad arguments of C', () => {
  const texts = [funcConstructor({ paramsType: [Text], retType: I32 })] as const

  it('are refused with ERR_FFI_BAD_ADDRESS, and the function is not called', () => {
    let called = false
    const call = () =>
      load({
        library,
        funcName: 'give_bad_text',
        retType: I32,
        paramsType: texts,
        paramsValue: [
          () => {
            called = true
            return 1
          },
        ],
      })
    expect([codeOf(call), called]).toEqual(['ERR_FFI_BAD_ADDRESS', false])
  })

  it('that are not on the heap are not freed: ERR_FFI_ALLOCATOR_MISMATCH', () => {
    const paramsType = [funcConstructor({ paramsType: [Text], retType: I32, freeCFuncParamsMemory: true })] as const
    const call = () => load({ library, funcName: 'give_static_text', retType: I32, paramsType, paramsValue: [() => 1] })
    expect(codeOf(call)).toBe('ERR_FFI_ALLOCATOR_MISMATCH')
  })
})

describe('a bad description of a callback', () => {
  const bad = (options: unknown) => () =>
    (load as (options: unknown) => unknown)({
      library,
      funcName: 'keep',
      retType: DataType.Void,
      paramsType: [{ ...(options as object), ffiTypeTag: DataType.Function }],
      paramsValue: [() => 0],
    })
  it.each([
    ['no paramsType', { retType: I32 }],
    ['no retType', { paramsType: [] }],
    ['a void parameter', { paramsType: [DataType.Void], retType: I32 }],
    ['an array without length', { paramsType: [DataType.I32Array], retType: I32 }],
    ['an unknown type', { paramsType: [12345], retType: I32 }],
    ['a nonblocking one with a result', { paramsType: [], retType: I32, nonblocking: true }],
    ['an option of the wrong type', { paramsType: [], retType: I32, freeCFuncParamsMemory: 1 }],
  ])('with %s is refused with ERR_FFI_SIGNATURE', (_, options) => {
    expect(codeOf(bad(options))).toBe('ERR_FFI_SIGNATURE')
  })

  it('is not needed for a value that is no function: ERR_FFI_TYPE, ERR_FFI_NOT_POINTER', () => {
    expect(codeOf(() => pass_i32(5 as never, 1))).toBe('ERR_FFI_TYPE')
    expect(codeOf(() => pass_i32({} as never, 1))).toBe('ERR_FFI_NOT_POINTER')
  })

  it('leaves no callback behind when another argument is bad', () => {
    expect(codeOf(() => pass_i32((x) => x, 'x' as never))).toBe('ERR_FFI_TYPE')
    const two = [intToInt, Text] as const
    expect(codeOf(() => createPointer({ paramsType: two, paramsValue: [(x) => x, 'a\0b'] }))).toBe('ERR_FFI_STRING_NUL')
  })

  it('frees a created callback by the pointer that was made, not by its code', () => {
    const made = createPointer({ paramsType: [intToInt], paramsValue: [(x) => x] })
    const code = unwrapPointer(made)
    expect(codeOf(() => code[0].free())).toBe('ERR_FFI_NOT_OWNER')
    freePointer({ paramsType: [intToInt], paramsValue: made, pointerType: 0 })
    expect([made[0].state, code[0].state, codeOf(() => made[0].free())]).toEqual([
      'freed',
      'freed',
      'ERR_FFI_DOUBLE_FREE',
    ])
  })
})
