// Turns built binaries into proof of what is in them: sanitizers and planted faults where they belong, and nowhere else.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildBoth, FOLDERS } from '../bench/check.mjs'
import { buildVariant, folderOf, root, VARIANTS } from './builds.mjs'

/** The symbol tables and the section headers of a binary, as binutils print them. */
function readBinary(file) {
  const { status, stdout, error } = spawnSync('readelf', ['-WSs', file], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (error || status !== 0) throw new Error(`readelf does not read ${file}: apt-get install binutils`)
  return { symbols: stdout, bytes: readFileSync(file, 'latin1') }
}

const has = (name, pattern) => [name, ({ symbols }) => pattern.test(symbols)]
const lacks = (name, pattern) => [name, ({ symbols, bytes }) => !pattern.test(symbols) && !pattern.test(bytes)]

const SANITIZERS = /__(?:asan|lsan|ubsan|tsan|msan|hwasan)_\w+/
const CHECKS = {
  asan: has('calls AddressSanitizer', /UND __asan_report_(?:load|store)\w+/),
  asanCore: has('has the core instrumented', /FUNC .*asan\.module_ctor/),
  ubsan: has('calls UBSan', /UND __ubsan_handle_\w+/),
  lines: has('has line numbers', / \.debug_line /),
  symbols: has('has symbols', / \.symtab /),
  planted: ['has the planted faults', ({ bytes }) => bytes.includes('plantFault')],
  plain: lacks('has no sanitizer', SANITIZERS),
  honest: lacks('has no planted fault', /plantFault|sys6faults|sys::faults/),
  checked: lacks('checks pointer arguments', /uncheckedPointers/),
}
const { asan, asanCore, ubsan, lines, symbols, planted, plain, honest, checked } = CHECKS

const addonOf = (variant) => `${folderOf(variant)}dist/holdfast.node`
const fixtureOf = (variant) => `${folderOf(variant)}libfaults.so`

/** What each binary must show. A release is what `npm run build` makes, and what is packed for this machine. */
function expectations() {
  const releases = [`${root}dist/holdfast.node`, `${root}npm/holdfast-linux-x64-gnu/holdfast.node`].filter(existsSync)
  return [
    [addonOf('memtest'), [lines, symbols, planted, plain]],
    [fixtureOf('memtest'), [lines, symbols, plain]],
    [addonOf('asan'), [lines, symbols, planted, asan, asanCore]],
    [fixtureOf('asan'), [lines, symbols, asan]],
    [fixtureOf('ubsan'), [lines, symbols, ubsan]],
    ...releases.map((file) => [file, [plain, honest, checked]]),
  ]
}

/** A check that is true of everything proves nothing: each must be false of a binary that is made the other way. */
function counterExamples() {
  return [
    [addonOf('asan'), [plain, honest]],
    [fixtureOf('ubsan'), [plain]],
    [fixtureOf('memtest'), [asan, ubsan, planted]],
    [`${root}dist/holdfast.node`, [planted, asanCore]],
    [`${FOLDERS.unchecked}dist/holdfast.node`, [checked]],
  ]
}

function verify([file, checks], wanted) {
  const binary = readBinary(file)
  return checks.map(([name, holds]) => {
    const ok = holds(binary) === wanted
    const claim = wanted ? name : `'${name}' is false`
    console.log(`holdfast: ${ok ? 'ok' : 'FAILED'}  ${file.replace(root, '')}: ${claim}`)
    return ok
  })
}

/** @returns how many claims about binaries hold, and how many do not. */
export function verifyBuilds() {
  const verdicts = [
    ...expectations().flatMap((one) => verify(one, true)),
    ...counterExamples().flatMap((one) => verify(one, false)),
  ]
  const passed = verdicts.filter(Boolean).length
  return { passed, failed: verdicts.length - passed }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const variant of Object.keys(VARIANTS)) await buildVariant(variant)
  await buildBoth()
  const { passed, failed } = verifyBuilds()
  console.log(`holdfast: ${passed} claims about binaries hold, ${failed} do not`)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
}
