// Turns the sources into what each tool runs: memtests/build/<variant>/ with the package, its addon and the fixtures.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildFixtures } from '../cpp/build.mjs'
import { copyIfChanged, runCargo } from '../native/build.mjs'
import { buildSource } from '../src/build.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const TARGET = 'x86_64-unknown-linux-gnu'

/** What cargo needs to put AddressSanitizer into Rust code; `RUSTC_BOOTSTRAP` lets the stable compiler take the flag. */
export const ASAN_CARGO = {
  flags: ['--target', TARGET, '--target-dir', 'target/asan'],
  env: {
    ...process.env,
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: '-Zsanitizer=address -Cforce-frame-pointers=yes',
    // Link-time optimisation runs before the pass that instruments, and takes its time.
    CARGO_PROFILE_MEMTEST_LTO: 'off',
  },
}

const FRAMES = ['-fno-omit-frame-pointer']

/** Every build: how its addon is made, and with what flags its fixtures are. */
export const VARIANTS = {
  /** As released but for debug symbols and planted faults: for `plain` and `valgrind`. */
  memtest: { cargo: {}, flags: FRAMES },
  asan: { cargo: ASAN_CARGO, flags: [...FRAMES, '-fsanitize=address'] },
  /** Rust has no such sanitizer: the C side is instrumented, under the addon of `memtest`. */
  ubsan: { cargo: {}, flags: [...FRAMES, '-fsanitize=undefined'] },
}

export const folderOf = (variant) => `${root}memtests/build/${variant}/`

/** Builds a variant where it is stale. @throws when a compiler fails. */
export async function buildVariant(name) {
  const { cargo, flags } = VARIANTS[name]
  const folder = folderOf(name)
  await buildSource()
  const addon = runCargo('memtest', { ...cargo, flags: [...(cargo.flags ?? []), '--features', 'faults'] })
  mkdirSync(`${folder}dist`, { recursive: true })
  for (const file of ['package.json', 'dist/index.cjs', 'dist/index.mjs'])
    copyIfChanged(`${root}${file}`, `${folder}${file}`)
  copyIfChanged(addon, `${folder}dist/holdfast.node`)
  // A sanitizer names the frames of a leak when the process ends, after the libraries were closed: they stay mapped.
  buildFixtures({ into: folder, flags: [...flags, '-Wl,-z,nodelete'] })
}
