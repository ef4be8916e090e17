// Turns the C library and libm into typed functions, as POSIX declares them.
import { close, DataType, define, FFITypeTag } from 'holdfast'
import { openSystemLibrary } from '../shared/system-library.mjs'

const { Double, External, I32, I64, String: Text } = DataType

/** div_t: small enough to come back in registers. */
const DIV = { quot: I32, rem: I32, ffiTypeTag: FFITypeTag.StackStruct }
/** lldiv_t: 16 bytes, still in registers on 64-bit ABIs. */
const LLDIV = { quot: I64, rem: I64, ffiTypeTag: FFITypeTag.StackStruct }
/** struct timeval; microseconds have 32 bits on macOS. */
export const TIMEVAL = { tv_sec: I64, tv_usec: process.platform === 'darwin' ? I32 : I64 }

// musl has no library of these names: there the main program holds everything.
const NAMES = {
  libc: { linux: ['libc.so.6', ''], darwin: ['libSystem.B.dylib'] },
  libm: { linux: ['libm.so.6', ''], darwin: ['libSystem.B.dylib'] },
  program: { linux: [''], darwin: [''] },
}

const from = (library) => (retType, paramsType, options) => ({ library, retType, paramsType, ...options })
const libc = from('libc')
const libm = from('libm')
const program = from('program')

const SIGNATURES = {
  strtod: libc(Double, [External, External]),
  strerror: libc(Text, [I32]),
  div: libc(DIV, [I32, I32]),
  lldiv: libc(LLDIV, [I64, I64]),
  gettimeofday: libc(I32, [External, External]),
  access: libc(I32, [Text, I32], { errno: true }),
  chdir: libc(I32, [Text], { errno: true }),

  sqrt: libm(Double, [Double]),
  pow: libm(Double, [Double, Double]),

  getenv: program(Text, [Text]),
}

/** Opens libc and libm by soname and the main program by '', and returns their functions until `closeLibc`. */
export function openLibc() {
  for (const [key, names] of Object.entries(NAMES)) openSystemLibrary({ key, names, debianPackage: 'libc6' })
  return define(SIGNATURES)
}

/** Closes what `openLibc` opened. */
export function closeLibc() {
  for (const key of Object.keys(NAMES)) close(key)
}
