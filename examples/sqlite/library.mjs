// Turns libsqlite3 into typed functions, with the names and types that sqlite3.h declares.
import { borrowed, close, consumes, DataType, define, out, owned } from 'holdfast'
import { openSystemLibrary } from '../shared/system-library.mjs'

const KEY = 'sqlite3'
const { Double, External, I32, I64, Isize, String: Text, U8Array } = DataType

const returns = (retType, paramsType) => ({ library: KEY, retType, paramsType })

const SIGNATURES = {
  sqlite3_libversion: returns(Text, []),
  sqlite3_errstr: returns(Text, [I32]),

  // Released as sqlite3_close_v2 does: when the last of its statements is.
  sqlite3_open_v2: returns(I32, [Text, out(owned(External, 'sqlite3_close_v2')), I32, Text]),
  sqlite3_extended_result_codes: returns(I32, [External, I32]),
  sqlite3_extended_errcode: returns(I32, [External]),
  sqlite3_errmsg: returns(Text, [External]),
  sqlite3_changes: returns(I32, [External]),
  sqlite3_last_insert_rowid: returns(I64, [External]),
  sqlite3_close: returns(I32, [consumes(External)]),

  // The SQL text goes in as a pointer: the function hands back a second pointer into it, which must stay valid.
  sqlite3_prepare_v2: returns(I32, [External, External, I32, out(owned(External, 'sqlite3_finalize')), out(External)]),
  sqlite3_step: returns(I32, [External]),
  sqlite3_reset: returns(I32, [External]),
  sqlite3_clear_bindings: returns(I32, [External]),

  sqlite3_bind_parameter_count: returns(I32, [External]),
  sqlite3_bind_null: returns(I32, [External, I32]),
  sqlite3_bind_int: returns(I32, [External, I32, I32]),
  sqlite3_bind_int64: returns(I32, [External, I32, I64]),
  sqlite3_bind_double: returns(I32, [External, I32, Double]),
  // The last parameter is a destructor, or SQLITE_TRANSIENT, which is the address -1: hence an integer as wide as a pointer.
  sqlite3_bind_text: returns(I32, [External, I32, Text, I32, Isize]),
  sqlite3_bind_blob: returns(I32, [External, I32, U8Array, I32, Isize]),
  sqlite3_bind_zeroblob: returns(I32, [External, I32, I32]),

  sqlite3_column_count: returns(I32, [External]),
  sqlite3_column_name: returns(Text, [External, I32]),
  sqlite3_column_type: returns(I32, [External, I32]),
  sqlite3_column_int: returns(I32, [External, I32]),
  sqlite3_column_int64: returns(I64, [External, I32]),
  sqlite3_column_double: returns(Double, [External, I32]),
  sqlite3_column_text: returns(Text, [External, I32]),
  sqlite3_column_blob: returns(borrowed(External, 0), [External, I32]),
  sqlite3_column_bytes: returns(I32, [External, I32]),
}

/** Opens SQLite and returns its functions; they work until `closeSqlite`. */
export function openSqlite() {
  openSystemLibrary({
    key: KEY,
    names: {
      linux: ['libsqlite3.so.0'],
      darwin: ['libsqlite3.dylib'],
      win32: ['sqlite3.dll', 'winsqlite3.dll'],
    },
    override: 'SQLITE_LIBRARY',
    debianPackage: 'libsqlite3-0',
  })
  return define(SIGNATURES)
}

/** Closes the library: the functions of `openSqlite` throw ERR_FFI_LIBRARY_CLOSED from here on. */
export function closeSqlite() {
  close(KEY)
}
