// Turns the matrix, its tests and docs/MISUSE.md into one thing: a row without its test or its line is noticed.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isOpen, page } from './page.js'
import { cell, PEERS, results, sentence } from './peers.js'
import { type Row, rows } from './rows.js'

const folder = import.meta.dirname
const docs = join(folder, '..', '..', '..', 'docs')

it('docs/MISUSE.md is printed from the rows', async () => {
  await expect(page()).toMatchFileSnapshot(join(docs, 'MISUSE.md'))
})

it('docs/SAFETY.md has the number of rows, and what the peers do in them', () => {
  const safety = readFileSync(join(docs, 'SAFETY.md'), 'utf8').replaceAll(/\s+/g, ' ')
  expect(safety).toContain(sentence(Object.keys(rows)))
})

it('every peer was measured in every row, and in no other', () => {
  expect(Object.keys(results.rows).sort()).toEqual(Object.keys(rows).sort())
  for (const id of Object.keys(rows)) {
    expect(Object.keys(results.rows[id] ?? {}).sort()).toEqual([...PEERS].sort())
    for (const peer of PEERS) expect(cell(id, peer)).toMatch(/\w/)
  }
})

it('each row has exactly one test, but for those that are open as a whole', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'))
  const sources = files.map((file) => readFileSync(join(folder, file), 'utf8'))
  const tested = sources.flatMap((source) => Array.from(source.matchAll(/^row\(\s*'([^']+)'/gm), ([, id]) => id))
  const expected = Object.entries(rows as Record<string, Row>).filter(([, row]) => !isOpen(row))
  expect(tested.sort()).toEqual(expected.map(([id]) => id).sort())
})
