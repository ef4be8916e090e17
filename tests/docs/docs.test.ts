// Turns the programs in README and guides into processes of their own, and compares what they print with the page.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { transform } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { type Program, programsOf } from './blocks.js'

const root = join(import.meta.dirname, '..', '..')
const guides = readdirSync(join(root, 'docs', 'guides')).map((file) => `docs/guides/${file}`)

/** Programs on each page: one that the extraction loses is noticed. */
const counts: Record<string, number> = {
  'README.md': 5,
  'docs/guides/async.md': 4,
  'docs/guides/callbacks.md': 3,
  'docs/guides/debugging.md': 2,
  'docs/guides/from-ffi-rs.md': 7,
  'docs/guides/memory-testing.md': 0,
  'docs/guides/ownership.md': 5,
  'docs/guides/packaging.md': 0,
  'docs/guides/pointers.md': 10,
  'docs/guides/scopes.md': 4,
}

/** Written by a bench run (`node bench/run.mjs --write`), which a new clone need not have made. */

const pageOf = (file: string) => readFileSync(join(root, file), 'utf8')

async function run({ code, language }: Program): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const source = language === 'ts' ? (await transform(code, { loader: 'ts', target: 'node20' })).code : code
  // Run from the root, where `holdfast` is this package, as it is for whoever has installed it.
  const options = { cwd: root, env: { ...process.env, NO_COLOR: '1' }, timeout: 25_000 }
  const child = spawn(process.execPath, ['--input-type=module', '-'], options)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  child.stdin.end(source)
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { status, stdout, stderr }
}

describe('the documentation', () => {
  it('has as many programs on each page as are run here', () => {
    const found = ['README.md', ...guides].map((file) => [file, programsOf(pageOf(file)).length])
    expect(Object.fromEntries(found)).toEqual(counts)
  })

  it('has no link to a file that is not there', () => {
    const pages = ['README.md', 'docs/ARCHITECTURE.md', 'docs/SAFETY.md', ...guides]
    const broken = pages.flatMap((file) =>
      Array.from(pageOf(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g), ([, link = '']) =>
        join(root, dirname(file), link),
      )
        .filter((target) => !existsSync(target))
        .map((target) => `${file}: ${relative(root, target)}`),
    )
    expect(broken).toEqual([])
  })
})

describe.runIf(process.platform === 'linux').each(Object.keys(counts).filter((file) => counts[file]))('%s', (file) => {
  const programs = programsOf(pageOf(file)).map((program) => [program.line, program] as const)

  it.each(programs)('line %i: prints what the page says', async (_line, program) => {
    expect(program.code).toContain("from 'holdfast'")
    expect(await run(program)).toEqual({ status: 0, stdout: program.output, stderr: '' })
  })
})

describe('the invariants', () => {
  it('that the source cites are all in docs/SAFETY.md', () => {
    const sources = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.rs'),
    )
    const cited = sources.flatMap((file) =>
      Array.from(
        pageOf(join('native', file)).matchAll(/\bS\d+\b(?=\)| in docs\/SAFETY| and S\d)/g),
        ([number]) => number,
      ),
    )
    const stated = Array.from(pageOf('docs/SAFETY.md').matchAll(/^\*\*(S\d+)\. /gm), ([, number]) => number)
    expect(cited.length).toBeGreaterThan(0)
    expect(cited.filter((number) => !stated.includes(number))).toEqual([])
    expect(stated).toEqual(stated.map((_, i) => `S${i + 1}`))
  })
})
