// Turns the planted mistakes into a table: which tools claim to catch each, and what they call it.

const LEAK = { valgrind: /^Leak_DefinitelyLost/, asan: /^leak/ }
const WRITE = { valgrind: /^InvalidWrite/, asan: /^heap-buffer-overflow/ }

/** By name: for each tool that claims it, the kind of its report. A tool that is not named here does not claim to see it. */
const CLAIMS = {
  leak: LEAK,
  'double-free': { valgrind: /^InvalidFree/, asan: /^attempting double-free/ },
  overrun: WRITE,
  underrun: WRITE,
  'use-after-free': { valgrind: /^InvalidRead/, asan: /^heap-use-after-free/ },
  'uninitialised-read': { valgrind: /^UninitCondition/ },
  'mismatched-allocator': { valgrind: /^MismatchedFree/, asan: /^alloc-dealloc-mismatch/ },
  'misaligned-access': { ubsan: /^load of misaligned address/ },
  'stack-overrun': { asan: /^stack-buffer-overflow/ },
}

/** All of them in C (cpp/faults.c). */
const inC = Object.keys(CLAIMS).map((name) => ({
  by: 'c',
  name,
  frame: new RegExp(`^fault_${name.replaceAll('-', '_')}|^fill$`),
}))

/** Those that Rust can make and a tool can see (native/core/src/sys/faults.rs): its allocator is malloc under any name. */
const inCore = Object.keys(CLAIMS)
  .filter((name) => name !== 'mismatched-allocator' && name !== 'misaligned-access')
  .map((name) => ({ by: 'core', name, frame: new RegExp(`faults.*${name.replaceAll('-', '_')}`) }))

/** C that leaves a block of Holdfast's own. */
const inBlock = ['overrun', 'underrun'].map((name) => ({
  by: 'block',
  name,
  frame: new RegExp(`^fault_block_${name}`),
}))

/**
 * Scenarios that go wrong: what must be said of them. `stale` goes through the routine that may read bad addresses, and
 * is no bad address: it shows that what is let through there is not everything.
 */
const GONE_WRONG = {
  growth: { plain: /^the resident size/ },
  kept: { plain: /^records: / },
  held: { plain: /^the JavaScript heap/ },
  stale: { valgrind: /^InvalidRead: .*free'd at copy \(native\/core\/src\/sys\/fault\// },
}

/** Every planted fault, with its claims by tool. */
export const FAULTS = [
  ...[...inC, ...inCore, ...inBlock].map((fault) => ({ ...fault, claims: CLAIMS[fault.name] })),
  ...Object.entries(GONE_WRONG).map(([name, claims]) => ({ by: 'scenario', name, claims })),
]
