// Turns strings of every length and width into arguments and results: copied, borrowed, and freed by libc.
import assert from 'node:assert/strict'

/** Freeing a result looks for malloc's bookkeeping before it, which valgrind sees. */
export const probes = true

export const variants = { guarded: { FFI_GUARD: '1', FFI_GUARD_QUARANTINE: String(2 ** 20) } }

export function setUp({ ffi, bind, n }) {
  const { String: Text, WString, I32, Usize, StringArray } = ffi.DataType
  const c = bind('strings', {
    string_length: [I32, Text],
    echo: [Text, Text],
    static_string: [Text],
    null_string: [Text],
    invalid_utf8: [Text],
    wide_length: [I32, WString],
    wide_echo: [WString, WString],
    count_strings: [I32, StringArray, I32],
  })
  const freed = ffi.define({
    copy_string: { library: 'strings', retType: Text, paramsType: [Text], freeResultMemory: true },
    long_string: { library: 'strings', retType: Text, paramsType: [Usize], freeResultMemory: true },
    wide_copy: { library: 'strings', retType: WString, paramsType: [WString], freeResultMemory: true },
    make_strings: {
      library: 'strings',
      retType: ffi.arrayConstructor({ type: StringArray, length: 5 }),
      paramsType: [I32],
      freeResultMemory: true,
    },
  })
  // Around the lengths at which the copying routines change their way, and one that leaves the call stack.
  const texts = [0, 1, 3, 7, 8, 15, 16, 17, 31, 32, 33, 255, 4096].map((length) => 'é'.repeat(length))
  const large = 'x'.repeat(1 << 21)
  return () => {
    for (let i = 0; i < n; i++) {
      const text = texts[i % texts.length]
      assert.equal(c.string_length(text), 2 * text.length)
      assert.equal(c.echo(text), text)
      assert.equal(freed.copy_string(text), text)
      assert.equal(c.wide_echo(text), text)
      assert.equal(freed.wide_copy(text), text)
      assert.equal(c.wide_length(text), text.length)
      assert.equal(freed.long_string(i).length, i)
      assert.equal(c.count_strings(['a', text, null], 3), 2)
      assert.equal(freed.make_strings(5)[4], 'item 4')
      assert.equal(c.null_string(), null)
    }
    assert.equal(c.static_string(), 'a static string')
    assert.equal(c.invalid_utf8().length > 5, true)
    assert.equal(c.echo(large).length, large.length)
  }
}
