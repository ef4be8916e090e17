// Turns the topic of a fixture (the name of a file in cpp/) into the path of its built library.
import { join } from 'node:path'

const suffixes: Partial<Record<NodeJS.Platform, string>> = { darwin: 'dylib', win32: 'dll' }

/** The absolute path of `cpp/build/lib<topic>.<suffix>`; `node cpp/build.mjs` builds it. */
export function fixturePath(topic: string): string {
  return join(import.meta.dirname, '..', 'cpp', 'build', `lib${topic}.${suffixes[process.platform] ?? 'so'}`)
}
