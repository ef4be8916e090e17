// Turns the misuse matrix into data: for each mistake where it is made, and what Holdfast answers.
import type { FfiErrorCode } from 'holdfast'

/** One mistake. docs/MISUSE.md is printed from these; the test of a row sees exactly its codes. */
export interface Row {
  /** What the program does. */
  readonly operation: 'access' | 'free' | 'pass to C' | 'call' | 'call back' | 'close' | 'share' | 'bind' | 'end'
  /** What is wrong with what it does that to. */
  readonly state: string
  readonly misuse: string
  /** The codes of the refusals. */
  readonly codes: readonly FfiErrorCode[]
  /** What else happens, or happens where there is no code. */
  readonly outcome?: string
  /** Only caught with this in the environment. */
  readonly only?: 'FFI_GUARD=1'
  /** What is not caught yet, and what it waits for. A row with no test is open as a whole. */
  readonly open?: string
}

export const rows = {
  '1': {
    operation: 'access',
    state: 'freed',
    misuse: 'use after free in JavaScript',
    codes: ['ERR_FFI_USE_AFTER_FREE'],
    outcome: 'Buffers over the memory are detached',
    open: 'the places of allocation and free in the message: allocation tracking',
  },
  '1b': {
    operation: 'pass to C',
    state: 'freed',
    misuse: 'use after free as an argument, at any position or inside a struct',
    codes: ['ERR_FFI_USE_AFTER_FREE'],
  },
  '2': {
    operation: 'free',
    state: 'freed',
    misuse: 'double free, also through a bound `free`',
    codes: ['ERR_FFI_DOUBLE_FREE'],
    outcome: 'disposing again does nothing',
  },
  '3': {
    operation: 'free',
    state: 'interior',
    misuse: 'free of an interior pointer, also through a bound `free`',
    codes: ['ERR_FFI_NOT_OWNER'],
  },
  '4': {
    operation: 'free',
    state: 'of another allocator',
    misuse: 'free with the wrong allocator, also through a bound `free`',
    codes: ['ERR_FFI_ALLOCATOR_MISMATCH', 'ERR_FFI_NOT_OWNER'],
  },
  '5': {
    operation: 'access',
    state: 'too small',
    misuse: 'read or write out of bounds in JavaScript',
    codes: ['ERR_FFI_OUT_OF_BOUNDS'],
  },
  '5b': {
    operation: 'call',
    state: 'too small',
    misuse: 'C writes out of bounds of what it was given',
    codes: ['ERR_FFI_OVERRUN'],
    outcome: 'at the end of a block: SIGSEGV in the guilty call, with a report; in padding: the code',
    only: 'FFI_GUARD=1',
  },
  '6': {
    operation: 'access',
    state: 'of another type',
    misuse: 'memory of one type read as another that has pointers, values of the wrong type',
    codes: ['ERR_FFI_POINTER_TYPE', 'ERR_FFI_TYPE'],
  },
  '7': {
    operation: 'access',
    state: 'misaligned',
    misuse: 'misaligned access',
    codes: ['ERR_FFI_MISALIGNED'],
  },
  '8': {
    operation: 'access',
    state: 'NULL',
    misuse: 'NULL dereferenced in JavaScript, or in C',
    codes: ['ERR_FFI_NULL_POINTER', 'ERR_FFI_NOT_POINTER'],
    outcome: 'in C: SIGSEGV with a report that names the call',
  },
  '9': {
    operation: 'access',
    state: 'wild',
    misuse: 'access to an address that is none',
    codes: ['ERR_FFI_BAD_ADDRESS'],
  },
  '10': {
    operation: 'free',
    state: 'in use by an asynchronous call',
    misuse: 'freed during an asynchronous call that uses it',
    codes: ['ERR_FFI_USE_AFTER_FREE', 'ERR_FFI_DOUBLE_FREE'],
    outcome: 'stale at once, the memory stays until C has returned',
  },
  '11': {
    operation: 'free',
    state: 'in use by the running call',
    misuse: 'freed in a callback of the call that uses it',
    codes: ['ERR_FFI_USE_AFTER_FREE', 'ERR_FFI_NOT_OWNER'],
    outcome: 'stale at once, the memory stays until C has returned',
  },
  '12': {
    operation: 'call back',
    state: 'released',
    misuse: 'C calls a callback after its release',
    codes: ['ERR_FFI_USE_AFTER_FREE', 'ERR_FFI_CALLBACK_RELEASED'],
    outcome: 'C gets zero, the process a warning',
  },
  '13': {
    operation: 'call back',
    state: 'collected',
    misuse: 'C calls a callback that JavaScript has no reference to any more',
    codes: [],
    outcome: 'the function is kept until its release',
  },
  '14': {
    operation: 'call',
    state: 'collected',
    misuse: 'an argument is collected while C uses it',
    codes: [],
    outcome: 'it is kept until C has returned',
  },
  '15': {
    operation: 'access',
    state: 'unterminated',
    misuse: 'a string without its NUL, or with one inside',
    codes: ['ERR_FFI_STRING_UNTERMINATED', 'ERR_FFI_STRING_NUL'],
  },
  '16': {
    operation: 'pass to C',
    state: 'detached',
    misuse: 'a buffer that is detached or resized while C may use it',
    codes: ['ERR_FFI_BUFFER_DETACHED', 'ERR_FFI_NOT_PINNABLE'],
    open: 'a buffer that a callback of the running call detaches or shrinks: nothing keeps its memory in every Node',
  },
  '17': {
    operation: 'pass to C',
    state: 'no pointer',
    misuse: 'a foreign object, address or Proxy in place of a pointer',
    codes: ['ERR_FFI_NOT_POINTER'],
  },
  '18': {
    operation: 'call',
    state: 'closed',
    misuse: 'a function or pointer of a closed library, also in optimised code',
    codes: ['ERR_FFI_LIBRARY_CLOSED', 'ERR_FFI_USE_AFTER_FREE'],
    outcome: 'Buffers over its variables are detached',
  },
  '19': {
    operation: 'share',
    state: 'of another thread',
    misuse: 'a pointer sent to a worker, a library closed by one',
    codes: ['ERR_FFI_NOT_POINTER', 'ERR_FFI_LIBRARY_CLOSED'],
  },
  '20': {
    operation: 'end',
    state: 'leaked',
    misuse: 'memory that nobody freed when the process ends',
    codes: [],
    open: 'the report and its exit code: allocation tracking',
  },
  '21': {
    operation: 'end',
    state: 'leaked',
    misuse: 'a loop that drops pointers',
    codes: [],
    outcome: 'the collector frees them, also in a loop that never lets Node run',
    open: 'the warning that names the place: allocation tracking',
  },
  '22': {
    operation: 'pass to C',
    state: 'of another layout',
    misuse: 'a struct value without a field, or with one of the wrong type',
    codes: ['ERR_FFI_TYPE'],
    outcome: 'fields that the type has not are ignored, as in ffi-rs',
    open: 'comparing a description with the library’s own debug information',
  },
  '23': {
    operation: 'pass to C',
    state: 'out of range',
    misuse: 'an integer that its C type has not',
    codes: ['ERR_FFI_RANGE', 'ERR_FFI_TYPE'],
    outcome: 'up to 32 bits wrap, as in ffi-rs, unless `strict`',
  },
  '24': {
    operation: 'call',
    state: 'variadic',
    misuse: 'a variadic function called as if it were none',
    codes: ['ERR_FFI_VARIADIC'],
    outcome: 'declared tails are promoted as C does',
  },
  '25': {
    operation: 'access',
    state: 'freed, its address in use again',
    misuse: 'a stale pointer whose address was given out anew',
    codes: ['ERR_FFI_USE_AFTER_FREE', 'ERR_FFI_DOUBLE_FREE'],
  },
  '26': {
    operation: 'bind',
    state: 'that forks',
    misuse: '`fork` and its kind',
    codes: ['ERR_FFI_FORK'],
  },
  throw: {
    operation: 'call back',
    state: 'that throws',
    misuse: 'a callback throws',
    codes: [],
    outcome: 'C gets zero, the running call throws the callback’s own error',
  },
  thread: {
    operation: 'call back',
    state: 'from a thread that JavaScript waits for',
    misuse: 'a deadlock between a thread of C and JavaScript',
    codes: ['ERR_FFI_CALLBACK_DEADLOCK'],
    outcome: 'C gets zero after the timeout',
  },
  fast: {
    operation: 'call back',
    state: 'from optimised code',
    misuse: 'a callback inside of an optimised call',
    codes: [],
    outcome: 'it runs as in any other call',
  },
  errno: {
    operation: 'call',
    state: 'failed',
    misuse: '`errno` read after other code has run',
    codes: [],
    outcome: '`errno: true` gives the call’s own',
  },
  size: {
    operation: 'access',
    state: 'of a negative or huge size',
    misuse: 'sizes and offsets that are none',
    codes: ['ERR_FFI_OPTIONS', 'ERR_FFI_SIGNATURE', 'ERR_FFI_OUT_OF_BOUNDS', 'ERR_FFI_BAD_ADDRESS'],
  },
  view: {
    operation: 'free',
    state: 'with views of it',
    misuse: 'free while interior pointers and Buffers exist',
    codes: ['ERR_FFI_USE_AFTER_FREE'],
    outcome: 'Buffers are detached',
  },
  'destructor-throws': {
    operation: 'free',
    state: 'with a release function that throws',
    misuse: 'a release function of JavaScript’s throws',
    codes: [],
    outcome: 'its error is thrown where the memory was freed, which counts as released',
  },
  'destructor-reenters': {
    operation: 'free',
    state: 'with a release function that frees again',
    misuse: 'a release function of JavaScript’s uses or frees what it releases',
    codes: ['ERR_FFI_NOT_OWNER', 'ERR_FFI_DOUBLE_FREE', 'ERR_FFI_USE_AFTER_FREE'],
  },
  resurrect: {
    operation: 'access',
    state: 'in a finalizer',
    misuse: 'a pointer that a finalizer brings back to life',
    codes: [],
    outcome: 'it is live with its memory: only what nothing brings back is freed',
  },
  finalizer: {
    operation: 'free',
    state: 'in a finalizer',
    misuse: 'a FinalizationRegistry of the program’s frees other pointers, live and freed ones',
    codes: ['ERR_FFI_DOUBLE_FREE'],
  },
  unload: {
    operation: 'close',
    state: 'in use by an asynchronous call',
    misuse: 'a library closed while a call is in it',
    codes: ['ERR_FFI_LIBRARY_CLOSED'],
    outcome: 'unloaded when C has returned',
  },
  realloc: {
    operation: 'pass to C',
    state: 'moved',
    misuse: 'use of a block after a bound `realloc`, or `realloc` of what is not `malloc`’s',
    codes: [
      'ERR_FFI_USE_AFTER_FREE',
      'ERR_FFI_DOUBLE_FREE',
      'ERR_FFI_ALLOCATOR_MISMATCH',
      'ERR_FFI_NOT_OWNER',
      'ERR_FFI_NOT_PINNABLE',
    ],
  },
  transfer: {
    operation: 'access',
    state: 'handed over to C',
    misuse: 'use of memory that C has taken over by `consumes`',
    codes: ['ERR_FFI_MOVED'],
  },
  adopt: {
    operation: 'free',
    state: 'owned twice',
    misuse: 'memory of C taken over twice by `owned`',
    codes: ['ERR_FFI_USE_AFTER_FREE', 'ERR_FFI_DOUBLE_FREE'],
    outcome: 'the later pointer owns it, the earlier one is stale',
  },
} as const satisfies Record<string, Row>

export type RowId = keyof typeof rows
