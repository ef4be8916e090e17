// Turns an example into an exit code: it counts what the program verifies about its own results.
import { inspect, isDeepStrictEqual } from 'node:util'
import { MissingLibraryError } from './system-library.mjs'

class Checks {
  passed = 0
  failed = 0

  /** Compares deeply and strictly; a difference is printed and fails the example. */
  equal(what, actual, expected) {
    if (isDeepStrictEqual(actual, expected)) {
      this.passed++
      return
    }
    this.failed++
    console.error(`wrong: ${what}\n  expected ${inspect(expected)}\n  got      ${inspect(actual)}`)
  }

  /** Fails the example unless `condition` is exactly true. */
  holds(what, condition) {
    this.equal(what, condition, true)
  }

  /** Runs `action` and returns what it throws; not throwing fails the example and returns an empty object. */
  throws(what, action) {
    try {
      action()
    } catch (error) {
      this.passed++
      return error
    }
    this.failed++
    console.error(`wrong: ${what}\n  expected an error, got none`)
    return {}
  }
}

/** Runs `main(checks)`, prints the count of checks, and sets the exit code: 0 only when every check passed. */
export async function runExample(main) {
  const checks = new Checks()
  try {
    await main(checks)
  } catch (error) {
    console.error(error instanceof MissingLibraryError ? error.message : error)
    process.exitCode = 1
    return
  }
  console.log(`\n${checks.passed} checks passed, ${checks.failed} failed`)
  if (checks.failed > 0) process.exitCode = 1
}
