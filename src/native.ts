// Turns the addon file into its typed entries, loaded once.

import { loadAddon } from './addon.js'
import { FfiError, type FfiErrorCode, type FfiErrorFacts } from './error.js'

/** What a pointer operation does; numbers of `Operation` in native/core/src/call/pointers.rs. */
export const Operation = {
  Restore: 0,
  Interior: 1,
  Unwrap: 2,
  Free: 3,
  FreeFollowed: 4,
  Describe: 5,
  CheckFree: 6,
  Arm: 7,
  Disarm: 8,
  Give: 9,
  Refer: 10,
  Own: 11,
  Lend: 12,
  Follow: 13,
  TakeDue: 14,
  End: 15,
  Leak: 16,
  Dispose: 17,
} as const

/** The addon's entries. Those without arguments take theirs from the frame on top of the call stack. */
export interface Native {
  setup(stack: ArrayBuffer, forceLibffi: boolean): void
  /** Calls; the result stays in the frame. */
  invoke(): void
  /** Calls; the result is an ArrayBuffer when it is too large for the frame. */
  invokeFor(): ArrayBuffer | undefined
  /** As `invokeFor`, with buffers whose memory C gets in place. */
  invokeViews(...views: ArrayBufferView[]): ArrayBuffer | undefined
  /** The string that the call before returned and that does not fit the frame. */
  takeText(): string
  /** A function as `invoke` that optimised code calls directly; undefined where this Node has none. */
  door(kind: number): ((view?: ArrayBufferView) => void) | undefined
  /** Has `callback` called whenever `completed` has something; `threads` is the process's limit, 0 for the machine's own. */
  listen(callback: () => void, threads: number): void
  /** Begins the call on another thread. Its number, or undefined when the frame's status says why not. */
  submit(...views: ArrayBufferView[]): number | undefined
  /** Takes back a call that has not started; false when it has. */
  cancel(ticket: number): boolean
  completed(): number[]
  /** Ends the call whose number is where a function's is; as `invokeViews`, buffers written as C left their copies. */
  collect(...views: ArrayBufferView[]): ArrayBuffer | undefined
  operate(operation: number): ArrayBuffer | undefined
  create(...views: ArrayBufferView[]): void
  write(...views: ArrayBufferView[]): void
  /** When the pointer object is collected, one name of the record is gone. */
  watch(pointer: object, slot: number, generation: number): void
  /** When the token is collected, names are gone: slots, generations and counts in the first `length` entries. */
  watchMany(token: object, entries: Uint32Array, length: number): void
  /** Looks for what was collected; `isNew`: after a collection. Whether something is left to look at. */
  sweep(isNew: boolean): boolean
  /** Has functions of libraries release a batch of what was collected. Whether there is more. */
  releaseCollected(): boolean
  /** Frees on request, frees of what was collected. */
  frees(): number[]
  externalBuffer(slot: number, generation: number, length: number): ArrayBuffer | undefined
  /** As `operate`, each with its own operation. */
  arm(): void
  disarm(): void
  /** What runs every callback: it finds the frame's offset in word 1, and is passed arguments too large for the frame. */
  startCallbacks(dispatcher: (overflow?: ArrayBuffer) => ArrayBufferView | undefined): void
  compileCallback(signature: string, freeArguments: boolean, nonblocking: boolean): number[]
  forgetCallback(plan: number): void
  closeCallbacks(): void
  setCallbackTimeout(milliseconds: number): void
  open(path: string | null): number
  close(library: number): void
  compile(signature: string, errno: boolean, freeResult: boolean, consumed: Uint32Array): number[]
  print(plan: number): string
  layout(type: string): number[]
  bind(library: number, symbol: string, plan: number): number
  bindRelease(library: number, symbol: string): number
  forgetRelease(release: number): void
  forgetFunction(id: number): void
  forgetPlan(plan: number): void
  forgetLayout(layout: number): void
  explain(): string
  errnoMessage(code: number): string
  counters(): number[]
  readonly headerSize: number
  readonly operationSize: number
  readonly codes: string
}

/** The addon of this process's platform. */
export const native: Native = loadAddon() as Native

/** Calls an entry that throws the core's refusals, and makes them errors with these facts. */
export function refusable<T>(facts: FfiErrorFacts, entry: () => T): T {
  try {
    return entry()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new FfiError(error.code as FfiErrorCode, { ...facts, detail: error.message })
  }
}

const plans = new FinalizationRegistry((plan: number) => native.forgetPlan(plan))
const layouts = new FinalizationRegistry((layout: number) => native.forgetLayout(layout))
const functions = new FinalizationRegistry((id: number) => native.forgetFunction(id))
const callbacks = new FinalizationRegistry((plan: number) => native.forgetCallback(plan))
const releases = new FinalizationRegistry((release: number) => native.forgetRelease(release))

/** Core objects that are forgotten when the JavaScript object that stands for them is collected. */
export const lifetimes = { plans, layouts, functions, callbacks, releases }
