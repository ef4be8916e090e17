// Turns the steps and the model, which are TypeScript, into one module for a build of Holdfast that any Node runs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const suffix = process.platform === 'darwin' ? 'dylib' : 'so'

/** Instead of the repository's own build, that in a folder: the package in `dist/`, the fixtures beside it. */
const redirect = (dist, fixtures) => ({
  name: 'redirect',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^holdfast$/ }, () => ({ path: pathToFileURL(`${dist}index.mjs`).href, external: true }))
    onResolve({ filter: /\/fixture\.js$/ }, () => ({ path: 'fixture', namespace: 'redirect' }))
    onLoad({ filter: /^fixture$/, namespace: 'redirect' }, () => {
      const contents = `export const fixturePath = (topic) => ${JSON.stringify(`${fixtures}lib`)} + topic + '.${suffix}'`
      return { contents, loader: 'js' }
    })
  },
})

/**
 * Imports `play.ts`.
 * @param {string} [folder] of a build as the memory suites make them, ending in a slash; without it, the repository's own.
 * @returns {Promise<typeof import('./play.js')>}
 */
export async function bundled(folder) {
  const into = mkdtempSync(join(tmpdir(), 'holdfast-properties-'))
  const outfile = join(into, 'play.mjs')
  try {
    await build({
      absWorkingDir: root,
      entryPoints: ['tests/properties/play.ts'],
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      outfile,
      plugins: [redirect(folder ? `${folder}dist/` : `${root}dist/`, folder ?? `${root}cpp/build/`)],
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(into, { recursive: true })
  }
}
