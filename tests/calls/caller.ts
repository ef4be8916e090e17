// Turns a fixture's topic into a function that calls it with types known only at run time, as the test tables need.
import { type FfiErrorCode, type FieldType, load, open, type ResultType } from 'holdfast'
import { expect } from 'vitest'
import { fixturePath } from '../fixture.js'

export interface CallOptions {
  errno?: boolean
  freeResultMemory?: boolean
  strict?: boolean
}

export type Call = (
  funcName: string,
  retType: ResultType,
  paramsType: readonly FieldType[],
  paramsValue: readonly unknown[],
  options?: CallOptions,
) => unknown

/** Opens a fixture under its topic. */
export function callerOf(topic: string): Call {
  open({ library: topic, path: fixturePath(topic) })
  return (funcName, retType, paramsType, paramsValue, options) =>
    load({ library: topic, funcName, retType, paramsType, paramsValue, ...options })
}

/** What a refusal must look like, for `toThrow`. */
export function refusal(code: FfiErrorCode, facts: { functionName?: string; position?: number; path?: string } = {}) {
  return expect.objectContaining({ name: 'FfiError', code, ...facts })
}
