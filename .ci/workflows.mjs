// Turns the workflows into verdicts: actionlint where it is to be had, and pinned actions and few permissions everywhere.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, '.github/workflows')
const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'

/** What actionlint does not ask for: a whole commit and its version for each action, and permissions said. */
function* problemsOf(name, text) {
  for (const [line] of text.matchAll(/^.*\buses:.*$/gm)) {
    if (!/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
      yield `${name}: not pinned: ${line.trim()}`
  }
  if (!/^permissions:\n {2}contents: read$/m.test(text))
    yield `${name}: the workflow's own permissions are not contents: read`
  for (const [line] of text.matchAll(/^.*: write$/gm)) {
    if (line.trim() !== 'id-token: write') yield `${name}: ${line.trim()}`
  }
  if (/\$\{\{\s*github\.(?:event|head_ref)[^}]*\}\}/.test(text.replace(/^\s*(?:- )?if:.*$/gm, ''))) {
    yield `${name}: text from outside is put into a script`
  }
}

const WAYS = [['actionlint'], ['go', 'run', ACTIONLINT]]

/** The installed actionlint, or the one of Go's module proxy where that can be reached; undefined without either. */
function findActionlint() {
  return WAYS.find(([program, ...args]) => spawnSync(program, [...args, '-version'], { timeout: 120_000 }).status === 0)
}

/** @returns whether actionlint has nothing to say, which is also so where it is not to be had. */
function lint() {
  const found = findActionlint()
  if (found === undefined) {
    console.log(`workflows: actionlint could not be had, own checks only: go install ${ACTIONLINT}`)
    return true
  }
  const [program, ...args] = found
  const { status } = spawnSync(program, [...args, '-no-color'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  return status === 0
}

const files = readdirSync(folder)
const problems = files.flatMap((name) => [...problemsOf(name, readFileSync(join(folder, name), 'utf8'))])
for (const problem of problems) console.error(problem)
const isLinted = lint()
console.log(`workflows: ${files.length} files, ${problems.length} problems`)
process.exitCode = problems.length === 0 && files.length > 0 && isLinted ? 0 : 1
