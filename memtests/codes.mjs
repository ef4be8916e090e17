// Turns src/error.ts into the list of all codes, so that a new one without a mistake that reaches it is noticed.
import { readFileSync } from 'node:fs'

const source = readFileSync(new URL('../src/error.ts', import.meta.url), 'utf8')
const declared = source.slice(source.indexOf('export type FfiErrorCode'), source.indexOf('export type CoreCode'))

export const ALL_CODES = Array.from(new Set(declared.match(/(?<=')ERR_FFI_\w+(?=')/g)))
