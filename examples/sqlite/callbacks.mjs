// Turns the functions of SQLite that call back into typed ones, with the types of their callbacks.
import { DataType, define, funcConstructor } from 'holdfast'
import { openSqlite } from './library.mjs'

const { Double, External, I32, Isize, String: Text, Void } = DataType

/** One row of a result: any pointer, the number of columns, their texts, their names. A result other than 0 stops. */
const rowCallback = funcConstructor({ paramsType: [External, I32, External, External], retType: I32 })

/** A function of SQL: its context, the number of its arguments, and them. */
export const sqlFunction = funcConstructor({ paramsType: [External, I32, External], retType: Void })

/** Called every so many instructions of SQLite's machine. A result other than 0 interrupts. */
export const progressHandler = funcConstructor({ paramsType: [External], retType: I32 })

const returns = (retType, paramsType) => ({ library: 'sqlite3', retType, paramsType })

const SIGNATURES = {
  sqlite3_exec: returns(I32, [External, Text, rowCallback, External, External]),
  // What SQLite keeps is passed as the pointer of a created callback.
  sqlite3_create_function_v2: returns(I32, [
    External,
    Text,
    I32,
    I32,
    External,
    External,
    External,
    External,
    External,
  ]),
  sqlite3_progress_handler: returns(Void, [External, I32, External, External]),
  sqlite3_value_double: returns(Double, [External]),
  sqlite3_value_text: returns(Text, [External]),
  sqlite3_result_double: returns(Void, [External, Double]),
  sqlite3_result_text: returns(Void, [External, Text, I32, Isize]),
  sqlite3_result_error: returns(Void, [External, Text, I32]),
}

/** Opens SQLite and returns all of its functions that the examples use. */
export function openSqliteWithCallbacks() {
  return { ...openSqlite(), ...define(SIGNATURES) }
}
