// Turns rows of SQLite values into the lines of an aligned text table.

const isNumeric = (value) => typeof value === 'number' || typeof value === 'bigint'

function show(value) {
  if (value === null) return 'NULL'
  return value instanceof Uint8Array ? `x'${Buffer.from(value).toString('hex')}'` : String(value)
}

/** Numbers to the right, everything else to the left; columns are those of the first row. */
export function formatTable(rows) {
  const columns = Object.keys(rows[0] ?? {}).map((name) => ({
    name,
    width: Math.max(name.length, ...rows.map((row) => show(row[name]).length)),
    pad: rows.some((row) => isNumeric(row[name])) ? 'padStart' : 'padEnd',
  }))
  const line = (cell) =>
    columns
      .map((column) => cell(column)[column.pad](column.width))
      .join('  ')
      .trimEnd()
  return [
    line(({ name }) => name),
    line(({ width }) => '-'.repeat(width)),
    ...rows.map((row) => line(({ name }) => show(row[name]))),
  ]
}
