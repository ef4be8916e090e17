// Turns a complete set of packages below npm/ into a release: `node packaging/publish.mjs [--check]`; refuses any other set.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { manifest } from './stage.mjs'
import { isFor, packageOf, TARGETS } from './targets.mjs'

const npmFolder = fileURLToPath(new URL('../npm', import.meta.url))

/** A mark of the planted faults, of builds without checks, and of each sanitizer: none of them may be in what is published. */
const FORBIDDEN = /plantFault|uncheckedPointers|__asan_|__lsan_|__ubsan_|__tsan_/

function problemOf(target, folder, version) {
  const addon = join(folder, packageOf(target), 'holdfast.node')
  const description = join(folder, packageOf(target), 'package.json')
  if (!existsSync(addon) || !existsSync(description)) return `${packageOf(target)} is missing`
  const bytes = readFileSync(addon)
  if (!isFor(target, bytes)) return `${packageOf(target)} has an addon for another machine`
  if (FORBIDDEN.test(bytes.toString('latin1')))
    return `${packageOf(target)} has an addon that was built for memory tests`
  const found = JSON.parse(readFileSync(description, 'utf8')).version
  return found === version ? undefined : `${packageOf(target)} is of version ${found}, not ${version}`
}

/** Why the packages in a folder may not be published; empty when they may. */
export function incomplete(folder = npmFolder) {
  const { version } = manifest()
  const problems = Object.keys(TARGETS).map((target) => problemOf(target, folder, version))
  const main = join(folder, 'holdfast', 'package.json')
  if (!existsSync(main)) return [...problems.filter(Boolean), 'holdfast is missing']
  const named = Object.entries(JSON.parse(readFileSync(main, 'utf8')).optionalDependencies ?? {})
  const isWhole = named.length === Object.keys(TARGETS).length && named.every(([, its]) => its === version)
  return [...problems, isWhole ? undefined : 'holdfast does not name every target in this version'].filter(Boolean)
}

/** Targets first: whoever installs the main package finds its addon. */
function publish() {
  for (const name of [...Object.keys(TARGETS).map(packageOf), 'holdfast']) {
    const { status } = spawnSync('npm', ['publish', '--provenance', '--access', 'public'], {
      cwd: join(npmFolder, name),
      stdio: 'inherit',
    })
    if (status !== 0) throw new Error(`npm publish failed for ${name}: what comes after it is not published`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const problems = incomplete()
    for (const problem of problems) console.error(`holdfast: ${problem}`)
    if (problems.length > 0) throw new Error('the set is not complete: nothing is published')
    if (process.argv.includes('--check')) console.log('holdfast: the set is complete')
    else publish()
  } catch (error) {
    console.error(`holdfast: ${error.message}`)
    process.exitCode = 1
  }
}
