// Turns the codes of asynchronous calls and callbacks into mistakes that have them, by a throw, a promise or a warning.
import { once } from 'node:events'

/** @returns {Record<string, () => Promise<string>>} by code: makes the mistake, and gives the code that was seen. */
export function concurrentMistakes({ ffi, bind }) {
  const { I32, I64, U64, U8, U8Array, Void, External } = ffi.DataType
  const intToInt = ffi.funcConstructor({ paramsType: [I32], retType: I32 })
  const { id_ptr } = bind('pointers', { id_ptr: [External, External] })
  const { run_and_wait } = bind('threads', { run_and_wait: [I64, intToInt, I32] })
  const a = bind('async', {
    fill: [Void, U8Array, U64, U8, I32],
    gate_close: [Void],
    gate_open: [Void],
    gate_wait: [I32, I32],
  })
  const c = bind('callbacks', {
    keep: [Void, intToInt],
    call_kept: [I32, I32],
    pass_i32: [I32, intToInt, I32],
    sum_i32: [I64, intToInt, I32],
  })
  const thrownBy = (act) => {
    try {
      act()
    } catch (error) {
      return error.code
    }
    return 'nothing was thrown'
  }
  const warnedOf = async (act) => {
    const warned = once(process, 'warning')
    act()
    // A callback that was released keeps no process alive to say so.
    const alive = setInterval(() => {}, 1000)
    const [{ code }] = await warned
    clearInterval(alive)
    return code
  }

  /** Arguments of more bytes than all pending calls may have, which only a call that is alone may. */
  const large = new Uint8Array(2 ** 28)
  async function fillQueue() {
    a.gate_close()
    const held = a.gate_wait.async([0])
    const code = thrownBy(() => a.fill.async([large, 1, 1, 0]))
    a.gate_open()
    await held
    return code
  }

  return {
    async ERR_FFI_NOT_PINNABLE() {
      const [kept] = ffi.createPointer({ paramsType: [U8Array], paramsValue: [Buffer.alloc(8)] })
      const code = thrownBy(() => id_ptr.async([kept]))
      kept.free()
      return code
    },
    ERR_FFI_QUEUE_FULL: fillQueue,
    ERR_FFI_CALLBACK_RESULT: async () => thrownBy(() => c.pass_i32(() => 'no number', 1)),
    ERR_FFI_CALLBACK_RELEASED: () =>
      warnedOf(() => {
        c.keep((x) => x)
        c.call_kept(1)
      }),
    ERR_FFI_CALLBACK_THREW: () =>
      warnedOf(() => {
        const throwing = () => {
          throw new Error('in both')
        }
        thrownBy(() => c.sum_i32(throwing, 2))
      }),
    async ERR_FFI_CALLBACK_DEADLOCK() {
      ffi.configure({ callbackTimeout: 1 })
      const code = thrownBy(() => run_and_wait((x) => x, 1))
      ffi.configure({ callbackTimeout: 5000 })
      return code
    },
  }
}

/** Only guarded memory tells of this one (FFI_GUARD): a write into what alignment leaves open behind a string. */
export function overrunMistake({ ffi, bind }) {
  const { External, U64, Void, String: Text } = ffi.DataType
  const { overrun } = bind('crash', { overrun: [Void, External, U64, U64] })
  return () => {
    const [owner] = ffi.createPointer({ paramsType: [Text], paramsValue: ['abcd'] })
    overrun(ffi.unwrapPointer([owner])[0], 5, 2)
    owner.free()
  }
}
