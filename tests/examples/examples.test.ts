// Turns each program in examples/ into a process of its own and checks what it prints and how it ends.
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Run {
  code: number | string | null
  stdout: string
  stderr: string
}

const directory = join(import.meta.dirname, '..', '..', 'examples')

function runExample(file: string, { args = [] as string[], env = {} } = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 25_000 }
    execFile(process.execPath, [join(directory, file), ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? null) : 0, stdout, stderr })
    })
  })
}

const printed: Record<string, RegExp[]> = {
  'sqlite.mjs': [
    /^SQLite 3\.\d+\.\d+ through Holdfast$/m,
    /^name +sign +radius_km +orbit_m +moons +discovered +colour$/m,
    /^Earth +♁ +6371 +149598262000 +1 +NULL +x'4f6fa8'$/m,
    /^ {2}SELEC 1 +near "SELEC": syntax error \(SQL logic error, code 1\)$/m,
    /^ {2}a second Earth +UNIQUE constraint failed: planet\.name \(constraint failed, code 1555\)$/m,
    /^[1-9]\d* checks passed, 0 failed$/m,
  ],
  'qsort.mjs': [
    /^value +1\d{6} comparisons, from -1048532\.8\d+ to 1048543\.0\d+$/m,
    /^thrown +RangeError: not comparable$/m,
    /^[1-9]\d* checks passed, 0 failed$/m,
  ],
  'sqlite-callbacks.mjs': [
    /^Ödland +0 +null$/m,
    /^stopped after 2 rows: query aborted$/m,
    /^hypot\(3, 4, 12\) = 13\.0, reverse\('Grüße'\) = eßürG$/m,
    /^an endless query: interrupted after 1000 calls of the progress handler$/m,
    /^[1-9]\d* checks passed, 0 failed$/m,
  ],
  'curl.mjs': [
    /^libcurl\/\d+\.\d+\.\d+\S* through Holdfast, against http:\/\/127\.0\.0\.1$/m,
    /^a page +162890 bytes in several pieces, status 200$/m,
    /^at the same time +12 transfers, each its own answer$/m,
    /^thrown +RangeError: too much, and the transfer goes on$/m,
    /^[1-9]\d* checks passed, 0 failed$/m,
  ],
  'zlib.mjs': [
    /^zlib 1\.\S+ through Holdfast, on the first 1024\.0 KiB of /m,
    /^deflate in pieces +1024\.0 KiB -> \d+\.\d KiB \(\d+ pieces out\)$/m,
    /^inflate in pieces +\d+\.\d KiB -> 1024\.0 KiB/m,
    /^not compressed +Z_DATA_ERROR: incorrect header check$/m,
    /^[1-9]\d* checks passed, 0 failed$/m,
  ],
  'libc.mjs': [
    /^strtod\("6\.25 metres"\) +6\.25, rest " metres"$/m,
    /^div\(-17, 5\) +quot -3, rem -2$/m,
    /^lldiv\(2\*\*62 \+ 1, 10\) +quot 461168601842738790, rem 5$/m,
    /^gettimeofday\(&tv, NULL\) +20\d\d-\d\d-\d\dT/m,
    /^getenv of no variable +null$/m,
    /^access\("\/no\/such\/file", F_OK\) +-1, errno 2: No such file or directory/m,
    /^snprintf.* +ERR_FFI_VARIADIC: .*snprintf/m,
    /^the same with variadic: 3 +3\.14$/m,
    /^[1-9]\d* checks passed, 0 failed$/m,
  ],
}

describe('the examples', () => {
  it('are all run here', () => {
    const programs = readdirSync(directory).filter((file) => file.endsWith('.mjs'))
    expect(programs.toSorted()).toEqual(Object.keys(printed).toSorted())
  })

  it.each(Object.entries(printed))('%s verifies its own results and exits with 0', async (file, lines) => {
    const { code, stdout, stderr } = await runExample(file)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const line of lines) expect(stdout).toMatch(line)
  })

  it('zlib.mjs takes the file to compress as an argument', async () => {
    const { code, stdout } = await runExample('zlib.mjs', { args: [join(directory, 'zlib.mjs')] })
    expect(stdout).toMatch(/KiB of .*zlib\.mjs$/m)
    expect(code).toBe(0)
  })

  it.each([
    ['sqlite.mjs', 'SQLITE_LIBRARY', 'libsqlite3-0'],
    ['zlib.mjs', 'ZLIB_LIBRARY', 'zlib1g'],
    ['curl.mjs', 'CURL_LIBRARY', 'libcurl4'],
  ])(
    '%s names the Debian package in one line when the library is missing, and exits with 1',
    async (file, name, pkg) => {
      const { code, stdout, stderr } = await runExample(file, { env: { [name]: 'libnosuch.so.9' } })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(new RegExp(`^libnosuch\\.so\\.9 is needed \\(Debian package ${pkg}\\): [^\\n]+\\n$`))
    },
  )
})
