// Turns the Rust sources into the places that break the layers: `node .ci/layers.mjs [--self-test]`, exit code 1 if any.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { referencedModules } from './rust-paths.mjs'
import { tokenize } from './rust-tokens.mjs'

/** Modules of native/core, low to high: each may use only those before it. */
const LAYERS = [
  'error',
  'signature',
  'plan',
  'sys',
  'registry',
  'memory',
  'library',
  'frame',
  'invoke',
  'pool',
  'closure',
  'call',
]

/** The only modules, with all below them, that may contain `unsafe`. */
const CRATES = [
  {
    folder: 'native/core/src',
    layers: LAYERS,
    unsafe: ['sys', 'frame', 'invoke', 'memory/access', 'memory/alloc', 'closure/trampoline'],
  },
  { folder: 'native/node/src', unsafe: ['napi'] },
]

function rustFiles(folder) {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return entries
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.rs'))
    .sort()
}

/** `plan/layout.rs` is the module plan/layout, `plan/mod.rs` and `plan.rs` are plan, `lib.rs` is the root. */
function moduleOf(file) {
  return file
    .replace(/\.rs$/, '')
    .split('/')
    .filter((part, index, parts) => !(index === parts.length - 1 && (part === 'mod' || part === 'lib')))
}

const isWithin = (module, outer) => module === outer || module.startsWith(`${outer}/`)

/** What a file must say is a matter of its module: above unsafe code it cannot forbid it, as that reaches down. */
function unsafeRule(module, allowed) {
  if (allowed.some((outer) => isWithin(module, outer))) return 'free'
  return module === '' || allowed.some((inner) => isWithin(inner, module)) ? 'above' : 'forbid'
}

const FORBID = '#![forbid(unsafe_code)]'.match(/\w+|./g)

function forbidsUnsafe(tokens) {
  return tokens.some((_, start) => FORBID.every((text, offset) => tokens[start + offset]?.text === text))
}

function* unsafeViolations({ module, tokens, allowed, forbidding }) {
  const path = module.join('/')
  const rule = unsafeRule(path, allowed)
  if (rule === 'free') return
  for (const { text, line } of tokens) if (text === 'unsafe') yield { line, what: 'unsafe outside the modules for it' }
  // The compiler carries it down to inner modules, and lets none of them take it back.
  const forbidden = forbidding.some((outer) => isWithin(path, outer))
  if (rule === 'forbid' && !forbidden)
    yield { line: 1, what: 'neither it nor a module above it says #![forbid(unsafe_code)]' }
}

function* staticMutViolations({ tokens }) {
  for (const [index, { text, line }] of tokens.entries()) {
    if (text === 'static' && tokens[index + 1]?.text === 'mut') yield { line, what: 'static mut' }
  }
}

function* layerViolations({ module, tokens, layers }) {
  const [own] = module
  if (!layers || own === undefined) return
  const rank = layers.indexOf(own)
  if (rank < 0) yield { line: 1, what: `module ${own} is not in the list of layers` }
  for (const { target, line } of referencedModules(tokens, module)) {
    if (target === own) continue
    const targetRank = layers.indexOf(target)
    if (targetRank < 0) yield { line, what: `${own} uses crate::${target}, which is no layer` }
    else if (targetRank > rank) yield { line, what: `${own} uses ${target}, which is above it` }
  }
}

function* crateViolations(root, { folder, layers, unsafe: allowed }) {
  const sources = rustFiles(join(root, folder)).map((file) => {
    return { file, module: moduleOf(file), tokens: tokenize(readFileSync(join(root, folder, file), 'utf8')) }
  })
  const forbidding = sources.filter(({ tokens }) => forbidsUnsafe(tokens)).map(({ module }) => module.join('/'))
  for (const { file, module, tokens } of sources) {
    const subject = { module, tokens, layers, allowed, forbidding }
    const found = [...layerViolations(subject), ...unsafeViolations(subject), ...staticMutViolations(subject)]
    for (const { line, what } of found) yield `${folder}/${file}:${line}: ${what}`
  }
}

/** @returns {{ problems: string[], files: number }} one line for each violation below `root`, and how many files were read. */
export function checkLayers(root) {
  const files = CRATES.flatMap(({ folder }) => rustFiles(join(root, folder))).length
  return { problems: CRATES.flatMap((crate) => [...crateViolations(root, crate)]), files }
}

async function main() {
  if (process.argv.includes('--self-test')) {
    const { selfTest } = await import('./layers-self-test.mjs')
    return selfTest(checkLayers)
  }
  const { problems, files } = checkLayers(fileURLToPath(new URL('..', import.meta.url)))
  for (const problem of problems) console.error(problem)
  if (files === 0) console.error('no Rust source was found')
  console.log(`layers: ${files} files, ${problems.length} violations`)
  return problems.length === 0 && files > 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = (await main()) ? 0 : 1
