// Turns node:ffi into what the runner asks of a peer: its version, and its mistakes by row.
import { rows as calls } from './calls.mjs'
import { rows as memory } from './memory.mjs'

export { version } from './bound.mjs'
export const rows = { ...memory, ...calls }
