// Turns loops that never let the event loop turn, and code whose arguments V8 holds for dead, into counts and values.
import { counters, createPointer, DataType, define, FFITypeTag, frees, unwrapPointer } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { c, library } from '../pointers/calls.js'
import { blocksLeft, collect, integer, most, pointerTo } from './collecting.js'

const { External, I32, String: Text } = DataType

describe('a synchronous loop', () => {
  const kilobyte = { paramsType: [Text], paramsValue: ['x'.repeat(1023)] } as const
  const blocks = () => counters().blocks
  const records = () => counters().records

  it('holds a fraction of the blocks that it drops, without a call to gc', async () => {
    const { automatic } = frees()
    const before = blocks()
    expect(most(100_000, blocks, () => createPointer(kilobyte)) - before).toBeLessThan(50_000)
    expect(await blocksLeft(before)).toBe(before)
    expect(frees().automatic - automatic).toBe(100_000)
  })

  it('holds a fraction of large blocks, because V8 knows of their bytes', async () => {
    const before = blocks()
    const large = { paramsType: [Text], paramsValue: ['x'.repeat(1 << 20)] } as const
    expect(most(1000, blocks, () => createPointer(large)) - before).toBeLessThan(400)
    expect(await blocksLeft(before)).toBe(before)
  })

  it('holds a fraction of blocks of which it unwraps the inner pointer', async () => {
    const before = blocks()
    expect(most(50_000, blocks, () => unwrapPointer(createPointer(kilobyte))) - before).toBeLessThan(40_000)
    expect(await blocksLeft(before)).toBe(before)
  })

  it('holds a fraction of the records of pointers that C returns', () => {
    const base = c.static_int()
    expect(most(400_000, records, (i) => c.offset_ptr(base, i * 8))).toBeLessThan(200_000)
  })

  it('keeps what it keeps while others go', async () => {
    const before = blocks()
    const kept = Array.from({ length: 5000 }, (_, i) => integer(i))
    most(50_000, blocks, () => integer())
    collect()
    most(10_000, blocks, () => integer())
    expect(kept.every((pointer, i) => pointer.read(I32) === i)).toBe(true)
    for (const pointer of kept) pointer.free()
    expect(await blocksLeft(before)).toBe(before)
  })
})

describe('a pointer that is used for the last time', () => {
  /** Gives the collector every occasion, as a getter of a program may. */
  function provoke(): void {
    collect()
    for (let i = 0; i < 130; i++) integer()
  }

  const ROUNDS = 25

  it('is not collected while the other arguments of its call are read', () => {
    const read = define({
      read_int: { library, retType: I32, paramsType: [External, { ignored: I32 }] },
    }).read_int as (pointer: unknown, ignored: object) => number
    const ignored = { ignored: 0 }
    const use = (value: number) => read(integer(value), ignored)
    for (let i = 0; i < 20_000; i++) use(i)
    Object.defineProperty(ignored, 'ignored', {
      get() {
        provoke()
        return 0
      },
    })
    for (let i = 0; i < ROUNDS; i++) expect(use(i)).toBe(i)
  })

  it('is not collected while the description of a value is read, nor the value', () => {
    const description = { n: I32, ffiTypeTag: FFITypeTag.StackStruct } as const
    const value = { n: 0 }
    const useRead = (n: number) => (integer(n).read(description) as { n: number }).n
    const useWrite = (n: number) => integer(n).write(description, value)
    for (let i = 0; i < 5000; i++) {
      useRead(i)
      useWrite(i)
    }
    const provoking = () => {
      provoke()
      return I32
    }
    const described = Object.defineProperty({ ...description }, 'n', { get: provoking, enumerable: true })
    Object.defineProperty(value, 'n', { get: () => provoking() && 1, enumerable: true })
    const readLast = (n: number) => (integer(n).read(described) as { n: number }).n
    for (let i = 0; i < ROUNDS; i++) {
      expect(readLast(i)).toBe(i)
      useWrite(i)
    }
  })

  it('keeps its target while it is written into another', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const chain = pointerTo(pointerTo(integer(i)))
      provoke()
      expect(c.read_int(c.read_ptr(c.read_ptr(chain)))).toBe(i)
    }
  })
})
