// Turns lost pointers into freed blocks, and kept ones into blocks that stay.
import {
  counters,
  createExternalBuffer,
  createPointer,
  DataType,
  freePointer,
  frees,
  type Pointer,
  scope,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { c, refusal } from '../pointers/calls.js'
import { blocksKept, blocksLeft, integer, pointerTo } from './collecting.js'

const { External, I32, I32Array, String: Text, U8Array } = DataType

/** What a test must not lose by an optimisation of its own function. */
let held: unknown[] = []

/** Makes things in a function of its own, whose frame keeps nothing; holds what it returns. */
function hold(make: () => unknown): void {
  held.push(make())
}

let baseline = 0
beforeAll(async () => {
  baseline = await blocksKept()
})

afterEach(async () => {
  held = []
  expect(await blocksLeft(baseline)).toBe(baseline)
})

describe('a block', () => {
  it('goes when its pointer is collected, alone among its neighbours', async () => {
    const before = frees()
    hold(() => [1, 2, 3].map((value) => integer(value)).filter((_, i) => i !== 1))
    expect(await blocksLeft(baseline + 2)).toBe(baseline + 2)
    expect((held[0] as Pointer[]).map((pointer) => pointer.read(I32))).toEqual([1, 3])
    expect(frees()).toEqual({ explicit: before.explicit, automatic: before.automatic + 1 })
  })

  it('that was freed, disposed of or ended with its scope is counted as that, and once', async () => {
    const before = frees()
    hold(() => {
      integer().free()
      freePointer({ paramsType: [I32], paramsValue: [integer()] })
      integer()[Symbol.dispose]()
      scope(() => integer())
    })
    expect(await blocksKept()).toBe(baseline)
    expect(frees()).toEqual({ explicit: before.explicit + 4, automatic: before.automatic })
  })

  it.each<[string, (block: Pointer) => unknown]>([
    ['its inner pointer', (block) => unwrapPointer([block])],
    ['a pointer further in', (block) => block.at(4)],
    ['a pointer of known length', (block) => block.withLength(4)],
    ['a pointer that C returned for it', (block) => c.id_ptr(block)],
    ['a pointer that C returned into it', (block) => c.offset_ptr(block, 4)],
    ['a Buffer over it', (block) => createExternalBuffer(block, 8).subarray(2)],
    ['a pointer that wraps it', (block) => wrapPointer([block])],
    [
      'a struct that was made to point to it',
      (block) => {
        const type = { number: I32, pointer: External }
        return createPointer({ paramsType: [type], paramsValue: [{ number: 1, pointer: block.at(4) }] })
      },
    ],
    [
      'a block that it was written into',
      (block) => {
        const other = pointerTo(null)
        other.write(External, block)
        return other
      },
    ],
    [
      'a place in a block that it was written into',
      (block) => {
        const [list] = createPointer({ paramsType: [I32Array], paramsValue: [[1, 2, 3, 4, 5, 6]] })
        const [inner] = unwrapPointer([list])
        inner.write(External, block, 16)
        return list
      },
    ],
  ])('is kept by %s', async (_title, keep) => {
    hold(() => keep(createPointer({ paramsType: [I32Array], paramsValue: [[1, 2, 3]] })[0]))
    const kept = await blocksKept()
    expect(kept).toBeGreaterThan(baseline)
    expect(await blocksKept()).toBe(kept)
  })

  it('is not kept by a pointer to it that was overwritten', async () => {
    hold(() => {
      const other = pointerTo(integer())
      other.write(External, null)
      return other
    })
    expect(await blocksLeft(baseline + 1)).toBe(baseline + 1)
  })

  it('keeps the buffer that C was given in its place, and lets go of it', async () => {
    let collected = 0
    const registry = new FinalizationRegistry(() => collected++)
    hold(() => {
      const bytes = Buffer.alloc(1 << 16)
      registry.register(bytes.buffer, undefined)
      return createPointer({ paramsType: [U8Array], paramsValue: [bytes] })
    })
    await blocksKept()
    expect(collected).toBe(0)
    held = []
    await blocksKept()
    await blocksKept()
    expect(collected).toBe(1)
  })
})

describe('leak', () => {
  it('keeps a block without pointers until it is freed', async () => {
    let address = 0n
    hold(() => {
      const block = integer(5).leak()
      address = block.address
      pointerTo(block.at(0)).at(0).leak().free()
    })
    expect(await blocksKept()).toBe(baseline + 1)
    const again = unwrapPointer([pointerToAddress(address)])[0]
    expect(again.read(I32)).toBe(5)
    again.free()
    expect(() => again.leak()).toThrow(refusal('ERR_FFI_USE_AFTER_FREE', { functionName: 'leak' }))
  })

  it('takes a block out of its scope, and leaves alone what is not ours', () => {
    const block = scope(() => {
      const made = integer()
      made.at(0).leak()
      made[Symbol.dispose]()
      return made
    })
    expect(block.state).toBe('live')
    block.free()
    expect(c.static_int().leak().state).toBe('live')
    expect(c.null_ptr().leak().address).toBe(0n)
  })
})

/** A block that holds an address as a number, so that it keeps nothing. */
function pointerToAddress(address: bigint): Pointer {
  return createPointer({ paramsType: [DataType.BigUint64], paramsValue: [address] } as never)[0] as Pointer
}

describe('text', () => {
  it('is there for C while the inner pointer is, whoever held the outer one', async () => {
    hold(() => unwrapPointer(createPointer({ paramsType: [Text], paramsValue: ['still here'] }))[0])
    await blocksKept()
    const [inner] = held as [Pointer]
    expect(c.read_byte(inner, 6)).toBe('h'.charCodeAt(0))
    expect(counters().blocks).toBe(baseline + 1)
  })
})
