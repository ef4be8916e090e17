// Turns memory that is freed, moved or closed while asynchronous calls use it into memory that stays until they are over.
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  close,
  counters,
  createPointer,
  DataType,
  define,
  FFITypeTag,
  freePointer,
  load,
  open,
  type Pointer,
  PointerType,
  unwrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { refusal } from '../calls/caller.js'
import { fixturePath } from '../fixture.js'
import { expectBaseline, held } from '../misuse/baseline.js'
import { atGate, c, holdThreads, span } from './calls.js'

const { External, I32, I32Array, U8, U8Array, U64 } = DataType
const SIZE = 40_000
const WORDS = SIZE / 4

const stackSpan = { ...span, ffiTypeTag: FFITypeTag.StackStruct } as const
const gateSum = define({ gate_sum: { library: 'async', retType: U64, paramsType: [External] } }).gate_sum

/** A block of the toolkit's own, with no buffer behind it. */
function block(): { owner: Pointer; bytes: Pointer } {
  const [owner] = createPointer({ paramsType: [I32Array], paramsValue: [new Array<number>(WORDS).fill(0)] })
  const [bytes] = unwrapPointer([owner])
  return { owner, bytes }
}

/** Runs a body in a scope of its own, so that its pointers can be collected, and counts what is left. */
async function leavesNothing(body: () => Promise<void>): Promise<void> {
  await body()
  await expectBaseline({ records: 0, blocks: 0, blockBytes: 0, libraries: 1 })
  expect(counters()).toMatchObject({ asyncCalls: 0, pins: 0 })
}

describe('memory that an asynchronous call uses', () => {
  it('stays until the call is over when it is freed, and is refused meanwhile', () =>
    leavesNothing(async () => {
      const before = held().blocks
      c.gate_close()
      const { owner, bytes } = block()
      const call = c.gate_fill.async([bytes, SIZE, 200])
      await atGate(1)
      expect(counters()).toMatchObject({ asyncCalls: 1, pins: 1 })
      owner.free()
      expect([owner.state, bytes.state]).toEqual(['freed', 'freed'])
      expect(() => owner.free()).toThrow(refusal('ERR_FFI_DOUBLE_FREE'))
      expect(() => bytes.read(U8)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
      expect(() => c.same(bytes)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE', { position: 0 }))
      expect(() => c.same.async([bytes])).toThrow(refusal('ERR_FFI_USE_AFTER_FREE', { position: 0 }))
      expect(held()).toMatchObject({ blocks: before + 1 })
      // What malloc has free is given out again: none of it may be the block.
      const others = Array.from({ length: 20 }, () => block())
      c.gate_open()
      expect(await call).toBe(200 * SIZE)
      for (const other of others) {
        expect(other.bytes.read(I32)).toBe(0)
        expect(other.bytes.read(I32, SIZE - 4)).toBe(0)
        other.owner.free()
      }
      expect(counters()).toMatchObject({ asyncCalls: 0, pins: 0 })
    }))

  it('stays until the last of several calls is over', () =>
    leavesNothing(async () => {
      c.gate_close()
      const { owner, bytes } = block()
      const calls = [1, 2].map((value) => c.gate_fill.async([bytes, 4, value]))
      await atGate(2)
      const third = c.same.async([bytes])
      owner.free()
      c.gate_open()
      await Promise.all(calls)
      const same = await third
      expect(same.state).toBe('freed')
    }))

  it('stays when only a field of a struct names it', () =>
    leavesNothing(async () => {
      const before = held().blocks
      c.gate_close()
      const { owner, bytes } = block()
      bytes.write(U8, 9, 3)
      const call = c.gate_sum.async([{ bytes, length: SIZE }])
      await atGate(1)
      owner.free()
      expect(held()).toMatchObject({ blocks: before + 1 })
      c.gate_open()
      expect(await call).toBe(9)
    }))

  it('stays when a block that the call uses was made to point to it', () =>
    leavesNothing(async () => {
      c.gate_close()
      const { owner, bytes } = block()
      bytes.write(U8, 9, 3)
      const [outer] = createPointer({ paramsType: [stackSpan], paramsValue: [{ bytes, length: SIZE }] })
      const call = gateSum.async([outer])
      await atGate(1)
      owner.free()
      outer.free()
      expect(counters().blocks).toBe(2)
      const others = Array.from({ length: 20 }, () => block())
      c.gate_open()
      expect(await call).toBe(9)
      for (const other of others) other.owner.free()
    }))

  it('stays when C allocated it and it is freed as CPointer', () =>
    leavesNothing(async () => {
      const bytes = c.new_bytes(SIZE, 1)
      c.gate_close()
      const call = c.gate_fill.async([bytes, SIZE, 3])
      await atGate(1)
      const free = () =>
        freePointer({ paramsType: [External], paramsValue: [bytes], pointerType: PointerType.CPointer })
      free()
      expect(free).toThrow(refusal('ERR_FFI_DOUBLE_FREE'))
      const again = load({ library: 'async', funcName: 'same', retType: External, paramsType: [U64], paramsValue: [0] })
      expect(again.address).toBe(0n)
      const others = Array.from({ length: 20 }, () => c.new_bytes(SIZE, 5))
      c.gate_open()
      expect(await call).toBe(3 * SIZE)
      for (const other of others) {
        expect([other.read(U8), other.read(U8, SIZE - 1)]).toEqual([5, 5])
        freePointer({ paramsType: [External], paramsValue: [other], pointerType: PointerType.CPointer })
      }
    }))

  it('is the same address freed once, when C names it again meanwhile', () =>
    leavesNothing(async () => {
      const { same } = define({ same: { library: 'async', retType: External, paramsType: [U64] } })
      const bytes = c.new_bytes(64, 1)
      const { address } = bytes
      c.gate_close()
      const call = c.gate_fill.async([bytes, 64, 3])
      await atGate(1)
      const free = (pointer: Pointer) =>
        freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: PointerType.CPointer })
      free(bytes)
      const second = same(address)
      expect(second.state).toBe('freed')
      expect(() => free(second)).toThrow(refusal('ERR_FFI_DOUBLE_FREE'))
      c.gate_open()
      await call
    }))

  it('is refused with ERR_FFI_NOT_PINNABLE where it refers to a JavaScript buffer', async () => {
    const [owner] = createPointer({ paramsType: [U8Array], paramsValue: [Buffer.alloc(64)] })
    const [bytes] = unwrapPointer([owner])
    for (const pointer of [owner, bytes]) {
      expect(() => c.same.async([pointer])).toThrow(
        refusal('ERR_FFI_NOT_PINNABLE', { functionName: 'same', position: 0 }),
      )
    }
    expect(() => c.gate_sum.async([{ bytes, length: 1 }])).toThrow(refusal('ERR_FFI_NOT_PINNABLE'))
    expect(counters()).toMatchObject({ asyncCalls: 0, pins: 0 })
    owner.free()
  })

  it('is not pinned by a call that is refused for another argument', () =>
    leavesNothing(async () => {
      const { two } = define({ two: { library: 'async', retType: External, paramsType: [External, External] } })
      const good = block()
      const bad = block()
      bad.owner.free()
      expect(() => two.async([good.bytes, bad.bytes])).toThrow(refusal('ERR_FFI_SYMBOL_NOT_FOUND'))
      const { same } = define({ same: { library: 'async', retType: External, paramsType: [External, External] } })
      expect(() => same.async([good.bytes, bad.bytes])).toThrow(refusal('ERR_FFI_USE_AFTER_FREE', { position: 1 }))
      expect(counters().pins).toBe(0)
      good.owner.free()
    }))
})

describe('the buffer of an asynchronous call', () => {
  it('is what C left in it when the call is over', async () => {
    const bytes = new Uint8Array(8)
    const call = c.fill.async([bytes.subarray(2, 6), 4, 7, 1])
    expect([...bytes]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    await call
    expect([...bytes]).toEqual([0, 0, 7, 7, 7, 7, 0, 0])
  })

  it.each([
    ['an ArrayBuffer', (bytes: ArrayBuffer) => bytes],
    ['a DataView', (bytes: ArrayBuffer) => new DataView(bytes)],
    ['a Buffer', (bytes: ArrayBuffer) => Buffer.from(bytes)],
  ])('may be %s', async (_kind, view) => {
    const bytes = new ArrayBuffer(4)
    await c.fill.async([view(bytes), 4, 9, 0])
    expect([...new Uint8Array(bytes)]).toEqual([9, 9, 9, 9])
  })

  it('may be shared memory', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(4))
    await c.fill.async([bytes, 4, 9, 0])
    expect([...bytes]).toEqual([9, 9, 9, 9])
  })

  it('may be given twice: both parameters are the same memory', async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4)
    await c.add_one.async([bytes, bytes, 4])
    expect([...bytes]).toEqual([2, 3, 4, 5])
    await c.add_one.async([bytes.subarray(0, 3), bytes.subarray(1), 3])
    expect([...bytes]).toEqual([2, 3, 4, 5])
  })

  it('is harmless to transfer meanwhile: the call goes on, and rejects with ERR_FFI_BUFFER_DETACHED', async () => {
    const open = await holdThreads()
    const bytes = new Uint8Array(1 << 20)
    const call = c.fill.async([bytes, 1 << 20, 7, 0])
    const received = structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    expect(bytes.byteLength).toBe(0)
    // Awaited for before it can happen: a rejection that nobody waits for fails the run.
    const rejected = expect(call).rejects.toThrow(refusal('ERR_FFI_BUFFER_DETACHED', { functionName: 'fill' }))
    await open()
    await rejected
    expect(new Uint8Array(received).every((byte) => byte === 0)).toBe(true)
  })

  it('is refused at once when it is detached already', () => {
    const bytes = new Uint8Array(4)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    expect(() => c.fill.async([bytes, 4, 1, 0])).toThrow(refusal('ERR_FFI_BUFFER_DETACHED', { position: 0 }))
  })
})

describe('the library of an asynchronous call', () => {
  it('stays loaded until the call is over and its result is decoded, when it is closed meanwhile', async () => {
    // A file of its own, which nobody else keeps loaded: unloaded too early, its code would be gone under the calls.
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-async-'))
    const path = join(directory, 'libclosing.so')
    copyFileSync(fixturePath('async'), path)
    open({ library: 'async close', path })
    const of = { library: 'async close' } as const
    const { sleep_and_return, constant_text } = define({
      sleep_and_return: { ...of, retType: I32, paramsType: [I32, I32] },
      constant_text: { ...of, retType: DataType.String, paramsType: [I32] },
    })
    const calls = [sleep_and_return.async([30, 4]), constant_text.async([30])]
    close('async close')
    expect(() => sleep_and_return.async([0, 0])).toThrow(refusal('ERR_FFI_LIBRARY_CLOSED'))
    expect(await Promise.all(calls)).toEqual([4, 'text of the library'])
    if (process.platform === 'linux') expect(readFileSync('/proc/self/maps', 'utf8')).not.toContain(path)
    rmSync(directory, { recursive: true })
  })
})
