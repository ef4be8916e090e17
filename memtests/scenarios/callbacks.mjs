// Turns JavaScript functions into callbacks of every life: inline, nested, throwing, created, kept by C, freed and called later.
import assert from 'node:assert/strict'

/** Freeing what C passed looks for malloc's bookkeeping before it, which valgrind sees. */
export const probes = true

export const variants = { 'without crash report': { FFI_CRASH_REPORT: '0' } }

export function setUp({ ffi, bind, n, gc }) {
  const { I32, I64, Double, Void, External, String: Text } = ffi.DataType
  const callback = (retType, ...paramsType) => ffi.funcConstructor({ paramsType, retType })
  const intToInt = callback(I32, I32)
  const home = { x: I32, y: Double }
  const point = { ...home, ffiTypeTag: ffi.FFITypeTag.StackStruct }
  const person = { name: Text, age: I32, home }
  const c = bind('callbacks', {
    sum_i32: [I64, intToInt, I32],
    pass_i32: [I32, intToInt, I32],
    pass_str: [Text, callback(Text, Text), Text],
    point_by_value: [Double, callback(point, point), I32, Double],
    with_person: [I32, callback(I32, person), Text],
    age_of_answer: [I32, callback(person)],
    operate: [I32, { add: callback(I32, I32, I32), negate: intToInt, bias: I32 }, I32, I32],
    keep: [Void, intToInt],
    call_kept: [I32, I32],
    call_code: [I32, External, I32],
  })
  const { give_text } = ffi.define({
    give_text: {
      library: 'callbacks',
      retType: I32,
      paramsType: [ffi.funcConstructor({ paramsType: [Text], retType: I32, freeCFuncParamsMemory: true }), Text],
    },
  })

  function inline(i) {
    assert.equal(
      c.sum_i32((x) => x * 2, 10),
      90,
    )
    assert.equal(
      c.pass_str((text) => `${text} and back`, 'there'),
      'there and back',
    )
    assert.equal(
      c.point_by_value(({ x, y }) => ({ x: x + 1, y }), i, 0.5),
      (i + 1) * 1000 + 0.5,
    )
    assert.equal(
      c.with_person((given) => given.age + given.home.x, 'name'),
      45,
    )
    assert.equal(
      c.age_of_answer(() => ({ name: 'four', age: i, home: { x: 1, y: 2 } })),
      i + 5,
    )
    assert.equal(
      give_text((text) => text.length, 'to be freed'),
      11,
    )
    const operations = { add: (a, b) => a + b, negate: (a) => -a, bias: 1 }
    assert.equal(c.operate(operations, 2, 3), -6)
  }
  function nested(depth) {
    return depth === 0 ? 0 : c.pass_i32((x) => nested(x - 1) + 1, depth)
  }
  function created(i) {
    const [block] = ffi.createPointer({ paramsType: [intToInt], paramsValue: [(x) => x + i] })
    const [code] = ffi.unwrapPointer([block])
    assert.equal(c.call_code(code, 1), 1 + i)
    block.free()
    assert.throws(() => c.call_code(code, 1), { code: 'ERR_FFI_USE_AFTER_FREE' })
  }

  return () => {
    for (let i = 0; i < n; i++) {
      inline(i)
      assert.equal(nested(5), 5)
      created(i)
      const throwing = () => {
        throw new RangeError('of a callback')
      }
      assert.throws(() => c.pass_i32(throwing, 1), RangeError)
      assert.throws(() => c.pass_i32(() => 'no number', 1), { code: 'ERR_FFI_CALLBACK_RESULT' })
      if (i % 64 === 0) c.sum_i32((x) => gc() ?? x, 2)
    }
    // Released with its call, and called by C later; the code stays where it is.
    c.keep((x) => x + 1)
    assert.equal(c.call_kept(1), 0)
  }
}
