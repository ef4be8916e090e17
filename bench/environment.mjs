// Turns the running machine and the drivers' manifests into the line that says what was measured.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'

/** Date, versions and processor, in one line; `versions` are those of the measured Node, not of this one. */
export function environment(versions, chosen) {
  const processors = cpus()
  const engine = process.env.FFI_ENGINE ? [`FFI_ENGINE=${process.env.FFI_ENGINE}`] : []
  return [
    new Date().toISOString().slice(0, 10),
    `Node ${versions?.node ?? 'unknown'}, V8 ${versions?.v8 ?? 'unknown'}`,
    ...chosen.map(({ name }) => `${name} ${versionOf(name) ?? 'not installed'}`),
    `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown CPU'}, ${process.platform} ${process.arch}`,
    ...engine,
  ].join('; ')
}

/** Version in the manifest above a package's entry: `exports` may hide the manifest itself. */
function versionOf(name) {
  let entry
  try {
    entry = createRequire(import.meta.url).resolve(name)
  } catch {
    return undefined
  }
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = readManifest(join(folder, 'package.json'))
    if (manifest?.name === name) return manifest.version
  }
  return undefined
}

function readManifest(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
