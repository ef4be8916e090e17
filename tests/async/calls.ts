// Turns cpp/async.c into typed functions, with a gate that holds calls on their threads until a test opens it.
import { setTimeout as pause } from 'node:timers/promises'
import { arrayConstructor, DataType, define, FFITypeTag, open } from 'holdfast'
import { fixturePath } from '../fixture.js'

const { Boolean: Bool, Double, External, Float, I32, I64, String: Text, U8, U8Array, U64, Void } = DataType

/** Threads that the tests of one file have: the first asynchronous call of a process decides. */
export const threads = 2
process.env['FFI_THREADS'] = String(threads)

open({ library: 'async', path: fixturePath('async') })

export const item = {
  id: I32,
  name: Text,
  weights: arrayConstructor({ type: DataType.DoubleArray, length: 3, ffiTypeTag: FFITypeTag.StackArray }),
}
export const span = { bytes: External, length: U64 }

const of = { library: 'async' } as const

export const c = define({
  add: { ...of, retType: I32, paramsType: [I32, I32] },
  mix: { ...of, retType: Double, paramsType: [Double, Float, I64, U8] },
  sleep_and_return: { ...of, retType: I32, paramsType: [I32, I32] },
  log_start: { ...of, retType: I32, paramsType: [I32, I32] },
  log_count: { ...of, retType: I32, paramsType: [] },
  log_at: { ...of, retType: I32, paramsType: [I32] },
  log_clear: { ...of, retType: Void, paramsType: [] },
  gate_close: { ...of, retType: Void, paramsType: [] },
  gate_open: { ...of, retType: Void, paramsType: [] },
  gate_waiting: { ...of, retType: I32, paramsType: [] },
  gate_wait: { ...of, retType: I32, paramsType: [I32] },
  fail_with: { ...of, retType: I32, paramsType: [I32, I32], errno: true },
  thread_id: { ...of, retType: DataType.BigUint64, paramsType: [] },
  fill: { ...of, retType: Void, paramsType: [U8Array, U64, U8, I32] },
  gate_fill: { ...of, retType: U64, paramsType: [External, U64, U8] },
  add_one: { ...of, retType: Void, paramsType: [U8Array, U8Array, U64] },
  join: { ...of, retType: Text, paramsType: [Text, Text], freeResultMemory: true },
  constant_text: { ...of, retType: Text, paramsType: [I32] },
  same: { ...of, retType: External, paramsType: [External] },
  same_text: { ...of, retType: Text, paramsType: [Text] },
  new_bytes: { ...of, retType: External, paramsType: [U64, U8] },
  make_item: { ...of, retType: item, paramsType: [I32] },
  weigh: { ...of, retType: Double, paramsType: [item, I32] },
  gate_sum: { ...of, retType: U64, paramsType: [span] },
})

export const types = { Bool, External, I32, Text, U8, U8Array, U64 }

/** Waits until as many calls hold a thread at the gate. */
export async function atGate(count: number): Promise<void> {
  for (let turn = 0; c.gate_waiting() < count; turn++) {
    if (turn > 5000) throw new Error(`${c.gate_waiting()} calls at the gate, not ${count}`)
    await pause(1)
  }
}

/** Holds every thread at the gate; opened and awaited by what this returns. */
export async function holdThreads(): Promise<() => Promise<number[]>> {
  c.gate_close()
  const held = Array.from({ length: threads }, (_, i) => c.gate_wait.async([i]))
  await atGate(threads)
  return () => {
    c.gate_open()
    return Promise.all(held)
  }
}
