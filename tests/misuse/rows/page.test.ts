// Turns the matrix, its tests and docs/MISUSE.md into one thing: a row without its test or its line is noticed.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isOpen, page } from './page.js'
import { type Row, rows } from './rows.js'

const folder = import.meta.dirname

it('docs/MISUSE.md is printed from the rows', async () => {
  await expect(page()).toMatchFileSnapshot(join(folder, '..', '..', '..', 'docs', 'MISUSE.md'))
})

it('each row has exactly one test, but for those that are open as a whole', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'))
  const sources = files.map((file) => readFileSync(join(folder, file), 'utf8'))
  const tested = sources.flatMap((source) => Array.from(source.matchAll(/^row\(\s*'([^']+)'/gm), ([, id]) => id))
  const expected = Object.entries(rows as Record<string, Row>).filter(([, row]) => !isOpen(row))
  expect(tested.sort()).toEqual(expected.map(([id]) => id).sort())
})
