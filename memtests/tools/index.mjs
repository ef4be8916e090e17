// Turns names of tools into tools.
import { plain } from './plain.mjs'
import { asan, ubsan } from './sanitizers.mjs'
import { valgrind } from './valgrind.mjs'

export const TOOLS = { plain, valgrind, asan, ubsan }
