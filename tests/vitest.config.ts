// Turns the test files into runs in forked processes, so that a crash ends one file and not the whole run.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    // Tests of released memory collect on purpose.
    execArgv: ['--expose-gc'],
    // The built package is loaded by Node itself, as its users load it, and exists once in a process.
    server: { deps: { external: [/\/dist\/index\.[cm]js$/] } },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
