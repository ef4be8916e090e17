// Turns the C standard library into JavaScript calls: out-pointers, structs by value and by pointer, errno, NULL results.
import { constants } from 'node:os'
import { createPointer, DataType, load, restorePointer, unwrapPointer } from 'holdfast'
import { closeLibc, openLibc, TIMEVAL } from './libc/library.mjs'
import { runExample } from './shared/checks.mjs'

const show = (call, result) => console.log(`${call.padEnd(40)} ${result}`)

/** `char **endptr` points into the text, so the text needs an address that outlives the call. */
function parseNumber(libc, text, checks) {
  const [owner, end] = createPointer({
    paramsType: [DataType.String, DataType.External],
    paramsValue: [text, null],
  })
  try {
    const [start] = unwrapPointer([owner])
    const value = libc.strtod(start, end)
    const [rest] = restorePointer({ retType: [DataType.String], paramsValue: [end] })
    const [stop] = unwrapPointer([end])
    checks.equal('the distance to endptr', Number(stop.address - start.address), text.length - rest.length)
    return { value, rest }
  } finally {
    owner.free()
    end.free()
  }
}

function showStrtod(libc, checks) {
  for (const [text, value, rest] of [
    ['6.25 metres', 6.25, ' metres'],
    ['-1e-3', -0.001, ''],
    ['0x1p10;', 1024, ';'],
    ['ten', 0, 'ten'],
  ]) {
    const parsed = parseNumber(libc, text, checks)
    checks.equal(`strtod of ${text}`, parsed, { value, rest })
    show(`strtod("${text}")`, `${parsed.value}, rest "${parsed.rest}"`)
  }
}

function showDiv(libc, checks) {
  const small = libc.div(-17, 5)
  checks.equal('div', small, { quot: -3, rem: -2 })
  show('div(-17, 5)', `quot ${small.quot}, rem ${small.rem}`)
  const large = libc.lldiv(2n ** 62n + 1n, 10)
  checks.equal('lldiv', large, { quot: 461168601842738790n, rem: 5 })
  show('lldiv(2**62 + 1, 10)', `quot ${large.quot}, rem ${large.rem}`)
}

function showTime(libc, checks) {
  const owner = createPointer({ paramsType: [TIMEVAL], paramsValue: [{ tv_sec: 0, tv_usec: 0 }] })
  try {
    const before = Date.now()
    checks.equal('gettimeofday', libc.gettimeofday(unwrapPointer(owner)[0], null), 0)
    const [time] = restorePointer({ retType: [TIMEVAL], paramsValue: owner })
    const milliseconds = time.tv_sec * 1000 + time.tv_usec / 1000
    // Date.now() cuts the fraction off, and the clock may be stepped between the two readings.
    checks.holds('gettimeofday agrees with Date.now()', Math.abs(milliseconds - before) < 5000)
    checks.holds('microseconds are less than a second', time.tv_usec >= 0 && time.tv_usec < 1_000_000)
    show('gettimeofday(&tv, NULL)', new Date(milliseconds).toISOString())
  } finally {
    for (const pointer of owner) pointer.free()
  }
}

function showEnvironment(libc, checks) {
  process.env.HOLDFAST_EXAMPLE = 'grüße, 🪐'
  const value = libc.getenv('HOLDFAST_EXAMPLE')
  checks.equal('getenv of a variable that Node set', value, 'grüße, 🪐')
  show('getenv("HOLDFAST_EXAMPLE")', value)
  delete process.env.HOLDFAST_EXAMPLE
  checks.equal('getenv of no variable', libc.getenv('HOLDFAST_EXAMPLE'), null)
  show('getenv of no variable', 'null')
}

function showMath(libc, checks) {
  checks.equal('sqrt', libc.sqrt(2), Math.SQRT2)
  checks.equal('sqrt of a negative number', libc.sqrt(-1), Number.NaN)
  checks.equal('pow', libc.pow(2, 0.5), Math.SQRT2)
  show('sqrt(2), pow(2, 10)', `${libc.sqrt(2)}, ${libc.pow(2, 10)}`)
}

function showErrno(libc, checks) {
  const { ENOENT, ENOTDIR } = constants.errno
  for (const [call, code, result] of [
    ['access("/no/such/file", F_OK)', ENOENT, libc.access('/no/such/file', 0)],
    ['chdir of a file', ENOTDIR, libc.chdir(process.execPath)],
  ]) {
    checks.equal(`result of ${call}`, [result.value, result.errnoCode], [-1, code])
    checks.holds(`message of ${call}`, result.errnoMessage.startsWith(libc.strerror(code)))
    show(call, `${result.value}, errno ${result.errnoCode}: ${result.errnoMessage}`)
  }
  const { value, errnoCode } = libc.access(process.execPath, 0)
  checks.equal('a success after failures', { value, errnoCode }, { value: 0, errnoCode: 0 })
}

/** A variadic function needs the types of this call's own arguments: `variadic` says which of the parameters they are. */
function showVariadic(checks) {
  const { Double, I32, String: Text, U8Array, Usize } = DataType
  const room = Buffer.alloc(32)
  const call = {
    library: 'libc',
    funcName: 'snprintf',
    retType: I32,
    paramsType: [U8Array, Usize, Text, Double],
    paramsValue: [room, room.length, '%.2f', Math.PI],
  }
  const error = checks.throws('snprintf', () => load(call))
  checks.equal('code of snprintf', error.code, 'ERR_FFI_VARIADIC')
  checks.holds('nothing was written', room.equals(Buffer.alloc(32)))
  show('snprintf(room, 32, "%.2f", pi)', `${error.code}: ${error.message}`)
  const length = load({ ...call, variadic: 3 })
  const written = room.toString('utf8', 0, length)
  checks.equal('what snprintf writes', written, '3.14')
  show('the same with variadic: 3', written)
}

function main(checks) {
  const libc = openLibc()
  try {
    for (const part of [showStrtod, showDiv, showTime, showEnvironment, showMath, showErrno]) part(libc, checks)
    showVariadic(checks)
  } finally {
    closeLibc()
  }
}

runExample(main)
