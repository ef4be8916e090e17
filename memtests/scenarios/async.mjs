// Turns calls on other threads into results while their memory is freed, their library closed, or they are taken back.
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

export const variants = { guarded: { FFI_GUARD: '1', FFI_GUARD_QUARANTINE: String(2 ** 20) } }

/** Freeing a result looks for malloc's bookkeeping before it, which valgrind sees. */
export const probes = true

export function setUp({ ffi, bind, n, libraryPath }) {
  process.env.FFI_THREADS = '2'
  const { I32, U8, U64, U8Array, Void, External, String: Text } = ffi.DataType
  const c = bind('async', {
    add: [I32, I32, I32],
    gate_close: [Void],
    gate_open: [Void],
    gate_waiting: [I32],
    gate_wait: [I32, I32],
    gate_fill: [U64, External, U64, U8],
    add_one: [Void, U8Array, U8Array, U64],
    new_bytes: [External, U64, U8],
  })
  const { join } = ffi.define({
    join: { library: 'async', retType: Text, paramsType: [Text, Text], freeResultMemory: true },
  })
  const block = (value) => ffi.createPointer({ paramsType: [U64], paramsValue: [value] })[0]
  const takeBack = (pointer) =>
    ffi.freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: ffi.PointerType.CPointer })

  /** Both threads wait at the gate with memory in their hands that is freed under them: ours, and C's. */
  async function freedInFlight() {
    c.gate_close()
    const [ours, foreign] = [block(0n), c.new_bytes(64, 1)]
    const calls = [c.gate_fill.async([ours, 8, 2]), c.gate_fill.async([foreign, 64, 3])]
    ours.free()
    takeBack(foreign)
    assert.throws(() => ours.read(U64), { code: 'ERR_FFI_USE_AFTER_FREE' })
    while (c.gate_waiting() < 2) await pause(1)
    c.gate_open()
    assert.deepEqual(await Promise.all(calls), [16, 192])
  }
  async function closedInFlight() {
    ffi.open({ library: 'closing', path: libraryPath('async') })
    const { sleep_and_return } = ffi.define({
      sleep_and_return: { library: 'closing', retType: I32, paramsType: [I32, I32] },
    })
    const call = sleep_and_return.async([1, 7])
    ffi.close('closing')
    assert.equal(await call, 7)
    assert.throws(() => sleep_and_return.async([1, 7]), { code: 'ERR_FFI_LIBRARY_CLOSED' })
  }
  /** What waits behind two calls at the gate is taken back, with what it held. */
  async function takenBack() {
    c.gate_close()
    const held = [c.gate_wait.async([1]), c.gate_wait.async([2])]
    while (c.gate_waiting() < 2) await pause(1)
    const aborting = new AbortController()
    const bytes = new Uint8Array(1000)
    const { signal } = aborting
    const waiting = Array.from({ length: 20 }, (_, i) => {
      const pointer = block(BigInt(i))
      const calls = [
        c.gate_fill.async([pointer, 8, i], { signal }),
        join.async(['never', 'made'], { signal }),
        c.add_one.async([bytes, bytes, 1000], { signal }),
      ]
      pointer.free()
      return calls
    })
    aborting.abort(new RangeError('taken back'))
    const ends = await Promise.allSettled(waiting.flat())
    for (const { reason } of ends) assert.ok(reason instanceof RangeError)
    c.gate_open()
    assert.deepEqual(await Promise.all(held), [1, 2])
  }

  return async () => {
    for (let i = 0; i < Math.ceil(n / 20); i++) {
      const sums = await Promise.all(Array.from({ length: 40 }, (_, k) => c.add.async([k, i])))
      assert.equal(sums[39], 39 + i)
      assert.equal(await join.async(['a', 'b']), 'ab')
      const bytes = new Uint8Array(100)
      await c.add_one.async([bytes, bytes, 100])
      assert.equal(bytes[99], 1)
      await freedInFlight()
      await closedInFlight()
      await takenBack()
    }
  }
}
