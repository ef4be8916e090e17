// Turns values of every type into arguments and results of callbacks, and back.
import {
  arrayConstructor,
  createPointer,
  DataType,
  define,
  FFITypeTag,
  freePointer,
  funcConstructor,
  load,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { keepsBaseline, library } from './fixture.js'

keepsBaseline()

const { I32, I64, Double, Float, External, String: Text, Void } = DataType

const rows: [string, number, readonly unknown[]][] = [
  ['i8', DataType.I8, [-128, -1, 0, 127]],
  ['u8', DataType.U8, [0, 1, 255]],
  ['i16', DataType.I16, [-32768, -1, 32767]],
  ['u16', DataType.U16, [0, 65535]],
  ['i32', DataType.I32, [-(2 ** 31), -1, 0, 2 ** 31 - 1]],
  ['u32', DataType.U32, [0, 2 ** 31, 2 ** 32 - 1]],
  ['i64', DataType.I64, [-(2 ** 53 - 1), -1, 0, 2 ** 40, -(2n ** 63n), 2n ** 63n - 1n]],
  ['u64', DataType.U64, [0, 2 ** 33, 2n ** 63n, 2n ** 64n - 1n]],
  ['i64', DataType.BigInt, [-(2n ** 63n), -1n, 2n ** 63n - 1n]],
  ['u64', DataType.BigUint64, [0n, 2n ** 64n - 1n]],
  ['isize', DataType.Isize, [-5, 5]],
  ['usize', DataType.Usize, [0, 2 ** 50]],
  ['f32', DataType.Float, [0.5, -1.25, Infinity, NaN]],
  ['f64', DataType.Double, [0.1, -1e300, -Infinity, NaN, 5e-324]],
  ['bool', DataType.Boolean, [true, false]],
  ['str', DataType.String, ['', 'hello', 'grüße 🌍', 'x'.repeat(5000), null]],
  ['wstr', DataType.WString, ['', 'hello', 'grüße 🌍', 'x'.repeat(5000), null]],
]

type Pass = (options: unknown) => unknown

describe('a callback of one argument', () => {
  it.each(rows)('passes %s (type %i) in and out, inline and created', (name, type, values) => {
    for (const value of values) {
      const seen: unknown[] = []
      const callback = funcConstructor({ paramsType: [type], retType: type } as never)
      const same = (argument: unknown) => {
        seen.push(argument)
        return argument
      }
      const call = (type1: unknown, callback1: unknown) =>
        (load as unknown as Pass)({
          library,
          funcName: `pass_${name}`,
          retType: type,
          paramsType: [type1, type],
          paramsValue: [callback1, value],
        })
      expect(call(callback, same)).toEqual(value)
      const [created] = createPointer({ paramsType: [callback], paramsValue: [same] } as never) as never as [
        import('holdfast').Pointer,
      ]
      expect(call(External, created.read(External))).toEqual(value)
      created.free()
      expect(seen).toEqual([value, value])
    }
  })

  it('passes pointers in and out, and NULL', () => {
    const { pass_ptr } = define({
      pass_ptr: {
        library,
        retType: External,
        paramsType: [funcConstructor({ paramsType: [External], retType: External }), External],
      },
    })
    const [block] = createPointer({ paramsType: [I32], paramsValue: [7] })
    let seen: unknown
    const same = pass_ptr((pointer) => {
      seen = pointer.read(I32)
      return pointer
    }, block)
    expect([seen, same.read(I32), same.address]).toEqual([7, 7, block.address])
    expect(pass_ptr((pointer) => (pointer.address === 0n ? null : pointer), null).address).toBe(0n)
    block.free()
  })
})

describe('a callback of many arguments', () => {
  it('gets each in its place', () => {
    const types = [
      DataType.I8,
      Float,
      DataType.U64,
      Double,
      DataType.Boolean,
      Text,
      External,
      I32,
      DataType.I16,
    ] as const
    let seen: unknown[] = []
    const result = load({
      library,
      funcName: 'mixed',
      retType: Double,
      paramsType: [funcConstructor({ paramsType: types, retType: Double })],
      paramsValue: [
        (...values) => {
          seen = values.map((value) => (typeof value === 'object' && value !== null ? value.address : value))
          return 0.25
        },
      ],
    })
    expect([result, seen]).toEqual([0.25, [-8, 1.5, 2n ** 60n, 2.25, true, 'mixed', 0n, -32, 16]])
  })

  it('is called without this, and what a void one returns does not matter', () => {
    const these: unknown[] = []
    const callback = funcConstructor({ paramsType: [], retType: Void })
    const count = load({
      library,
      funcName: 'call_void',
      retType: I32,
      paramsType: [callback, I32],
      paramsValue: [
        function (this: unknown) {
          return these.push(this)
        },
        3,
      ],
    })
    expect([count, these]).toEqual([3, [undefined, undefined, undefined]])
  })
})

describe('a callback with strings', () => {
  const answer = define({
    length_of_answer: {
      library,
      retType: I32,
      paramsType: [funcConstructor({ paramsType: [I32], retType: Text }), I32],
    },
  }).length_of_answer

  it.each([[0], [1], [24], [100], [1 << 19], [3 << 20]])('returns one of %i characters to C', (length) => {
    expect(answer((count) => 'y'.repeat(count), length)).toBe(length)
  })

  it('returns NULL for null', () => {
    expect(answer(() => null, 0)).toBe(-1)
  })

  it('frees what C passed when it is asked to', () => {
    const seen: unknown[] = []
    const paramsType = [
      funcConstructor({ paramsType: [Text], retType: I32, freeCFuncParamsMemory: true }),
      Text,
    ] as const
    const give = () =>
      load({
        library,
        funcName: 'give_text',
        retType: I32,
        paramsType,
        paramsValue: [(text) => seen.push(text), 'a gift'],
      })
    expect([give(), give(), seen]).toEqual([1, 2, ['a gift', 'a gift']])
  })
})

const point = { x: I32, y: Double }
const pointByValue = { ...point, ffiTypeTag: FFITypeTag.StackStruct } as const

describe('a callback with structs and arrays', () => {
  it('passes small and large structs by value', () => {
    const swap = load({
      library,
      funcName: 'point_by_value',
      retType: Double,
      paramsType: [funcConstructor({ paramsType: [pointByValue], retType: pointByValue }), I32, Double],
      paramsValue: [({ x, y }) => ({ x: x + 1, y: y * 2 }), 4, 0.25],
    })
    expect(swap).toBe(5000.5)
    const pair = { a: Float, b: Float, ffiTypeTag: FFITypeTag.StackStruct } as const
    const turned = load({
      library,
      funcName: 'pair_by_value',
      retType: Float,
      paramsType: [funcConstructor({ paramsType: [pair], retType: pair })],
      paramsValue: [({ a, b }) => ({ a: b, b: a })],
    })
    expect(turned).toBe(26.5)
    const large = {
      numbers: arrayConstructor({ type: DataType.I64Array, length: 6, ffiTypeTag: FFITypeTag.StackArray }),
      ffiTypeTag: FFITypeTag.StackStruct,
    } as const
    const reversed = load({
      library,
      funcName: 'large_by_value',
      retType: I64,
      paramsType: [funcConstructor({ paramsType: [large], retType: large })],
      paramsValue: [({ numbers }) => ({ numbers: numbers.reverse() })],
    })
    expect(reversed).toBe(654321)
  })

  it('passes structs by pointer, and NULL', () => {
    const { point_by_pointer } = define({
      point_by_pointer: {
        library,
        retType: Double,
        paramsType: [funcConstructor({ paramsType: [point], retType: point }), I32, Double],
      },
    })
    expect(point_by_pointer((given) => (given === null ? null : { x: given.x * 2, y: given.y }), 2, 0.5)).toBe(4000.5)
    expect(point_by_pointer(() => null, 2, 0.5)).toBe(-1)
  })

  it('follows nested structs both ways', () => {
    const person = { name: Text, age: I32, home: point }
    let seen: unknown
    const { with_person } = define({
      with_person: {
        library,
        retType: I32,
        paramsType: [funcConstructor({ paramsType: [person], retType: I32 }), Text],
      },
    })
    expect(
      with_person((given) => {
        seen = given
        return given?.age ?? 0
      }, 'Ada'),
    ).toBe(42)
    expect(seen).toEqual({ name: 'Ada', age: 42, home: { x: 3, y: 4.5 } })
    expect(with_person((given) => (given?.name === null ? 1 : 0), null)).toBe(1)
    const age = load({
      library,
      funcName: 'age_of_answer',
      retType: I32,
      paramsType: [funcConstructor({ paramsType: [], retType: person })],
      paramsValue: [() => ({ name: 'Grace', age: 30, home: { x: 7, y: 0 } })],
    })
    expect(age).toBe(42)
  })

  it('reads arrays by their declared length, with NULL strings as null', () => {
    let seen: unknown[] = []
    const numbers = arrayConstructor({ type: DataType.I32Array, length: 4 })
    const words = arrayConstructor({ type: DataType.StringArray, length: 3 })
    load({
      library,
      funcName: 'with_numbers',
      retType: I32,
      paramsType: [funcConstructor({ paramsType: [numbers, words], retType: I32 })],
      paramsValue: [
        (...values) => {
          seen = values
          return 0
        },
      ],
    })
    expect(seen).toEqual([
      [1, 2, 3, 4],
      ['one', null, 'three'],
    ])
  })

  it.each([
    ['a list', [1, 2, 3]],
    ['a typed array', new Int32Array([1, 2, 3])],
  ])('returns %s', (_, list) => {
    const sum = load({
      library,
      funcName: 'sum_of_answer',
      retType: I32,
      paramsType: [funcConstructor({ paramsType: [], retType: DataType.I32Array }), I32],
      paramsValue: [() => list, 3],
    })
    expect(sum).toBe(6)
  })

  it('is shown the memory of the running call, and no longer', () => {
    const pointers: import('holdfast').Pointer[] = []
    const { fold } = define({
      fold: {
        library,
        retType: Double,
        paramsType: [funcConstructor({ paramsType: [Double, External], retType: Double }), DataType.DoubleArray, I32],
      },
    })
    const sum = fold(
      (before, pointer) => {
        pointers.push(pointer)
        return before + pointer.read(Double)
      },
      [1, 2, 3.5],
      3,
    )
    expect([sum, pointers.map((pointer) => pointer.state)]).toEqual([6.5, ['freed', 'freed', 'freed']])
  })

  it('passes code in and out', () => {
    const intToInt = funcConstructor({ paramsType: [I32], retType: I32 })
    const call = define({ call_code: { library, retType: I32, paramsType: [External, I32] } }).call_code
    const result = load({
      library,
      funcName: 'with_code',
      retType: I32,
      paramsType: [funcConstructor({ paramsType: [intToInt], retType: I32 })],
      paramsValue: [(code) => call(code, 21)],
    })
    expect(result).toBe(42)
  })

  it('is a field of a struct, inline and created', () => {
    const operations = {
      add: funcConstructor({ paramsType: [I32, I32], retType: I32 }),
      negate: funcConstructor({ paramsType: [I32], retType: I32 }),
      bias: I32,
    }
    const value = { add: (a: number, b: number) => a + b, negate: (a: number) => -a, bias: 10 }
    const inline = define({ operate: { library, retType: I32, paramsType: [operations, I32, I32] } }).operate
    expect(inline(value, 2, 3)).toBe(-15)
    expect(inline({ ...value, negate: null }, 2, 3)).toBe(15)
    const created = define({ operate: { library, retType: I32, paramsType: [External, I32, I32] } }).operate
    const block = createPointer({ paramsType: [operations], paramsValue: [value] })
    expect(created(block[0].read(External), 4, 5)).toBe(-19)
    freePointer({ paramsType: [operations], paramsValue: block })
  })
})
