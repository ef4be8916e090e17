// Turns tarballs into installations without compiler and network, and these into running programs.
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { incomplete } from '../../packaging/publish.mjs'
import { packageOf, TARGETS } from '../../packaging/targets.mjs'
import { prebuiltPackage } from '../../src/addon.js'
import { Consumer } from './consumer.js'
import { printed, programs } from './program.js'

const root = join(import.meta.dirname, '..', '..')
const isHere = process.platform === 'linux' && process.arch === 'x64'

/** Files of a tarball, without the folder that npm puts around them. */
function contents(tarball: string): string[] {
  const { stdout } = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((name) => name.replace(/^package\//, ''))
    .sort()
}

describe.runIf(isHere)('the packed packages', () => {
  const consumer = new Consumer()
  const { main, target } = consumer.tarballs
  const folder = consumer.install('app', [main, target])
  for (const [name, source] of Object.entries(programs)) writeFileSync(join(folder, name), source)
  afterAll(() => rmSync(consumer.folder, { recursive: true }))

  it('have the listed contents, and no more bytes than they need', () => {
    const files = contents(main)
    const plain = files.filter((name) => !name.startsWith('dist/types/'))
    expect(plain).toEqual([
      'LICENSE',
      'README.md',
      'dist/index.cjs',
      'dist/index.cjs.map',
      'dist/index.d.cts',
      'dist/index.d.mts',
      'dist/index.mjs',
      'package.json',
    ])
    expect(files.filter((name) => !/\.d\.ts$|package\.json$/.test(name) && name.startsWith('dist/types/'))).toEqual([])
    expect(contents(target)).toEqual(['LICENSE', 'README.md', 'holdfast.node', 'package.json'])
    expect(statSync(main).size).toBeLessThan(200_000)
    expect(statSync(target).size).toBeLessThan(1_500_000)
  })

  it('name every target, each once, and nothing of development', () => {
    const installed = JSON.parse(readFileSync(join(folder, 'node_modules/holdfast/package.json'), 'utf8'))
    expect(Object.keys(installed.optionalDependencies)).toEqual(Object.keys(TARGETS).map(packageOf))
    expect(installed).not.toHaveProperty('devDependencies')
    expect(installed).not.toHaveProperty('scripts')
  })

  it('run as an ES module', () => {
    expect(consumer.node(folder, ['esm.mjs'])).toEqual({ status: 0, output: `${printed}\n` })
  })

  it('run as CommonJS', () => {
    expect(consumer.node(folder, ['common.cjs'])).toEqual({ status: 0, output: `${printed}\n` })
  })

  it('run from TypeScript, which finds their types', () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    cpSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'), { recursive: true })
    cpSync(join(root, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'), { recursive: true })
    const flags = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', '--outDir', 'out']
    expect(consumer.node(folder, [tsc, ...flags, 'typed.mts'])).toEqual({ status: 0, output: '' })
    expect(consumer.node(folder, ['out/typed.mjs'])).toEqual({ status: 0, output: `${printed}\n` })
  })

  it('without the package of this target say what is missing with ERR_FFI_ADDON', () => {
    const bare = consumer.install('bare', [main])
    writeFileSync(join(bare, 'common.cjs'), programs['common.cjs'])
    const { status, output } = consumer.node(bare, ['common.cjs'])
    expect(status).toBe(1)
    expect(output).toContain(`${prebuiltPackage(process.platform, process.arch)} is not installed`)
    expect(output).toContain('[ERR_FFI_ADDON]')
  })

  it('with a package of another version say so with ERR_FFI_ADDON', () => {
    const other = consumer.install('other', [main, target])
    writeFileSync(join(other, 'common.cjs'), programs['common.cjs'])
    const file = join(other, 'node_modules', prebuiltPackage(process.platform, process.arch), 'package.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"version": ".*"/, '"version": "9.9.9"'))
    const { status, output } = consumer.node(other, ['common.cjs'])
    expect(status).toBe(1)
    expect(output).toMatch(/is of version 9\.9\.9, and this is .*\[ERR_FFI_ADDON\]/)
  })

  it('are refused for publication while the set is not complete', () => {
    const missing = Object.keys(TARGETS)
      .map(packageOf)
      .filter((name) => name !== 'holdfast-linux-x64-gnu')
    expect(incomplete(join(consumer.folder, 'staged'))).toEqual(missing.map((name) => `${name} is missing`))
  })
})

describe('the name of a prebuilt package', () => {
  it('is that of a target on every platform that has one', () => {
    const names = new Set(Object.keys(TARGETS).map(packageOf))
    for (const { os, cpu } of Object.values(TARGETS)) expect(names).toContain(prebuiltPackage(os, cpu))
  })
})
