// Turns this machine into the package of its target: `node packaging/prebuild.mjs TARGET` builds, tests and stages.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const [target = ''] = process.argv.slice(2)

/** The addon that is staged is the one that the tests have run with. */
const STEPS = [
  ['.ci/bootstrap.mjs', 'test', '--current'],
  ['packaging/stage.mjs', target],
]

const failed = STEPS.find((args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0)
if (failed) console.error(`holdfast: ${failed.join(' ')} failed: no package for '${target}'`)
process.exitCode = failed ? 1 : 0
