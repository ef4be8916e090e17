// Turns what C leaves in errno into the result of a call that asked for it.
import { constants } from 'node:os'
import { DataType, define, type ResultType } from 'holdfast'
import { expect, it } from 'vitest'
import { callerOf, refusal } from './caller.js'

const call = callerOf('errors')
const { I32, I64, Double, String: Text, External, Void } = DataType
const { EINVAL, ENOENT, ERANGE } = constants.errno
const failure = { a: I64, b: I64, c: I64, ffiTypeTag: DataType.StackStruct }
const withErrno = (name: string, type: ResultType, ...values: number[]) =>
  call(
    name,
    type,
    values.map(() => I32),
    values,
    { errno: true },
  )

it.each([
  ['fail_i32', I32, -1],
  ['fail_i64', I64, -1],
  ['fail_f64', Double, -1],
  ['fail_string', Text, null],
  ['fail_struct', failure, { a: 1, b: 2, c: 3 }],
  ['set_errno', Void, undefined],
] as const)('%s gives the value beside code and message', (name, type, value) => {
  expect(withErrno(name, type, EINVAL)).toEqual({
    errnoCode: EINVAL,
    errnoMessage: expect.stringMatching(/^Invalid argument/),
    value,
  })
})

it('gives a pointer beside code and message', () => {
  const result = withErrno('fail_ptr', External, ENOENT)
  expect(result).toMatchObject({ errnoCode: ENOENT, value: { address: 0n } })
})

it('clears errno before the call', () => {
  call('set_errno', Void, [I32], [ERANGE])
  expect(withErrno('keep_errno', I32, 5)).toMatchObject({ errnoCode: 0, value: 5 })
  withErrno('set_errno', Void, ERANGE)
  expect(withErrno('errno_at_entry', I32)).toMatchObject({ errnoCode: 0, value: 0 })
})

it('reads what the C library set', () => {
  const result = withErrno('open_missing', I32)
  expect(result).toEqual({
    errnoCode: ENOENT,
    errnoMessage: expect.stringMatching(/^No such file or directory/),
    value: -1,
  })
})

it('keeps the results of calls apart', () => {
  const codes = [1, 2, 13, 22, 34]
  const results = codes.map((code) => withErrno('fail_i32', I32, code))
  expect(results.map((result) => (result as { errnoCode: number }).errnoCode)).toEqual(codes)
})

it('gives the value alone without errno, or with errno: false', () => {
  expect(call('fail_i32', I32, [I32], [EINVAL])).toBe(-1)
  expect(call('fail_i32', I32, [I32], [EINVAL], { errno: false })).toBe(-1)
})

it('works in defined functions', () => {
  const lib = define({ fail_i32: { library: 'errors', retType: I32, paramsType: [I32], errno: true } })
  for (const result of [lib.fail_i32([ENOENT]), lib.fail_i32(ENOENT)]) {
    expect(Object.keys(result).sort()).toEqual(['errnoCode', 'errnoMessage', 'value'])
    expect(result).toMatchObject({ errnoCode: ENOENT, value: -1 })
  }
})

it('refuses an errno option that is no boolean with ERR_FFI_OPTIONS', () => {
  const bad = () => call('fail_i32', I32, [I32], [1], { errno: 1 as never })
  expect(bad).toThrow(refusal('ERR_FFI_OPTIONS', { functionName: 'load' }))
})
