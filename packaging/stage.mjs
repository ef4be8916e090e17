// Turns a build into packages below npm/: `node packaging/stage.mjs main`, `node packaging/stage.mjs TARGET [ADDON]`.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isFor, packageOf, TARGETS } from './targets.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

export const manifest = () => JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

function writePackage(folder, content) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)
  copyFileSync(`${root}LICENSE`, join(folder, 'LICENSE'))
}

function emptied(folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

/** The main package: JavaScript and types, and for each target the package that npm may install with it. @returns its folder. */
export function stageMain(into = `${root}npm`) {
  const folder = emptied(join(into, 'holdfast'))
  // What only this repository needs is no business of a user's.
  const { devDependencies: _dev, scripts: _scripts, ...own } = manifest()
  const optional = Object.keys(TARGETS).map((target) => [packageOf(target), own.version])
  cpSync(`${root}dist`, join(folder, 'dist'), {
    recursive: true,
    filter: (path) => !/\.(?:node|dwp|stamp)$|\/\.stamp$/.test(path),
  })
  copyFileSync(`${root}README.md`, join(folder, 'README.md'))
  writePackage(folder, { ...own, files: ['dist'], optionalDependencies: Object.fromEntries(optional) })
  return folder
}

/**
 * The package of one target, around its addon. @returns its folder.
 * @throws Error for an unknown target, or an addon made for another machine.
 */
export function stageTarget(target, { addon = `${root}dist/holdfast.node`, into = `${root}npm` } = {}) {
  if (!Object.hasOwn(TARGETS, target)) {
    throw new Error(`no target is called ${target}; there are ${Object.keys(TARGETS).join(', ')}`)
  }
  if (!isFor(target, readFileSync(addon))) throw new Error(`${addon} is no shared library for ${target}`)
  const folder = emptied(join(into, packageOf(target)))
  const { version, license, engines } = manifest()
  const { os, cpu, libc } = TARGETS[target]
  writePackage(folder, {
    name: packageOf(target),
    version,
    description: `The prebuilt addon of holdfast for ${target}`,
    license,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc ? { libc: [libc] } : {}),
    main: 'holdfast.node',
    files: ['holdfast.node'],
  })
  writeFileSync(
    join(folder, 'README.md'),
    `The prebuilt addon of holdfast for ${target}. Install \`holdfast\`, not this.\n`,
  )
  copyFileSync(addon, join(folder, 'holdfast.node'))
  return folder
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what, addon] = process.argv.slice(2)
  try {
    console.log(what === 'main' ? stageMain() : stageTarget(what ?? '', addon ? { addon } : {}))
  } catch (error) {
    console.error(`holdfast: ${error.message}`)
    process.exitCode = 1
  }
}
