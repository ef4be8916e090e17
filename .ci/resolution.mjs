// Turns the built package into proof that its types resolve for `import` and for `require` in every mode of TypeScript.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

const MODES = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
]

/** The names of dist/index.mjs, so that a consumer uses every one of them. */
function names() {
  return readFileSync(join(root, 'dist/index.mjs'), 'utf8').match(/(?<=^ {2})\w+(?=,$)/gm)
}

/** A program of each kind of module; the last line is an error exactly when the types were found. */
function consumers() {
  const uses = names().join(', ')
  const proof = `export const all = [${uses}]\n// @ts-expect-error: a type that was not found would be any, and any is a string\nexport const wrong: string = DataType\n`
  return {
    'module.mts': `import { ${uses} } from 'holdfast'\n${proof}`,
    'common.cts': `import holdfast = require('holdfast')\nconst { ${uses} } = holdfast\n${proof}`,
  }
}

function plant() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-resolution-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/holdfast'), 'dir')
  symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'), 'dir')
  for (const [name, source] of Object.entries(consumers())) writeFileSync(join(folder, name), source)
  return folder
}

function check(folder, mode) {
  // In a bundler's mode there is no `require` of TypeScript's own kind.
  const files = mode.moduleResolution === 'bundler' ? ['module.mts'] : ['module.mts', 'common.cts']
  const compilerOptions = {
    ...mode,
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const { status } = spawnSync(process.execPath, [tsc, '-p', folder], { stdio: 'inherit' })
  if (status !== 0) console.error(`the types do not resolve with moduleResolution ${mode.moduleResolution}`)
  return status === 0
}

const folder = plant()
try {
  const failed = MODES.filter((mode) => !check(folder, mode))
  console.log(`resolution: ${MODES.length - failed.length} of ${MODES.length} modes right`)
  process.exitCode = failed.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true })
}
