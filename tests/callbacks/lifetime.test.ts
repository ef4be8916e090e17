// Turns callbacks that were released, kept, freed while they run, and closed libraries into what C then gets.
import { close, counters, createPointer, DataType, define, load, open, type Pointer, unwrapPointer } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { codeOf, intToInt, keepsBaseline, library } from './fixture.js'

keepsBaseline()

const { I32, Void, External } = DataType

const { keep, keep_code, call_kept, kept_code, pass_i32, pass_code } = (() => {
  const bound = define({
    keep: { library, retType: Void, paramsType: [intToInt] },
    call_kept: { library, retType: I32, paramsType: [I32] },
    kept_code: { library, retType: External, paramsType: [] },
    pass_i32: { library, retType: I32, paramsType: [intToInt, I32] },
  })
  const byCode = define({
    keep: { library, retType: Void, paramsType: [External] },
    pass_i32: { library, retType: I32, paramsType: [External, I32] },
  })
  return { ...bound, keep_code: byCode.keep, pass_code: byCode.pass_i32 }
})()

function nextWarning(): Promise<Error & { code?: string }> {
  return new Promise((resolve) => {
    process.once('warning', resolve)
  })
}

function created(fn: (value: number) => number): [Pointer, Pointer] {
  const made = createPointer({ paramsType: [intToInt], paramsValue: [fn] })
  return [made[0], unwrapPointer(made)[0]]
}

describe('an inline callback', () => {
  it('that C kept gives zero afterwards, with the warning ERR_FFI_CALLBACK_RELEASED', async () => {
    let called = false
    keep(function kept() {
      called = true
      return 5
    })
    const warned = nextWarning()
    expect(call_kept(1)).toBe(0)
    expect(called).toBe(false)
    const { code, message } = await warned
    expect([code, message.includes('kept')]).toEqual(['ERR_FFI_CALLBACK_RELEASED', true])
  })

  it('that C kept gives zero to optimised calls too, where no JavaScript may run', async () => {
    keep((x) => x + 1)
    const warned = nextWarning()
    let sum = 0
    for (let i = 0; i < 300_000; i++) sum += call_kept(i)
    expect(sum).toBe(0)
    expect((await warned).code).toBe('ERR_FFI_CALLBACK_RELEASED')
  })

  it('that C kept stays quiet while a thousand others come and go, then is one of them', async () => {
    keep((x) => x + 1000)
    const results = new Set<number>()
    for (let i = 0; i < 1000; i++) {
      pass_i32((x) => x, i)
      results.add(call_kept(1))
    }
    await nextWarning()
    expect([...results]).toEqual([0])
  })

  it('counts while its call runs', () => {
    const before = counters().callbacks
    expect(pass_i32(() => counters().callbacks - before, 0)).toBe(1)
    expect(pass_i32(() => pass_i32(() => counters().callbacks - before, 0), 0)).toBe(2)
  })

  it('may call, create, free and close meanwhile', () => {
    open({ library: 'other', path: fixturePath('scalars') })
    const result = pass_i32((x) => {
      const [out] = createPointer({ paramsType: [I32], paramsValue: [x] })
      const again = load({
        library,
        funcName: 'pass_i32',
        retType: I32,
        paramsType: [intToInt, I32],
        paramsValue: [(y) => y * 2, x],
      })
      const read = out.read(I32)
      out.free()
      close('other')
      return again + read
    }, 7)
    expect(result).toBe(21)
  })

  it('may close the library it was called from', () => {
    open({ library: 'own', path: fixturePath('callbacks') })
    const own = define({ pass_i32: { library: 'own', retType: I32, paramsType: [intToInt, I32] } }).pass_i32
    expect(
      own((x) => {
        close('own')
        return x + 1
      }, 1),
    ).toBe(2)
    expect(codeOf(() => own((x) => x, 1))).toBe('ERR_FFI_LIBRARY_CLOSED')
  })

  it('leaves strings and arrays of the running call as they are', () => {
    const lines: string[] = []
    const fold = define({
      fold: {
        library,
        retType: DataType.Double,
        paramsType: [
          { paramsType: [DataType.Double, External], retType: DataType.Double, ffiTypeTag: DataType.Function },
          DataType.DoubleArray,
          I32,
        ],
      },
    }).fold
    const values = Array.from({ length: 300 }, (_, i) => i)
    const sum = fold(
      (before, at) => {
        lines.push(
          load({
            library,
            funcName: 'pass_str',
            retType: DataType.String,
            paramsType: [External, DataType.String],
            paramsValue: [identity, 'a string of its own'],
          }) ?? '',
        )
        return before + at.read(DataType.Double)
      },
      values,
      values.length,
    )
    expect([sum, new Set(lines)]).toEqual([44850, new Set(['a string of its own'])])
  })
})

const text = { paramsType: [DataType.String], retType: DataType.String, ffiTypeTag: DataType.Function } as const
const identityBlock = createPointer({ paramsType: [text], paramsValue: [(value) => value] })
const identity = unwrapPointer(identityBlock)[0]

describe('a created callback', () => {
  it('lives until it is freed, then gives zero', async () => {
    const [block, code] = created((x) => x + 1)
    keep_code(code)
    expect([call_kept(1), pass_code(code, 2)]).toEqual([2, 3])
    block.free()
    const warned = nextWarning()
    expect([call_kept(1), codeOf(() => pass_code(code, 2))]).toEqual([0, 'ERR_FFI_USE_AFTER_FREE'])
    expect((await warned).code).toBe('ERR_FFI_CALLBACK_RELEASED')
  })

  it('is the same pointer when C gives it back', () => {
    const [block, code] = created((x) => x)
    keep_code(code)
    expect([kept_code().address, kept_code().allocator]).toEqual([code.address, 'callback'])
    block.free()
  })

  it('cannot be read or written through its code', () => {
    const [block, code] = created((x) => x)
    expect(codeOf(() => code.read(I32))).toBe('ERR_FFI_OUT_OF_BOUNDS')
    expect(codeOf(() => code.write(I32, 1))).toBe('ERR_FFI_OUT_OF_BOUNDS')
    block.free()
  })

  it('that frees itself still gives C its result, and the next call zero', async () => {
    const [block, code] = created((x) => {
      block.free()
      return x + 1
    })
    keep_code(code)
    expect(call_kept(4)).toBe(5)
    const warned = nextWarning()
    expect([call_kept(4), call_kept(4)]).toEqual([0, 0])
    await warned
  })

  it('that frees itself still gives C the string it returned', () => {
    const made = createPointer({
      paramsType: [{ paramsType: [I32], retType: DataType.String, ffiTypeTag: DataType.Function }],
      paramsValue: [
        (count) => {
          made[0].free()
          return 'z'.repeat(count)
        },
      ],
    })
    const length = define({ length_of_answer: { library, retType: I32, paramsType: [External, I32] } }).length_of_answer
    expect(length(unwrapPointer(made)[0], 1000)).toBe(1000)
  })

  it('is disposed of', () => {
    const [block, code] = created((x) => x)
    block[Symbol.dispose]()
    expect([block.state, code.state]).toEqual(['freed', 'freed'])
  })

  it('comes and goes ten thousand times', () => {
    for (let i = 0; i < 10_000; i++) {
      const [block] = created((x) => x)
      block.free()
    }
  })
})

describe('ref', () => {
  it('is for callbacks: ERR_FFI_POINTER_TYPE, ERR_FFI_USE_AFTER_FREE', () => {
    const [number] = createPointer({ paramsType: [I32], paramsValue: [1] })
    expect(codeOf(() => number.ref())).toBe('ERR_FFI_POINTER_TYPE')
    number.free()
    const [block, code] = created((x) => x)
    expect([block.ref(), code.unref()]).toEqual([block, code])
    block.free()
    expect(codeOf(() => block.ref())).toBe('ERR_FFI_USE_AFTER_FREE')
  })
})
