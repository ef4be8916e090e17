// Turns accesses to memory that is too small, of another kind or not there into the matrix's answers.
import {
  arrayConstructor,
  createExternalBuffer,
  createPointer,
  DataType,
  define,
  type FieldType,
  layoutOf,
  type Pointer,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { expect } from 'vitest'
import { run } from '../../crash/child.js'
import { c, library } from '../../pointers/calls.js'
import { row } from './row.js'

const { Double, External, I32, I32Array, I64, String: Text, U8, U8Array, WString } = DataType
const isLinux = process.platform === 'linux'

function create(type: FieldType, value: unknown): Pointer {
  return createPointer({ paramsType: [type], paramsValue: [value] })[0] as Pointer
}
const restore = (type: FieldType, pointer: Pointer) => restorePointer({ retType: [type], paramsValue: [pointer] })[0]
const numbers = (length: number) => arrayConstructor({ type: I32Array, length })

/** Reads and frees what was made right. */
function works(type: FieldType, value: unknown): void {
  const pointer = create(type, value)
  expect(restore(type, pointer)).toEqual(value)
  pointer.free()
}

row('5', {
  misuse({ refuses }) {
    const int = create(I32, 7)
    const list = create(numbers(4), [1, 2, 3, 4])
    const [items] = unwrapPointer([list])
    const late = items.at(12)
    const acts: (() => unknown)[] = [
      () => int.read(I64),
      () => int.read(I32, 4),
      () => int.write(I64, 1),
      () => int.write(I32, 1, 2 ** 32),
      () => restore({ n: I32, m: I32, ffiTypeTag: 999 }, int),
      () => restore(Text, int),
      () => restore(numbers(64), list),
      () => restore(numbers(1e8), list),
      () => items.at(17),
      () => items.withLength(17),
      () => late.read(I64),
      () => createExternalBuffer(items, 17),
    ]
    for (const act of acts) refuses('ERR_FFI_OUT_OF_BOUNDS', act)
    expect([int.read(I32), restore(numbers(4), list)]).toEqual([7, [1, 2, 3, 4]])
    int.free()
    list.free()
  },
  legitimate: () => works(numbers(4), [1, 2, 3, 4]),
})

row(
  '5b',
  {
    async misuse({ saw }) {
      const guarded = (program: string) => run(program, { FFI_GUARD: '1' })
      const write = (text: string, from: number) => `
        const [pointer] = createPointer({ paramsType: [Text], paramsValue: ['${text}'] })
        const [bytes] = unwrapPointer([pointer])
        bind('overrun', Void, External, U64, U64)(bytes, ${from}, 1)
        try { pointer.free() } catch (error) { console.log(error.code) }
        const [next] = createPointer({ paramsType: [Text], paramsValue: ['next'] })
        console.log(restorePointer({ retType: [Text], paramsValue: [next] })[0], next.free(), holdfast.counters().blocks)
      `
      const padding = await guarded(write('abcd', 5))
      expect([padding.end, padding.lines]).toEqual([0, ['ERR_FFI_OVERRUN', 'next undefined 0']])
      saw('ERR_FFI_OVERRUN')
      const beyond = await guarded(write('abcdefg', 8))
      expect([beyond.end, beyond.lines]).toEqual(['SIGSEGV', []])
      expect(beyond.stderr).toContain('holdfast: function overrun, void(ptr,u64,u64)\n')
      expect(beyond.stderr).toContain('1 byte past the end of a live 16-byte rust block')
    },
    async legitimate() {
      const inside = await run(
        `
        const [pointer] = createPointer({ paramsType: [Text], paramsValue: ['abcd'] })
        bind('overrun', Void, External, U64, U64)(unwrapPointer([pointer])[0], 4, 1)
        console.log(codeOf(() => pointer.free()))
      `,
        { FFI_GUARD: '1' },
      )
      expect([inside.end, inside.lines]).toEqual([0, ['undefined']])
    },
  },
  isLinux,
)

row('6', {
  misuse({ refuses }) {
    const double = create({ n: Double, ffiTypeTag: 999 }, { n: 0.1 })
    refuses('ERR_FFI_POINTER_TYPE', () => restore({ p: External, ffiTypeTag: 999 }, double))
    refuses('ERR_FFI_POINTER_TYPE', () => restore(Text, double))
    refuses('ERR_FFI_POINTER_TYPE', () => unwrapPointer([double]))
    for (const value of ['1', null, undefined, {}, true, Symbol('x')]) {
      refuses('ERR_FFI_TYPE', () => double.write(Double, value as never))
      refuses('ERR_FFI_TYPE', () => create(I32, value))
    }
    expect(double.read(Double)).toBe(0.1)
    double.free()
  },
  legitimate: () => works(Double, 0.1),
})

row('7', {
  misuse({ refuses }) {
    const pointer = create(I64, 1)
    refuses('ERR_FFI_MISALIGNED', () => pointer.read(I32, 2))
    refuses('ERR_FFI_MISALIGNED', () => pointer.write(I32, 1, 1))
    refuses('ERR_FFI_MISALIGNED', () => pointer.read({ b: U8, n: DataType.I16, ffiTypeTag: 999 }, 1))
    const odd = c.static_int().at(1)
    refuses('ERR_FFI_MISALIGNED', () => unwrapPointer([odd]))
    expect([pointer.read(U8, 1), pointer.read(I32, 4)]).toEqual([0, 0])
    pointer.free()
  },
  legitimate: () => works(I64, 1),
})

row(
  '8',
  {
    async misuse({ refuses }) {
      const nothing = c.null_ptr()
      const [slot] = createPointer({ paramsType: [External], paramsValue: [null] })
      const acts: (() => unknown)[] = [
        () => nothing.read(U8),
        () => nothing.write(U8, 1),
        () => nothing.at(0),
        () => nothing.withLength(1),
        () => unwrapPointer([nothing]),
        () => restore(I32, nothing),
        () => createExternalBuffer(nothing, 1),
        () => unwrapPointer(unwrapPointer([slot])),
      ]
      for (const act of acts) refuses('ERR_FFI_NULL_POINTER', act)
      refuses('ERR_FFI_NOT_POINTER', () => restore(I32, null as never))
      slot.free()
      const inC = await run(`bind('null_write', Void, I32)(1)`)
      expect(inC.end).toBe('SIGSEGV')
      if (isLinux) expect(inC.stderr).toContain('holdfast: function null_write, void(i32)\n')
    },
    legitimate() {
      expect([c.is_null(null), c.is_null(c.null_ptr()), restore(Text, wrap(null))]).toEqual([true, true, null])
    },
  },
  process.platform !== 'win32',
)

const wrapped: Pointer[] = []
function wrap(pointer: Pointer | null): Pointer {
  const made = createPointer({ paramsType: [External], paramsValue: [pointer] })[0]
  wrapped.push(made)
  queueMicrotask(() => {
    for (const one of wrapped.splice(0)) one.free()
  })
  return made
}

row('9', {
  misuse({ refuses }) {
    const none = c.offset_ptr(c.noncanonical_address(), -1n)
    for (const wild of [c.low_address(), none, c.unmapped_address(), c.protected_page()]) {
      const wrapper = wrapPointer([wild])[0]
      const acts: (() => unknown)[] = [
        () => wild.read(U8),
        () => wild.write(U8, 1),
        () => createExternalBuffer(wild, 8),
        () => restore(Text, wrapper),
        () => restore(WString, wrapper),
        () => restore({ n: I32, p: External }, wrapper),
        () => restore(arrayConstructor({ type: U8Array, length: 2 ** 20 }), wrapper),
      ]
      for (const act of acts) refuses('ERR_FFI_BAD_ADDRESS', act)
      wrapper.free()
    }
    const fixed = c.readonly_page()
    refuses('ERR_FFI_BAD_ADDRESS', () => fixed.write(U8, 1))
    expect(fixed.read(U8)).toBe(0x5a)
  },
  legitimate() {
    expect(c.static_int().read(I32)).toBe(42)
    expect(c.same_ptr(c.low_address(), c.low_address())).toBe(true)
  },
})

row('15', {
  misuse({ refuses }) {
    const bytes = create(U8Array, Buffer.from('abc'))
    refuses('ERR_FFI_STRING_UNTERMINATED', () => restore(Text, bytes))
    const words = create(DataType.U32Array, [65, 66])
    if (process.platform !== 'win32') refuses('ERR_FFI_STRING_UNTERMINATED', () => restore(WString, words))
    for (const type of [Text, WString]) refuses('ERR_FFI_STRING_NUL', () => create(type, 'a\0b'))
    const length = define({ is_null: { library, retType: DataType.Boolean, paramsType: [Text] } }).is_null
    refuses('ERR_FFI_STRING_NUL', () => length('a\0b'), { functionName: 'is_null', position: 0 })
    bytes.free()
    words.free()
  },
  legitimate: () => works(Text, 'abc'),
})

row('size', {
  misuse({ refuses }) {
    const pointer = create(I32, 1)
    for (const size of [-1, 0.5, Number.NaN, Infinity, 2 ** 53, '1' as never]) {
      refuses('ERR_FFI_OPTIONS', () => pointer.read(I32, size))
      refuses('ERR_FFI_OPTIONS', () => pointer.at(size))
      refuses('ERR_FFI_OPTIONS', () => pointer.withLength(size))
      refuses('ERR_FFI_OPTIONS', () => createExternalBuffer(pointer, size))
    }
    for (const length of [-1, 0.5, 2 ** 32, Infinity]) {
      refuses('ERR_FFI_SIGNATURE', () => layoutOf(numbers(length) as never))
      refuses('ERR_FFI_SIGNATURE', () => restore(numbers(length), pointer))
    }
    const empty = pointer.withLength(0)
    refuses('ERR_FFI_OUT_OF_BOUNDS', () => empty.read(U8))
    refuses('ERR_FFI_OUT_OF_BOUNDS', () => createExternalBuffer(pointer, 2 ** 53 - 1))
    const theirs = c.static_int()
    const far = theirs.withLength(2 ** 53 - 1).at(2 ** 52)
    refuses('ERR_FFI_BAD_ADDRESS', () => createExternalBuffer(theirs, 2 ** 53 - 1))
    refuses('ERR_FFI_BAD_ADDRESS', () => far.read(U8))
    pointer.free()
  },
  legitimate() {
    const empty = create(I32Array, [])
    expect(restore(numbers(0), empty)).toEqual([])
    empty.free()
  },
})
