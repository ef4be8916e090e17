// Turns the reports of a tool into those with a frame of ours, and those of routines that read bad addresses by design.
import { root } from '../builds.mjs'

/** Files of Holdfast: the addon, a fixture, a test program of the core; or source of one, where the module is not told. */
const MODULE = new RegExp(`^${root}(?:memtests/build|target)/|holdfast[^/]*\\.node$`)
const SOURCE = new RegExp(`^(?:${root})?(?:native|cpp)/`)

export const isOurs = ({ module, source }) => MODULE.test(module) || SOURCE.test(source)
const isSymbolised = (frame) => isOurs(frame) && frame.name !== '' && frame.source !== ''

/** In these routines alone a bad address is expected (docs/SAFETY.md, S8): valgrind sees them at it. */
const CHECKED = /^holdfast_fault_(?:copy|scan|scan_wide)$/
/** The routine of other platforms asks the kernel; the core's own tests run it on Linux too. */
const ASKED = /fault::checked::platform::transfer$/
/** Looking for bookkeeping of malloc before a block (S7): valgrind lets nobody but malloc see it. */
const BOOKKEEPING = /(?:^|::)word_at$/

/**
 * Whether a report is of a routine that survives bad addresses, at one: memory that no allocator handed out. Freed
 * memory, and what lies behind a block, is not among what it may read.
 */
export function isProbe({ kind, what, stacks: [stack = []] }) {
  const isChecked = /^Invalid(?:Read|Write)$/.test(kind) && CHECKED.test(stack[0]?.name)
  const isAsked = kind === 'SyscallParam' && stack.slice(0, 3).some(({ name }) => ASKED.test(name))
  if (!isChecked && !isAsked) return false
  if (stack.slice(1, 5).some(({ name }) => BOOKKEEPING.test(name))) return true
  // Or a page that the process has and nobody may use: a fence around guarded blocks.
  return /is not stack'd, malloc'd or \(recently\) free'd|is in a (?:---|r--) anonymous segment/.test(what)
}

/**
 * Whether a report concerns Holdfast: a frame of the access, the allocation or the release is ours. For uninitialised
 * values only where the value is used: V8 looks at every word of the stack when it collects, also below calls of ours.
 */
export function concernsUs({ kind, stacks }) {
  if (!/^Uninit/.test(kind)) return stacks.flat().some(isOurs)
  const first = stacks[0]?.find(({ module }) => !/vgpreload|libc\.so|libc-/.test(module))
  return first !== undefined && isOurs(first)
}

/** The frame to show for a report: the first of ours that carries a name and a line. */
export const frameOfOurs = ({ stacks }) => stacks.flat().find(isSymbolised)

/** One line for a report. */
export function describe(report) {
  const frame = frameOfOurs(report) ?? report.stacks.flat().find(isOurs)
  const place = frame ? ` at ${frame.name || '???'} (${(frame.source || frame.module).replace(root, '')})` : ''
  return `${report.kind}: ${report.what}${place}`
}
