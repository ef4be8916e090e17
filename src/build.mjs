// Turns src/ into dist/: one CommonJS bundle, a thin ES module over it, and declarations for both.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { whenStale } from '../.ci/stamp.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))

const BUNDLE = {
  absWorkingDir: root,
  entryPoints: ['src/index.ts'],
  bundle: true,
  platform: 'node',
  target: 'node20',
  // The addon lies beside the bundle and is found there when the bundle runs.
  external: ['*.node'],
  logLevel: 'warning',
}

/** Writes dist/index.cjs. It is the only instance: state that must be one per process lives in it. */
async function bundle() {
  const { warnings } = await build({ ...BUNDLE, format: 'cjs', outfile: 'dist/index.cjs', sourcemap: 'linked' })
  if (warnings.length > 0) throw new Error('esbuild warned about src/, and a warning there is a mistake')
}

/** The names that src/index.ts exports at run time; types have none. */
async function exportedNames() {
  // Only for ES modules does esbuild tell what is exported, so it bundles once more and writes nothing.
  const outfile = 'dist/names.mjs'
  const { metafile } = await build({
    ...BUNDLE,
    format: 'esm',
    outfile,
    metafile: true,
    write: false,
    logLevel: 'error',
  })
  const names = metafile.outputs[outfile].exports.toSorted()
  if (names.length === 0 || names.includes('default')) {
    throw new Error(`src/index.ts must export names, and no default; it exports: ${names.join(', ') || 'nothing'}`)
  }
  return names
}

/** Writes the ES module. Node links its names when it is imported, so one that the bundle lacks is a SyntaxError there. */
async function writeModule() {
  const names = await exportedNames()
  const lines = names.map((name) => `  ${name},\n`)
  writeFileSync(`${root}dist/index.mjs`, `export {\n${lines.join('')}} from './index.cjs'\n`)
}

/** Writes dist/types, and for each way of importing a file that says in its name which kind of module it describes. */
function writeTypes() {
  const types = `${root}dist/types`
  rmSync(types, { recursive: true, force: true })
  const flags = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', types]
  const { status, error } = spawnSync(process.execPath, [tsc, '-p', root, ...flags], { stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) throw new Error('tsc found errors in src/ (above)')
  // CommonJS may not `require` declarations of an ES module under node16 resolution; the other way round is fine.
  writeFileSync(`${types}/package.json`, '{ "type": "commonjs" }\n')
  for (const name of ['index.d.cts', 'index.d.mts']) {
    writeFileSync(`${root}dist/${name}`, "export * from './types/index.js'\n")
  }
}

/** Builds dist/ (but for the addon) unless it is what these sources gave before. @returns whether it was stale. */
export function buildSource() {
  const inputs = ['src', 'tsconfig.json', 'package-lock.json', '.ci/stamp.mjs']
  return whenStale({ root, inputs, stamp: 'dist/.stamp' }, async () => {
    mkdirSync(`${root}dist`, { recursive: true })
    await bundle()
    await writeModule()
    writeTypes()
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await buildSource()) ? 'dist/ built' : 'dist/ is up to date')
}
