// Turns a fresh clone into a running program: `node .ci/bootstrap.mjs start|test|build`, with no package installed yet.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { installPackages } from './install.mjs'
import { missingLibraries, missingTools } from './tools.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const say = (line) => console.log(`holdfast: ${line}`)

/** Builds what is stale. The build scripts are imported late: they import packages. */
async function build() {
  say('building the addon where it is stale (cargo build --release)')
  const { buildAddon } = await import('../native/build.mjs')
  buildAddon()
  const { buildSource } = await import('../src/build.mjs')
  if (await buildSource()) say('built the package (src/ -> dist/)')
  const { buildFixtures } = await import('../cpp/build.mjs')
  buildFixtures()
}

/** Runs the example that `npm start` shows. @returns its exit code. */
function start(args) {
  say('running examples/sqlite.mjs\n')
  const { status } = spawnSync(process.execPath, ['examples/sqlite.mjs', ...args], { cwd: root, stdio: 'inherit' })
  return status ?? 1
}

/** Runs the tests. @returns 0 when all of them passed, and some did. */
async function test(args) {
  const { runTests } = await import('./tests.mjs')
  return runTests(args)
}

const COMMANDS = { start, test, build: () => 0 }

async function main([command, ...args]) {
  if (!Object.hasOwn(COMMANDS, command ?? '')) {
    console.error(`usage: node .ci/bootstrap.mjs ${Object.keys(COMMANDS).join('|')} [arguments]`)
    return 2
  }
  const missing = missingTools()
  if (missing.length > 0) {
    for (const line of missing) console.error(`holdfast: ${line}`)
    return 1
  }
  for (const line of missingLibraries()) say(line)
  installPackages({ folder: root, say })
  await build()
  return COMMANDS[command](args)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(`holdfast: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
