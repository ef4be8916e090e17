// Turns libz into typed functions and a z_stream type, as zlib.h declares them.
import { close, DataType, define, FFITypeTag, layoutOf } from 'holdfast'
import { openSystemLibrary } from '../shared/system-library.mjs'

const KEY = 'zlib'
const { External, I32, String: Text, U32, U8Array, Usize } = DataType
// `unsigned long` has 64 bits on 64-bit Unix and 32 on Windows.
export const ULong = process.platform === 'win32' ? U32 : Usize

/** z_stream by value, so that a pointer to it is a `z_stream *`: zlib keeps that address and compares it at each call. */
export const Z_STREAM = {
  next_in: External,
  avail_in: U32,
  total_in: ULong,
  next_out: External,
  avail_out: U32,
  total_out: ULong,
  msg: Text,
  state: External,
  zalloc: External,
  zfree: External,
  opaque: External,
  data_type: I32,
  adler: ULong,
  reserved: ULong,
  ffiTypeTag: FFITypeTag.StackStruct,
}
export const Z_STREAM_LAYOUT = layoutOf(Z_STREAM)

const returns = (retType, paramsType) => ({ library: KEY, retType, paramsType })

const SIGNATURES = {
  zlibVersion: returns(Text, []),
  crc32: returns(ULong, [ULong, U8Array, U32]),

  compressBound: returns(ULong, [ULong]),
  // The External is `uLongf *destLen`: room on entry, bytes written on return.
  compress2: returns(I32, [U8Array, External, U8Array, ULong, I32]),
  uncompress: returns(I32, [U8Array, External, U8Array, ULong]),

  deflateInit_: returns(I32, [External, I32, Text, I32]),
  deflate: returns(I32, [External, I32]),
  deflateEnd: returns(I32, [External]),
  inflateInit_: returns(I32, [External, Text, I32]),
  inflate: returns(I32, [External, I32]),
  inflateEnd: returns(I32, [External]),
}

/** Opens zlib and returns its functions; they work until `closeZlib`. */
export function openZlib() {
  openSystemLibrary({
    key: KEY,
    names: { linux: ['libz.so.1'], darwin: ['libz.1.dylib'], win32: ['zlib1.dll'] },
    override: 'ZLIB_LIBRARY',
    debianPackage: 'zlib1g',
  })
  return define(SIGNATURES)
}

/** Closes the library: the functions of `openZlib` throw ERR_FFI_LIBRARY_CLOSED from here on. */
export function closeZlib() {
  close(KEY)
}
