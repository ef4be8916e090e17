// Turns scopes of every kind into what is held inside them, after them, and after they failed.
import { setImmediate as turn } from 'node:timers/promises'
import {
  close,
  createPointer,
  DataType,
  define,
  FfiError,
  open,
  type Pointer,
  restorePointer,
  scope,
  wrapPointer,
} from 'holdfast'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'
import { held } from '../misuse/baseline.js'

const one = (value = 1): Pointer => createPointer({ paramsType: [DataType.I32], paramsValue: [value] })[0]
const codeOf = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    return error instanceof FfiError ? error.code : error
  }
}
const freed = 'ERR_FFI_USE_AFTER_FREE'
const read = (pointer: Pointer) => codeOf(() => pointer.read(DataType.I32))

let before = held()
beforeEach(() => {
  before = held()
})
afterEach(() => {
  expect({ ...held(), records: 0 }).toEqual({ ...before, records: 0 })
})

describe('scope(function)', () => {
  it('returns what the function returns, and frees what was made in it', () => {
    const made: Pointer[] = []
    const sum = scope(() => {
      const inside = one(40)
      made.push(inside, ...createPointer({ paramsType: [DataType.String], paramsValue: ['text'] }))
      expect(held().blocks).toBe(before.blocks + 2)
      return inside.read(DataType.I32) + 2
    })
    expect(sum).toBe(42)
    const restored = made.map((pointer) =>
      codeOf(() => restorePointer({ retType: [DataType.String], paramsValue: [pointer] })),
    )
    expect([made.map((pointer) => pointer.state), restored]).toEqual([
      ['freed', 'freed'],
      [freed, freed],
    ])
  })

  it('frees a wrapper and what it wraps, an interior pointer going with its owner', () => {
    let part: Pointer | undefined
    scope(() => {
      const [wrapped] = wrapPointer([one()])
      part = wrapped.at(0)
    })
    expect(part?.state).toBe('freed')
  })

  it('refuses a pointer of its own as argument of a call after its end, with ERR_FFI_USE_AFTER_FREE', () => {
    open({ library: 'scoped', path: fixturePath('pointers') })
    const { read_int } = define({
      read_int: { library: 'scoped', retType: DataType.I32, paramsType: [DataType.External] },
    })
    const escaped = scope(() => {
      const pointer = one(7)
      expect(read_int(pointer)).toBe(7)
      return pointer
    })
    expect(codeOf(() => read_int(escaped))).toBe(freed)
    close('scoped')
  })

  it('leaves alone what was freed in it, by any way of freeing', () => {
    scope(() => {
      one().free()
      one().at(0).free()
      one()[Symbol.dispose]()
    })
  })

  it('frees a block whose buffer was detached meanwhile', () => {
    scope(() => {
      const buffer = new Uint8Array(8)
      createPointer({ paramsType: [DataType.U8Array], paramsValue: [Buffer.from(buffer.buffer)] })
      structuredClone(buffer, { transfer: [buffer.buffer] })
    })
  })

  it('holds nothing of what was freed in it', () => {
    scope(() => {
      for (let i = 0; i < 10_000; i++) one().free()
      expect(held().blocks).toBe(before.blocks)
    })
  })

  it('makes nothing outside of it its own', () => {
    const outside = one(5)
    scope(() => outside.read(DataType.I32))
    const later = one(6)
    expect([read(outside), read(later)]).toEqual([5, 6])
    outside.free()
    later.free()
  })

  it('frees what createPointer made before it failed, once', () => {
    scope(() => {
      const paramsValue = [1, 'no number'] as unknown as [number, number]
      expect(codeOf(() => createPointer({ paramsType: [DataType.I32, DataType.I32], paramsValue }))).toBe(
        'ERR_FFI_TYPE',
      )
    })
  })
})

describe('nested scopes', () => {
  it('free what is theirs, the inner one first', () => {
    scope(() => {
      const outer = one(1)
      const inner = scope(() => one(2))
      const after = one(3)
      expect([read(inner), read(outer), read(after)]).toEqual([freed, 1, 3])
    })
  })

  it('hand what is kept to the scope around them, and past the last to the program', () => {
    let once: Pointer | undefined
    const twice = scope((outer) => {
      const [a, b] = scope((inner) => [inner.keep(one(1)), inner.keep(one(2))] as const)
      expect([read(a), read(b)]).toEqual([1, 2])
      once = a
      return outer.keep(b)
    })
    expect([read(once as Pointer), read(twice)]).toEqual([freed, 2])
    twice.free()
  })
})

describe('keep', () => {
  it('refuses what is not the scope to release, with ERR_FFI_OPTIONS', () => {
    const outside = one()
    scope((s) => {
      const inside = one()
      expect(codeOf(() => s.keep(outside))).toBe('ERR_FFI_OPTIONS')
      expect(codeOf(() => s.keep(inside.at(0)))).toBe('ERR_FFI_OPTIONS')
      expect(codeOf(() => s.keep(7 as unknown as Pointer))).toBe('ERR_FFI_OPTIONS')
      inside.free()
      expect(codeOf(() => s.keep(inside))).toBe('ERR_FFI_OPTIONS')
    })
    outside.free()
  })
})

describe('a failing scope', () => {
  it('frees what was made, and throws what the function threw', () => {
    const failure = new Error('inside')
    let inside: Pointer | undefined
    const act = () =>
      scope(() => {
        inside = one()
        throw failure
      })
    expect(act).toThrow(failure)
    expect((inside as Pointer).state).toBe('freed')
  })

  it('frees the rest when releasing one fails, and loses no error', () => {
    const failure = new Error('inside')
    const broken = (error: Error) =>
      Object.defineProperty(one(), Symbol.dispose, {
        value: () => {
          throw error
        },
      })
    const [first, second] = [new Error('first'), new Error('second')]
    const made: Pointer[] = []
    const errorOf = (act: () => unknown): unknown => {
      try {
        act()
      } catch (error) {
        return error
      }
      return undefined
    }
    const build = () => {
      made.push(one(), broken(first), one(), broken(second))
    }
    expect(errorOf(() => scope(() => made.push(broken(first))))).toBe(first)
    const all = errorOf(() =>
      scope(() => {
        build()
        throw failure
      }),
    ) as AggregateError
    expect([all.errors, all.cause]).toEqual([[failure, second, first], failure])
    expect(made.map((pointer) => pointer.state)).toEqual(['live', 'freed', 'live', 'freed', 'live'])
    for (const pointer of made) if (pointer.state === 'live') pointer.free()
  })
})

describe('scope()', () => {
  it('begins a block that ends when it is disposed, once', () => {
    const block = scope()
    const inside = one()
    block[Symbol.dispose]()
    const after = one(2)
    block[Symbol.dispose]()
    expect([read(inside), read(after)]).toEqual([freed, 2])
    after.free()
  })

  it('gives what is made after the outer of two was disposed to the inner one', () => {
    const outer = scope()
    const inner = scope()
    outer[Symbol.dispose]()
    const pointer = one(3)
    expect(read(pointer)).toBe(3)
    inner[Symbol.dispose]()
    expect(read(pointer)).toBe(freed)
    const after = one(4)
    expect(read(after)).toBe(4)
    after.free()
  })

  it('refuses what is no function, with ERR_FFI_OPTIONS', () => {
    expect(codeOf(() => scope(7 as unknown as () => void))).toBe('ERR_FFI_OPTIONS')
  })
})

describe('an async scope', () => {
  it('keeps its own across awaits, whatever runs in between, and ends with its promise', async () => {
    const run = (value: number) =>
      scope(async () => {
        const early = one(value)
        await turn()
        const late = one(value + 10)
        await turn()
        expect([read(early), read(late)]).toEqual([value, value + 10])
        return [early, late] as const
      })
    const pending = [run(1), run(2), run(3)]
    const outside = one(99)
    const pairs = await Promise.all(pending)
    expect(pairs.flat().map(read)).toEqual(Array(6).fill(freed))
    expect(read(outside)).toBe(99)
    outside.free()
  })

  it('frees what was made when its promise rejects, and rejects with that', async () => {
    const failure = new Error('later')
    let inside: Pointer | undefined
    const pending = scope(async () => {
      await turn()
      inside = one()
      throw failure
    })
    await expect(pending).rejects.toBe(failure)
    expect(read(inside as Pointer)).toBe(freed)
  })

  it('hands what is kept after the scope around it has ended to the program', async () => {
    let pending: Promise<Pointer> | undefined
    scope(() => {
      pending = scope(async (inner) => {
        await turn()
        return inner.keep(one(8))
      })
    })
    const kept = await (pending as Promise<Pointer>)
    expect(read(kept)).toBe(8)
    kept.free()
  })

  it('leaves alone what is made in its context after its end', async () => {
    let later: Promise<Pointer> | undefined
    await scope(async () => {
      later = turn()
        .then(turn)
        .then(() => one(5))
    })
    const pointer = await (later as Promise<Pointer>)
    expect(read(pointer)).toBe(5)
    pointer.free()
  })
})

describe('libraries', () => {
  const path = fixturePath('scalars')
  const isOpen = (library: string) => {
    const name = 'add_i32'
    const type = DataType.I32
    const add = define({ [name]: { library, retType: type, paramsType: [type, type] } })[name] as (
      a: number,
      b: number,
    ) => number
    return codeOf(() => add(1, 2))
  }

  it('opened in a scope are closed at its end, unless kept or open before', () => {
    open({ library: 'before', path })
    scope((s) => {
      open({ library: 'before', path })
      open({ library: 'inside', path })
      s.keep(open({ library: 'kept', path }))
      expect(['before', 'inside', 'kept'].map(isOpen)).toEqual([3, 3, 3])
    })
    expect(['before', 'inside', 'kept'].map(isOpen)).toEqual([3, 'ERR_FFI_LIBRARY_CLOSED', 3])
    close('before')
    close('kept')
  })

  it('are closed by the disposal of the opening that opened them, and by no other', () => {
    const first = open({ library: 'used', path })
    const second = open({ library: 'used', path })
    second[Symbol.dispose]()
    expect([first.library, isOpen('used')]).toEqual(['used', 3])
    first[Symbol.dispose]()
    expect(isOpen('used')).toBe('ERR_FFI_LIBRARY_CLOSED')
    const third = open({ library: 'used', path })
    first[Symbol.dispose]()
    expect(isOpen('used')).toBe(3)
    third[Symbol.dispose]()
  })
})
