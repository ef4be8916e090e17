// Turns one prepared SQL statement and JavaScript values into rows of JavaScript values.
import { arrayConstructor, DataType, FFITypeTag } from 'holdfast'

const SQLITE_ROW = 100
const SQLITE_DONE = 101
const SQLITE_TRANSIENT = -1 // SQLite copies the bytes before the call returns, so ours need not outlive it
const TO_THE_NUL = -1 // as a length
const ColumnType = { INTEGER: 1, FLOAT: 2, TEXT: 3, BLOB: 4, NULL: 5 }

const isInt32 = (value) => Number.isInteger(value) && value === (value | 0)

/** Owns a `sqlite3_stmt *` until `finalize`; made by `Database.prepare`, on the thread of its database. */
export class Statement {
  #sqlite
  #handle
  #check
  #onFinalize

  /** `check(code)` throws the database's error unless the code is SQLITE_OK. */
  constructor(sqlite, handle, check, onFinalize) {
    this.#sqlite = sqlite
    this.#handle = handle
    this.#check = check
    this.#onFinalize = onFinalize
  }

  /** Runs the statement to its end, ignoring rows. */
  run(...values) {
    const steps = this.#steps(values)
    while (!steps.next().done);
  }

  /** Every row as an object keyed by column name. */
  all(...values) {
    return Array.from(this.#steps(values), () => this.#row())
  }

  /** The first column of the first row as a C `int`, or undefined without a row. */
  int(...values) {
    for (const _ of this.#steps(values)) return this.#sqlite.sqlite3_column_int(this.#handle, 0)
    return undefined
  }

  /** Releases the statement; a second call does nothing. */
  finalize() {
    if (this.#handle === null) return
    this.#handle.free()
    this.#handle = null
    this.#onFinalize(this)
  }

  *#steps(values) {
    if (this.#handle === null) throw new TypeError('the statement is finalized')
    this.#bindAll(values)
    try {
      for (;;) {
        const code = this.#sqlite.sqlite3_step(this.#handle)
        if (code === SQLITE_DONE) return
        if (code !== SQLITE_ROW) this.#check(code)
        yield
      }
    } finally {
      // Reset repeats the code of a failed step, which is already on its way to the caller.
      this.#sqlite.sqlite3_reset(this.#handle)
      this.#sqlite.sqlite3_clear_bindings(this.#handle)
    }
  }

  #bindAll(values) {
    const expected = this.#sqlite.sqlite3_bind_parameter_count(this.#handle)
    if (values.length !== expected) throw new RangeError(`${expected} values expected, ${values.length} given`)
    values.forEach((value, i) => {
      this.#check(this.#bind(i + 1, value))
    })
  }

  #bind(index, value) {
    const sqlite = this.#sqlite
    const stmt = this.#handle
    if (value === null) return sqlite.sqlite3_bind_null(stmt, index)
    if (typeof value === 'bigint') return sqlite.sqlite3_bind_int64(stmt, index, value)
    if (isInt32(value)) return sqlite.sqlite3_bind_int(stmt, index, value)
    if (Number.isSafeInteger(value)) return sqlite.sqlite3_bind_int64(stmt, index, value)
    if (typeof value === 'number') return sqlite.sqlite3_bind_double(stmt, index, value)
    if (typeof value === 'string') return sqlite.sqlite3_bind_text(stmt, index, value, TO_THE_NUL, SQLITE_TRANSIENT)
    // An empty view may have no address at all, and SQLite takes a NULL address for the value NULL.
    if (value.byteLength === 0) return sqlite.sqlite3_bind_zeroblob(stmt, index, 0)
    return sqlite.sqlite3_bind_blob(stmt, index, value, value.byteLength, SQLITE_TRANSIENT)
  }

  #row() {
    const row = {}
    const columns = this.#sqlite.sqlite3_column_count(this.#handle)
    for (let i = 0; i < columns; i++) row[this.#sqlite.sqlite3_column_name(this.#handle, i)] = this.#column(i)
    return row
  }

  #column(i) {
    const stmt = this.#handle
    switch (this.#sqlite.sqlite3_column_type(stmt, i)) {
      case ColumnType.INTEGER:
        return this.#sqlite.sqlite3_column_int64(stmt, i)
      case ColumnType.FLOAT:
        return this.#sqlite.sqlite3_column_double(stmt, i)
      case ColumnType.TEXT:
        return this.#sqlite.sqlite3_column_text(stmt, i)
      case ColumnType.BLOB:
        return this.#blob(i)
      default:
        return null
    }
  }

  /** A copy: SQLite's own bytes are gone at the next step. */
  #blob(i) {
    const address = this.#sqlite.sqlite3_column_blob(this.#handle, i)
    const length = this.#sqlite.sqlite3_column_bytes(this.#handle, i)
    if (length === 0) return Buffer.alloc(0)
    const bytes = arrayConstructor({ type: DataType.U8Array, length, ffiTypeTag: FFITypeTag.StackArray })
    return address.withLength(length).read(bytes)
  }
}
