// Turns bundles that keep holdfast out of them into running programs, and one that does not into a clear error.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import { afterAll, expect, it } from 'vitest'
import { printed, programs } from './program.js'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'))
mkdirSync(join(folder, 'node_modules'))
symlinkSync(root, join(folder, 'node_modules/holdfast'), 'dir')
const entry = join(folder, 'entry.mjs')
writeFileSync(entry, programs['esm.mjs'])
afterAll(() => rmSync(folder, { recursive: true }))

const run = (file: string) => execFileSync(process.execPath, [join(folder, file)], { encoding: 'utf8' }).trim()

it('runs from a bundle of esbuild with holdfast as an external', async () => {
  for (const format of ['esm', 'cjs'] as const) {
    const outfile = join(folder, `esbuild.${format === 'esm' ? 'mjs' : 'cjs'}`)
    await esbuild({ entryPoints: [entry], bundle: true, platform: 'node', format, outfile, external: ['holdfast'] })
    expect(run(outfile.slice(folder.length))).toBe(printed)
  }
})

it('runs from a server bundle of vite with holdfast as an external', async () => {
  await vite({
    root: folder,
    logLevel: 'error',
    configFile: false,
    build: { ssr: entry, outDir: join(folder, 'vite'), rollupOptions: { output: { entryFileNames: 'entry.mjs' } } },
    ssr: { external: ['holdfast'] },
  })
  expect(run('vite/entry.mjs')).toBe(printed)
})

it('says what is wrong when it was bundled itself, with ERR_FFI_ADDON', async () => {
  const outfile = join(folder, 'alone/inside.cjs')
  await esbuild({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'silent' })
  const { status, stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toContain('[ERR_FFI_ADDON]')
  expect(stderr).toContain('keep it out of a bundle')
})
