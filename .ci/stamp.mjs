// Turns files into one hash, and the hash into the answer whether what was built from them is stale.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

function* filesUnder(root, path) {
  if (!statSync(join(root, path)).isDirectory()) {
    yield path
    return
  }
  for (const name of readdirSync(join(root, path)).sort()) yield* filesUnder(root, `${path}/${name}`)
}

/** Hash of the names and contents of `inputs`, files and folders relative to `root`: times differ in every clone. */
export function hashOf(root, inputs) {
  const hash = createHash('sha256')
  for (const input of inputs) {
    for (const path of filesUnder(root, input)) {
      const content = readFileSync(join(root, path))
      hash.update(`${path}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex')
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Runs `build` unless the file `stamp` holds the hash of `inputs`, and writes it there. @returns whether it ran. */
export async function whenStale({ root, inputs, stamp }, build) {
  const current = hashOf(root, inputs)
  const file = join(root, stamp)
  if (read(file) === current) return false
  // A build that fails half-way must not look like the one before it.
  rmSync(file, { force: true })
  await build()
  writeFileSync(file, current)
  return true
}
