// Turns the platform of this process into its addon: the prebuilt package, else the one built beside the bundle.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FfiError } from './error.js'

/** glibc or musl: addons for one do not run on the other. */
function libcOf(): 'gnu' | 'musl' {
  // Without this the report asks the network for the names of its interfaces.
  Object.assign(process.report, { excludeNetwork: true })
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'
}

/** The package that has the addon of this platform; `packaging/targets.mjs` lists those that exist. */
export function prebuiltPackage(platform: string, arch: string): string {
  const base = `holdfast-${platform}-${arch}`
  if (platform === 'linux') return `${base}-${libcOf()}`
  return platform === 'win32' ? `${base}-msvc` : base
}

/** Loads the prebuilt package. @returns why it cannot be, in words, when it cannot. */
function loadPrebuilt(name: string): { addon?: unknown; why: string } {
  try {
    const { version } = require(`${name}/package.json`) as { version: string }
    const own = (require(join(__dirname, '../package.json')) as { version: string }).version
    if (version !== own) return { why: `${name} is of version ${version}, and this is ${own}` }
    return { addon: require(name), why: '' }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { why: code === 'MODULE_NOT_FOUND' ? `${name} is not installed` : `${name}: ${message}` }
  }
}

/**
 * Loads the addon.
 * @throws {FfiError} ERR_FFI_ADDON with what was tried, when none fits
 */
export function loadAddon(): unknown {
  const name = prebuiltPackage(process.platform, process.arch)
  const { addon, why } = loadPrebuilt(name)
  if (addon !== undefined) return addon
  const local = join(__dirname, 'holdfast.node')
  if (existsSync(local)) return require(local)
  throw new FfiError('ERR_FFI_ADDON', {
    expected: `the addon for ${process.platform} ${process.arch}`,
    detail: `${why}, and there is no ${local}; install holdfast with its optional dependencies, or keep it out of a bundle`,
  })
}
