// Turns a library's per-platform file names into an opened library key, or into one line that says what to install.
import { FfiError, open } from 'holdfast'

/** No file name of the library could be loaded; `message` is one line for the user. */
export class MissingLibraryError extends Error {}

/**
 * Opens the first of this platform's names that the loader finds, under `key`.
 * @param {{key: string, names: Partial<Record<NodeJS.Platform, string[]>>, override?: string, debianPackage: string}} library
 *   `override` is an environment variable whose value replaces the names.
 * @throws {MissingLibraryError} when no name loads, or the platform has none.
 */
export function openSystemLibrary({ key, names, override, debianPackage }) {
  const chosen = override && process.env[override]
  const candidates = chosen ? [chosen] : (names[process.platform] ?? [])
  let reason = `no file name is known for ${process.platform}`
  for (const path of candidates) {
    try {
      open({ library: key, path })
      return
    } catch (error) {
      if (!(error instanceof FfiError) || error.code !== 'ERR_FFI_LIBRARY_LOAD') throw error
      reason = error.message
    }
  }
  throw new MissingLibraryError(
    `${candidates[0] ?? key} is needed (Debian package ${debianPackage}): ${reason.replaceAll('\n', ' ')}`,
  )
}
