// Turns JavaScript functions into what SQLite calls: for each row of a result, as a function of SQL, and to interrupt.
import { arrayConstructor, createPointer, DataType, FFITypeTag, unwrapPointer } from 'holdfast'
import { runExample } from './shared/checks.mjs'
import { openSqliteWithCallbacks, progressHandler, sqlFunction } from './sqlite/callbacks.mjs'
import { closeSqlite } from './sqlite/library.mjs'

const SQLITE_OK = 0
const SQLITE_ABORT = 4
const SQLITE_INTERRUPT = 9
const SQLITE_UTF8 = 1
const TRANSIENT = -1 // SQLite copies the text

/** `char *[count]` at a pointer. */
const textsAt = (pointer, count) =>
  pointer.read(arrayConstructor({ type: DataType.StringArray, length: count, ffiTypeTag: FFITypeTag.StackArray }))

function openMemory(sqlite) {
  const { value: result, out } = sqlite.sqlite3_open_v2(':memory:', 6, null)
  if (result !== SQLITE_OK) throw new Error(sqlite.sqlite3_errstr(result))
  return out[0]
}

/** Runs SQL, `onRow` getting each row as an object; a row for which it returns true is the last. */
function execute(sqlite, db, sql, onRow = () => false) {
  return sqlite.sqlite3_exec(
    db,
    sql,
    (_, count, values, names) => {
      const texts = textsAt(values, count)
      return onRow(Object.fromEntries(textsAt(names, count).map((name, i) => [name, texts[i]]))) ? 1 : 0
    },
    null,
    null,
  )
}

/** A callback that SQLite keeps: it lives until it is freed. */
function kept(type, fn) {
  const [owner] = createPointer({ paramsType: [type], paramsValue: [fn] })
  return { code: unwrapPointer([owner])[0], free: () => owner.free() }
}

function showRows(sqlite, db, checks) {
  execute(sqlite, db, 'CREATE TABLE city (name TEXT, people INTEGER, river TEXT)')
  const insert = "INSERT INTO city VALUES ('Wien', 2006134, 'Donau'), ('Graz', 302749, 'Mur'), ('Ödland', 0, NULL)"
  checks.equal('result of INSERT', execute(sqlite, db, insert), SQLITE_OK)
  const rows = []
  execute(sqlite, db, 'SELECT * FROM city ORDER BY people', (row) => void rows.push(row))
  checks.equal('rows', rows, [
    { name: 'Ödland', people: '0', river: null },
    { name: 'Graz', people: '302749', river: 'Mur' },
    { name: 'Wien', people: '2006134', river: 'Donau' },
  ])
  for (const { name, people, river } of rows) console.log(`${name.padEnd(8)} ${people.padStart(8)}  ${river}`)
}

function showAbort(sqlite, db, checks) {
  let seen = 0
  const stopped = execute(sqlite, db, 'SELECT * FROM city', () => ++seen === 2)
  checks.equal('a row callback that stops', [stopped, seen], [SQLITE_ABORT, 2])
  const thrown = checks.throws('a row callback that throws', () => {
    execute(sqlite, db, 'SELECT * FROM city LIMIT 1', () => {
      throw new Error('thrown for a row')
    })
  })
  checks.equal('what it threw', thrown.message, 'thrown for a row')
  console.log(`stopped after ${seen} rows: ${sqlite.sqlite3_errstr(stopped)}`)
}

function showFunction(sqlite, db, checks) {
  const hypot = kept(sqlFunction, (context, count, values) => {
    const type = arrayConstructor({ type: DataType.U64Array, length: count, ffiTypeTag: FFITypeTag.StackArray })
    checks.equal('number of addresses', values.read(type).length, count)
    const numbers = Array.from({ length: count }, (_, i) =>
      sqlite.sqlite3_value_double(values.read(DataType.External, 8 * i)),
    )
    sqlite.sqlite3_result_double(context, Math.hypot(...numbers))
  })
  const reverse = kept(sqlFunction, (context, _, values) => {
    const text = sqlite.sqlite3_value_text(values.read(DataType.External))
    if (text === null) sqlite.sqlite3_result_error(context, 'nothing to reverse', -1)
    else sqlite.sqlite3_result_text(context, [...text].reverse().join(''), -1, TRANSIENT)
  })
  const create = (name, count, { code }) =>
    sqlite.sqlite3_create_function_v2(db, name, count, SQLITE_UTF8, null, code, null, null, null)
  checks.equal('sqlite3_create_function_v2', [create('hypot', -1, hypot), create('reverse', 1, reverse)], [0, 0])
  const rows = []
  execute(sqlite, db, "SELECT hypot(3, 4, 12) AS length, reverse('Grüße') AS text", (row) => void rows.push(row))
  checks.equal('results of SQL functions', rows, [{ length: '13.0', text: 'eßürG' }])
  checks.equal('an error of a SQL function', execute(sqlite, db, 'SELECT reverse(NULL)'), 1)
  checks.equal('its message', sqlite.sqlite3_errmsg(db), 'nothing to reverse')
  console.log(`hypot(3, 4, 12) = ${rows[0].length}, reverse('Grüße') = ${rows[0].text}`)
  return [hypot, reverse]
}

function showProgress(sqlite, db, checks) {
  let calls = 0
  const handler = kept(progressHandler, () => (++calls === 1000 ? 1 : 0))
  sqlite.sqlite3_progress_handler(db, 100, handler.code, null)
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
  const result = execute(sqlite, db, endless)
  checks.equal('an endless query', [result, calls], [SQLITE_INTERRUPT, 1000])
  sqlite.sqlite3_progress_handler(db, 0, null, null)
  console.log(`an endless query: ${sqlite.sqlite3_errstr(result)} after ${calls} calls of the progress handler`)
  return [handler]
}

runExample((checks) => {
  const sqlite = openSqliteWithCallbacks()
  console.log(`SQLite ${sqlite.sqlite3_libversion()} through Holdfast`)
  const db = openMemory(sqlite)
  showRows(sqlite, db, checks)
  showAbort(sqlite, db, checks)
  const owned = [...showFunction(sqlite, db, checks), ...showProgress(sqlite, db, checks)]
  checks.equal('sqlite3_close', sqlite.sqlite3_close(db), SQLITE_OK)
  for (const { free } of owned) free()
  closeSqlite()
})
