// Turns a JavaScript comparator into the order of 100,000 doubles, sorted in place by C's qsort.
import { close, DataType, define, funcConstructor, open } from 'holdfast'
import { runExample } from './shared/checks.mjs'

const COUNT = 100_000
const { Double, I32, U8Array, Usize, Void } = DataType

/** `int (*)(const void *, const void *)`, which for doubles points to structs of one. */
const comparator = funcConstructor({ paramsType: [{ value: Double }, { value: Double }], retType: I32 })

function openQsort() {
  const path = { darwin: 'libSystem.dylib', win32: 'ucrtbase.dll' }[process.platform] ?? 'libc.so.6'
  open({ library: 'c', path })
  return define({ qsort: { library: 'c', retType: Void, paramsType: [U8Array, Usize, Usize, comparator] } }).qsort
}

/** The same numbers in every run: a linear congruential generator. */
function numbers() {
  let state = 1
  return Float64Array.from({ length: COUNT }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state - 0x40000000) / 1024
  })
}

/** C writes to the array's own memory: a view of it passes in place. */
function sort(qsort, values, compare) {
  let calls = 0
  qsort(values, values.length, values.BYTES_PER_ELEMENT, (a, b) => {
    calls++
    return compare(a.value, b.value)
  })
  return calls
}

function showOrder(qsort, name, compare, checks) {
  const values = numbers()
  const calls = sort(qsort, values, compare)
  checks.equal(`the order by ${name}`, values, numbers().sort(compare))
  checks.holds('the comparator was called often enough', calls > COUNT)
  console.log(`${name.padEnd(12)} ${calls} comparisons, from ${values[0]} to ${values.at(-1)}`)
}

function showError(qsort, checks) {
  // qsort does not stop at an error: it goes on with 0 as the answer.
  let first = true
  const thrown = checks.throws('a comparator that throws', () => {
    sort(qsort, numbers().slice(0, 100), (a, b) => {
      if (!first) return Math.sign(a - b)
      first = false
      throw new RangeError('not comparable')
    })
  })
  checks.equal('what a comparator throws', thrown.message, 'not comparable')
  console.log(`thrown       ${thrown}`)
}

runExample((checks) => {
  const qsort = openQsort()
  showOrder(qsort, 'value', (a, b) => Math.sign(a - b), checks)
  showOrder(qsort, 'distance', (a, b) => Math.sign(Math.abs(a) - Math.abs(b)) || Math.sign(a - b), checks)
  showError(qsort, checks)
  close('c')
})
