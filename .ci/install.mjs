// Turns a package-lock.json into an installed node_modules beside it, once for each content of the lock file.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashOf } from './stamp.mjs'

/** The npm that runs this script, if one does: `npm` alone may be another, and on Windows it is no program. */
function npm(args, folder) {
  const script = process.env.npm_execpath
  const [program, ...leading] = script ? [process.execPath, script] : ['npm']
  return spawnSync(program, [...leading, ...args], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
}

/**
 * Runs `npm ci` in `folder` with `flags` unless the same was done before for the same lock file.
 * @throws Error when npm fails or does not run.
 */
export function installPackages({ folder, say, flags = [] }) {
  const stamp = join(folder, 'node_modules', '.installed')
  const wanted = [hashOf(folder, ['package-lock.json']), ...flags].join(' ')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say(`installing packages (npm ci ${flags.join(' ')}`.trimEnd().concat(`) in ${folder}`))
  const { status, error } = npm(
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...flags],
    folder,
  )
  if (error) throw new Error(`npm does not run (${error.message}): install it with Node`)
  if (status !== 0) throw new Error(`npm ci failed in ${folder} (above)`)
  writeFileSync(stamp, wanted)
}
