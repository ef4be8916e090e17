// Turns the counts in .ci/results into the gate's last line: `node .ci/verdict.mjs tests=EXITCODE checks=EXITCODE`.
import { readFileSync } from 'node:fs'

/** The counts that a part left behind. One that failed and counted no failure, or left nothing, failed once. */
function countsOf([part, exitCode]) {
  try {
    const { passed, failed } = JSON.parse(readFileSync(new URL(`results/${part}.json`, import.meta.url), 'utf8'))
    return { passed, failed: failed === 0 && exitCode !== '0' ? 1 : failed }
  } catch {
    console.error(`${part} left no counts (exit code ${exitCode})`)
    return { passed: 0, failed: 1 }
  }
}

const parts = process.argv.slice(2).map((argument) => countsOf(argument.split('=')))
const passed = parts.reduce((total, part) => total + part.passed, 0)
const failed = parts.reduce((total, part) => total + part.failed, 0)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
console.log(`${passed} passed, ${failed} failed`)
