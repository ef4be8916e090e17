// Turns the machine into the versions of Node to test on: the current one, and on Linux x64 those of .ci/nodes.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { installPackages } from './install.mjs'

const folder = fileURLToPath(new URL('nodes/', import.meta.url))
const MAJORS = [20, 22, 24, 26]

/** npm's packages of Node are made for glibc, and exist for every platform, but are pinned here for one. */
function pinnedVersionsRun() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}

/**
 * The programs to run the tests with, oldest first.
 * @returns {{ label: string, program: string }[]}
 */
export function nodeVersions({ onlyCurrent, say }) {
  const current = { major: Number(process.versions.node.split('.')[0]), program: process.execPath }
  const others = onlyCurrent || !pinnedVersionsRun() ? [] : MAJORS.filter((major) => major !== current.major)
  if (others.length > 0) {
    // Node 20 is a development dependency there, because where it is the current one it need not be downloaded.
    installPackages({ folder, say, flags: others.includes(20) ? [] : ['--omit=dev'] })
  }
  const pinned = others.map((major) => ({ major, program: `${folder}node_modules/node${major}/bin/node` }))
  for (const { program } of pinned) if (!existsSync(program)) throw new Error(`${program} is missing after npm ci`)
  return [current, ...pinned]
    .toSorted((a, b) => a.major - b.major)
    .map(({ major, program }) => ({ label: `node${major}`, program }))
}
