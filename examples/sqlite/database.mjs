// Turns a SQLite file and SQL text into prepared statements, and SQLite's result codes into errors.
import { createPointer, DataType, isNullPointer, unwrapPointer } from 'holdfast'
import { Statement } from './statement.mjs'

const SQLITE_OK = 0
const SQLITE_OPEN_READWRITE_CREATE = 0x2 | 0x4
const TO_THE_NUL = -1 // as a length

/** What SQLite says went wrong, with its extended result code (https://sqlite.org/rescode.html). */
export class SqliteError extends Error {
  constructor(extendedCode, meaning, detail) {
    super(`${detail} (${meaning}, code ${extendedCode})`)
    this.name = 'SqliteError'
    this.extendedCode = extendedCode
  }
}

/** Owns a `sqlite3 *` and the statements made from it until `close`; to be used on one thread. */
export class Database {
  #sqlite
  #handle
  #statements = new Set()
  #check = (code) => {
    if (code !== SQLITE_OK) throw this.#lastError()
  }

  /** @throws {SqliteError} when the file cannot be opened or created. */
  constructor(sqlite, path) {
    this.#sqlite = sqlite
    const { value: result, out } = sqlite.sqlite3_open_v2(path, SQLITE_OPEN_READWRITE_CREATE, null)
    ;[this.#handle] = out
    if (result !== SQLITE_OK) {
      // A failed open still makes a connection: it holds the message, and it has to be closed.
      const error = this.#lastError()
      this.close()
      throw error
    }
    sqlite.sqlite3_extended_result_codes(this.#handle, 1)
  }

  /** Rows changed by the last statement that changed any. */
  get changes() {
    return this.#sqlite.sqlite3_changes(this.#handle)
  }

  /** Key of the last row inserted: a number, or a bigint where a number could not hold it. */
  get lastRowId() {
    return this.#sqlite.sqlite3_last_insert_rowid(this.#handle)
  }

  /** Compiles the first statement of `sql`. @throws {SqliteError} when it does not compile. */
  prepare(sql) {
    return this.#withText(sql, (text) => this.#compile(text).statement)
  }

  /** Runs every statement of `sql`, one after the other. */
  execute(sql) {
    this.#withText(sql, (text) => {
      for (let next = this.#compile(text); next.statement; next = this.#compile(next.tail)) {
        next.statement.run()
        next.statement.finalize()
      }
    })
  }

  /** Finalizes what is still open and closes the file; a second call does nothing. */
  close() {
    if (this.#handle === null) return
    for (const statement of this.#statements) statement.finalize()
    this.#check(this.#sqlite.sqlite3_close(this.#handle))
    this.#handle = null
  }

  /** Calls `action` with `sql` as a `char *` that stays where it is until `action` returns. */
  #withText(sql, action) {
    const owner = createPointer({ paramsType: [DataType.String], paramsValue: [sql] })
    try {
      return action(unwrapPointer(owner)[0])
    } finally {
      owner[0].free()
    }
  }

  /** Nothing but spaces and comments compiles to NULL: then there is no statement. */
  #compile(text) {
    const { value: result, out } = this.#sqlite.sqlite3_prepare_v2(this.#handle, text, TO_THE_NUL)
    this.#check(result)
    const [handle, tail] = out
    if (isNullPointer(handle)) return { statement: null, tail }
    const statement = new Statement(this.#sqlite, handle, this.#check, (it) => this.#statements.delete(it))
    this.#statements.add(statement)
    return { statement, tail }
  }

  #lastError() {
    const code = this.#sqlite.sqlite3_extended_errcode(this.#handle)
    return new SqliteError(code, this.#sqlite.sqlite3_errstr(code), this.#sqlite.sqlite3_errmsg(this.#handle))
  }
}
