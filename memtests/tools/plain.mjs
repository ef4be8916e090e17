// Turns a task into a run under nothing: exact counters, and the slope of the resident size.

export const plain = {
  build: 'memtest',
  /** Enough rounds for a bound on the slope. */
  budgets: { short: { n: 100, warmUp: 12, rounds: 40 }, full: { n: 500, warmUp: 20, rounds: 121 } },
  slope: true,
  /** @returns what is missing on this machine, in one line; none when the tool is there. */
  missing: () => undefined,
  command: (args) => ({ program: process.execPath, args }),
  read: () => ({ complete: true, reports: [] }),
}
