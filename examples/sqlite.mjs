// Turns a list of planets into a SQLite file and back, through libsqlite3 itself: a printed table and its checks.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runExample } from './shared/checks.mjs'
import { Database } from './sqlite/database.mjs'
import { closeSqlite, openSqlite } from './sqlite/library.mjs'
import { formatTable } from './sqlite/table.mjs'

const SCHEMA = `
  CREATE TABLE planet (
    name       TEXT PRIMARY KEY,
    sign       TEXT,
    radius_km  REAL,
    orbit_m    INTEGER,  -- beyond 32 bits for every planet
    moons      INTEGER,
    discovered INTEGER,  -- NULL: known since antiquity
    colour     BLOB      -- three bytes: red, green, blue
  );
  CREATE INDEX planet_by_orbit ON planet (orbit_m);
  -- the end of the script is a comment
`
const INSERT = 'INSERT INTO planet VALUES (?, ?, ?, ?, ?, ?, ?)'

const PLANETS = [
  ['Mercury', '☿', 2439.7, 57_909_227_000, 0, null, '8c8680'],
  ['Venus', '♀', 6051.8, 108_209_475_000, 0, null, 'e6c88c'],
  ['Earth', '♁', 6371, 149_598_262_000, 1, null, '4f6fa8'],
  ['Mars', '♂', 3389.5, 227_943_824_000, 2, null, 'c1552d'],
  ['Jupiter', '♃', 69911, 778_340_821_000, 95, null, 'c9a17a'],
  ['Saturn', '♄', 58232, 1_426_666_422_000, 146, null, 'd8c08a'],
  ['Uranus', '♅', 25362, 2_870_658_186_000, 28, 1781, 'a8dce0'],
  ['Neptune', '♆', 24622, 4_498_396_441_000, 16, 1846, '3e66f9'],
].map((row) => [...row.slice(0, -1), Buffer.from(row.at(-1), 'hex')])

/** One value of each kind that crosses the boundary in a way of its own. */
const EDGE_VALUES = {
  nothing: null,
  'an int': -2147483648,
  'an int64 that a number holds': 2 ** 53 - 1,
  'the largest int64': 2n ** 63n - 1n,
  'the smallest int64': -(2n ** 63n),
  'a double': Math.PI,
  'text of four-byte characters': '🪐 Ἑρμῆς',
  'empty text': '',
  'an empty blob': Buffer.alloc(0),
  'every byte': Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
}

function fill(database, checks) {
  database.execute(SCHEMA)
  const insert = database.prepare(INSERT)
  database.execute('BEGIN')
  for (const planet of PLANETS) insert.run(...planet)
  database.execute('COMMIT')
  insert.finalize()
  checks.equal('rows changed by the last insert', database.changes, 1)
  checks.equal('key of the last row', database.lastRowId, PLANETS.length)
}

function showPlanets(database, checks) {
  const rows = database.prepare('SELECT * FROM planet ORDER BY orbit_m').all()
  console.log(formatTable(rows).join('\n'))
  checks.equal('every row as it was written', rows.map(Object.values), PLANETS)
  const big = database.prepare('SELECT count(*) FROM planet WHERE radius_km > ?')
  checks.equal('planets larger than 10,000 km', big.int(10_000), 4)
  checks.equal('the same statement with another value', big.int(60_000.5), 1)
}

function roundTripEdges(database, checks) {
  const echo = database.prepare('SELECT ? AS value')
  for (const [kind, value] of Object.entries(EDGE_VALUES)) checks.equal(kind, echo.all(value), [{ value }])
}

function showErrors(sqlite, database, checks) {
  const failures = [
    ['SELEC 1', 1, () => database.prepare('SELEC 1')],
    ['SELECT mass FROM planet', 1, () => database.prepare('SELECT mass FROM planet')],
    ['a second Earth', 1555, () => database.prepare(INSERT).run(...PLANETS[2])],
  ]
  console.log('\nwhat SQLite refuses:')
  for (const [what, extendedCode, action] of failures) {
    const error = checks.throws(what, action)
    console.log(`  ${what.padEnd(24)} ${error.message}`)
    checks.equal(`extended code of ${what}`, error.extendedCode, extendedCode)
  }
  const noFile = checks.throws('a file in no directory', () => new Database(sqlite, '/no/such/directory/file.db'))
  checks.holds('an unopened file says so', /^unable to open database file/.test(noFile.message))
}

function main(checks) {
  const sqlite = openSqlite()
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
  const file = join(directory, 'planets.db')
  try {
    console.log(`SQLite ${sqlite.sqlite3_libversion()} through Holdfast\n`)
    const writing = new Database(sqlite, file)
    fill(writing, checks)
    writing.close()
    checks.equal(
      'the file begins as SQLite files do',
      readFileSync(file).toString('latin1', 0, 16),
      'SQLite format 3\0',
    )

    const reading = new Database(sqlite, file)
    showPlanets(reading, checks)
    roundTripEdges(reading, checks)
    showErrors(sqlite, reading, checks)
    reading.close()
  } finally {
    closeSqlite()
    rmSync(directory, { recursive: true })
  }
  const late = checks.throws('a call after close', () => sqlite.sqlite3_libversion())
  checks.equal('code of a call after close', late.code, 'ERR_FFI_LIBRARY_CLOSED')
}

runExample(main)
