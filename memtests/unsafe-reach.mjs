// Turns LLVM's counts of lines (lcov) into how many blocks of unsafe code were reached, and the places of the others.
import { readFileSync } from 'node:fs'

/** Lines that begin a block: `unsafe {` in code, not in a comment. */
function blocksOf(text) {
  const lines = text.split('\n')
  return lines.flatMap((line, i) => (/\bunsafe \{/.test(line.replace(/\/\/.*$/, '')) ? [i + 1] : []))
}

/** How often each counted line of a file ran. */
function countsOf(record) {
  const counts = new Map()
  for (const [, line, count] of record.matchAll(/^DA:(\d+),(\d+)/gm)) counts.set(Number(line), Number(count))
  return counts
}

/** @returns {{ reached: number, missed: string[] }}; blocks in code that was not compiled here are not looked at. */
export function reachOfUnsafe(lcov) {
  const missed = []
  let reached = 0
  for (const record of lcov.split('end_of_record')) {
    const file = /^SF:(.*)$/m.exec(record)?.[1]
    if (file === undefined) continue
    const counts = countsOf(record)
    for (const line of blocksOf(readFileSync(file, 'utf8'))) {
      const count = counts.get(line)
      if (count > 0) reached++
      else if (count === 0) missed.push(`${file}:${line}`)
    }
  }
  return { reached, missed }
}
