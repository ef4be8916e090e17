// Turns the suppression files into proof that no entry can hide a frame of ours: `node memtests/suppressions/check.mjs`.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Names of our modules, crates, fixtures and of what we call by; a pattern that would match one of them is refused. */
const OURS = [
  'holdfast',
  'holdfast.node',
  'holdfast_core::memory::alloc::Block::new',
  '_RNvNtCs1_13holdfast_core3sys4heap',
  '_ZN13holdfast_core3sys4heap8c_malloc17h0E',
  'holdfast_fault_copy',
  'libffi',
  'ffi_call_unix64',
  'ffi_prep_cif',
  'napi_register_module_v1',
  'fault_leak',
  'libfaults.so',
  '/x/dist/holdfast.node',
  '/x/cpp/build/libpointers.so',
  'libpointers.so',
  'malloc_block',
]

/** A pattern of valgrind (`*`, `?`) or LeakSanitizer (a part, `*`) as a regular expression. */
function matcher(pattern, partly) {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', partly ? '\\?' : '.')
  return new RegExp(partly ? source : `^${source}$`)
}

/** Why a pattern may not be there; undefined when it may. */
function objection(pattern, partly) {
  const hidden = OURS.find((name) => matcher(pattern, partly).test(name))
  if (hidden !== undefined) return `'${pattern}' would hide ${hidden}`
  return /[A-Za-z]{3}/.test(pattern) ? undefined : `'${pattern}' names nothing`
}

/** Entries of valgrind: a reason in words as the name, and at least one frame of those whose noise it is. */
function* valgrindProblems(text) {
  for (const [, body] of text.matchAll(/^\{\n([\s\S]*?)^\}/gm)) {
    const [name, , ...lines] = body.split('\n').map((line) => line.trim())
    if (!/^\S*(?:-\S+){3}/.test(name)) yield `'${name}' is no reason`
    const frames = lines.filter((line) => /^(?:fun|obj|src):/.test(line))
    if (!frames.some((line) => /node|v8|cppgc|ossl|napi_|is_dst|_dl_/.test(line)))
      yield `'${name}' names nothing of Node, V8 or the loader`
    for (const line of frames) {
      const why = objection(line.slice(4), false)
      if (why) yield `${name}: ${why}`
    }
  }
}

/** Lines of LeakSanitizer: a comment with the reason before each. */
function* leakProblems(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('#')) continue
    if (!lines[index - 1]?.startsWith('# ')) yield `${line}: no reason before it`
    const why = line.startsWith('leak:') ? objection(line.slice('leak:'.length), true) : 'is no entry'
    if (why) yield `${line}: ${why}`
  }
}

/** Entries that the check must refuse, or it proves nothing. */
const PLANTED = [
  [
    valgrindProblems,
    '{\n   a-reason-of-four-words\n   Memcheck:Leak\n   fun:malloc\n   fun:*holdfast_core*\n   fun:napi_x\n}\n',
  ],
  [valgrindProblems, '{\n   a-reason-of-four-words\n   Memcheck:Leak\n   obj:*/holdfast.node\n   fun:napi_x\n}\n'],
  [valgrindProblems, '{\n   a-reason-of-four-words\n   Memcheck:Leak\n   fun:*\n   fun:napi_x\n}\n'],
  [valgrindProblems, '{\n   a-reason-of-four-words\n   Memcheck:Leak\n   fun:malloc\n}\n'],
  [valgrindProblems, '{\n   noise\n   Memcheck:Leak\n   fun:napi_create_x\n}\n'],
  [leakProblems, '# reason\nleak:holdfast\n'],
  [leakProblems, '# reason\nleak:*\n'],
  [leakProblems, 'leak:node::contextify\n'],
  [leakProblems, '# reason\nleak:libfaults.so\n'],
]

/** @returns {string[]} what is wrong with the suppressions, or with this check. */
export function suppressionProblems() {
  const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8')
  const found = [...valgrindProblems(read('valgrind.supp')), ...leakProblems(read('lsan.supp'))]
  const missed = PLANTED.filter(([check, text]) => [...check(text)].length === 0).map(
    ([, text]) => `not refused: ${text}`,
  )
  return [...found, ...missed]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = suppressionProblems()
  for (const problem of problems) console.error(`suppressions: ${problem}`)
  console.log(`suppressions: ${problems.length} problems, ${PLANTED.length} planted entries looked at`)
  process.exitCode = problems.length > 0 ? 1 : 0
}
