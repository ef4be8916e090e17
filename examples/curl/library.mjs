// Turns libcurl's easy interface into typed functions; `curl_easy_setopt` and `curl_easy_getinfo` are variadic in C.
import { DataType, define, funcConstructor, out, owned } from 'holdfast'
import { openSystemLibrary } from '../shared/system-library.mjs'

const { External, I32, I64, String: Text, Usize } = DataType

/** Options and results, with the numbers of curl.h. */
export const Option = {
  Url: 10002,
  CopyPostFields: 10165,
  WriteFunction: 20011,
  Progress: 20219,
  NoProgress: 43,
  NoSignal: 99,
}
export const Info = { ResponseCode: 0x20_00_02 }
export const Code = { Ok: 0, WriteError: 23, AbortedByCallback: 42 }

/** `size_t write(char *data, size_t size, size_t count, void *user)`; what is not taken ends the transfer. */
export const writeFunction = funcConstructor({ paramsType: [External, Usize, Usize, External], retType: Usize })
/** `int progress(void *user, curl_off_t total, now, upload total, now)`; other than 0 ends the transfer. */
export const progressFunction = funcConstructor({ paramsType: [External, I64, I64, I64, I64], retType: I32 })

export function openCurl() {
  openSystemLibrary({
    key: 'curl',
    names: { linux: ['libcurl.so.4', 'libcurl-gnutls.so.4'], darwin: ['libcurl.4.dylib'], win32: ['libcurl.dll'] },
    override: 'CURL_LIBRARY',
    debianPackage: 'libcurl4',
  })
  const of = (retType, paramsType, options) => ({ library: 'curl', retType, paramsType, ...options })
  const c = define({
    curl_version: of(Text, []),
    curl_easy_init: of(owned(External, 'curl_easy_cleanup'), []),
    curl_easy_setopt: of(I32, [External, I32], { variadic: 2 }),
    curl_easy_getinfo: of(I32, [External, I32, out(I64)], { variadic: 2 }),
    curl_easy_perform: of(I32, [External]),
    curl_easy_strerror: of(Text, [I32]),
  })
  const set = {
    text: c.curl_easy_setopt.variadic([Text]),
    long: c.curl_easy_setopt.variadic([I64]),
    pointer: c.curl_easy_setopt.variadic([External]),
  }
  return { ...c, set }
}
