// Lists all that Holdfast exports.

export { define } from './call/define.js'
export { configure } from './call/description.js'
export { load } from './call/load.js'
export { type Counters, counters, type Frees, frees } from './counters.js'
export * from './datatype.js'
export { FfiError, type FfiErrorCode, type FfiErrorFacts } from './error.js'
export { close, type OpenedLibrary, open } from './library/library.js'
export {
  type BorrowedType,
  borrowed,
  type ConsumesType,
  consumes,
  type InOutType,
  inout,
  type OutType,
  type OwnedType,
  out,
  owned,
  type ParameterType,
  type Release,
  type ReturnType,
} from './ownership/types.js'
export {
  createExternalBuffer,
  createPointer,
  freePointer,
  isNullPointer,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from './pointer/api.js'
export { type Allocator, type JsExternal, Pointer } from './pointer/pointer.js'
export { type Scope, scope } from './scope/scope.js'
export type * from './signature/infer.js'
export { layoutOf, type TypeLayout } from './signature/layout-of.js'
