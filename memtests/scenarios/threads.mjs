// Turns threads of C into callers of JavaScript: who waits for answers, who does not, and whose callback is freed meanwhile.
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

export function setUp({ ffi, bind, n }) {
  const { I32, I64, Void, External, String: Text } = ffi.DataType
  const intToInt = ffi.funcConstructor({ paramsType: [I32], retType: I32 })
  const telling = (nonblocking) => ffi.funcConstructor({ paramsType: [Text, I32], retType: Void, nonblocking })
  const c = bind('threads', {
    start: [External, External, I32],
    is_done: [I32, External],
    finish: [I64, External],
    run_and_wait: [I64, intToInt, I32],
    tell: [Void, External, I32],
  })
  const make = (type, fn) => {
    const [block] = ffi.createPointer({ paramsType: [type], paramsValue: [fn] })
    return { block, code: ffi.unwrapPointer([block])[0] }
  }
  async function finished(work) {
    while (c.is_done(work) === 0) await pause(1)
    return c.finish(work)
  }

  async function answered() {
    const { block, code } = make(intToInt, (x) => x * 2)
    const works = [1, 2, 3].map(() => c.start(code, 20))
    assert.deepEqual(await Promise.all(works.map(finished)), [380, 380, 380])
    block.free()
  }
  /** The callback goes with its fifth call, which still gives its answer; what comes later gets zero. */
  async function freedMeanwhile() {
    let calls = 0
    const { block, code } = make(intToInt, () => {
      if (++calls === 5) block.free()
      return 1
    })
    assert.equal(await finished(c.start(code, 20)), 5)
  }
  async function told(nonblocking) {
    const seen = []
    const { block, code } = make(telling(nonblocking), (text, i) => seen.push(`${text} ${i}`))
    c.tell(code, 30)
    while (seen.length < 30) await pause(1)
    assert.equal(seen[29], 'message 29')
    block.free()
  }

  return async () => {
    for (let i = 0; i < Math.ceil(n / 20); i++) {
      await answered()
      await freedMeanwhile()
      await told(true)
      await told(false)
      assert.equal(await c.run_and_wait.async([(x) => x, 10]), 45)
    }
  }
}
