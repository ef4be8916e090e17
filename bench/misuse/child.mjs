// Turns one mistake, named on the command line, into what was seen of it: one JSON line on file descriptor 3.
import { writeSync } from 'node:fs'
import { Broken } from './verdict.mjs'

const [peer, row, mistake] = process.argv.slice(2)
const { rows, version } = await import(`./${peer}/index.mjs`)
const say = (value) => writeSync(3, `${JSON.stringify(value)}\n`)

/** A mistake of the driver's own. */
const BROKEN =
  /is not (a function|defined|iterable|a constructor)|Cannot read properties|Duplicate type name|Unknown or invalid type/

function thrown(error) {
  const message = String(error?.message ?? error)
  if (error instanceof Broken || BROKEN.test(message)) return { kind: 'broken', message: error.stack }
  return { kind: 'threw', name: error.name, code: error.code, message }
}

/** Takes and gives back memory of many sizes, so that a heap which is torn is noticed. */
function useHeap() {
  for (let size = 8; size <= 2048; size += 8) Array.from({ length: 8 }, () => new Uint8Array(size).fill(size))
  globalThis.gc()
}

if (row === undefined) {
  const names = (mistakes) =>
    mistakes.none
      ? mistakes
      : Object.fromEntries(Object.entries(mistakes).map(([name, act]) => [name, act.none ?? null]))
  say({
    version,
    node: process.versions.node,
    rows: Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, names(row)])),
  })
} else {
  let verdict
  try {
    verdict = await rows[row][mistake]()
  } catch (error) {
    verdict = thrown(error)
  }
  say(verdict)
  useHeap()
  // What keeps a process alive is a mistake of only one row, which waits for the end.
  if (!verdict.ends) process.exit(0)
}
