// Turns statements about who owns memory into types for signatures.

import type { FieldType, PointerType, ResultType } from '../datatype.js'
import { badOptions } from '../error.js'
import type { Pointer } from '../pointer/pointer.js'

/**
 * What releases memory that C gives away: `PointerType.CPointer` for libc's `free`, the name of a function of the same library, or
 * a function: one of `define`, or any that releases what it is given before it returns.
 */
export type Release = PointerType.CPointer | string | ((pointer: Pointer) => unknown)

/** What {@link owned} returns. */
export interface OwnedType<Type extends FieldType = FieldType> {
  readonly ffiTypeTag: 'owned'
  readonly type: Type
  readonly release: Release
}

/** What {@link borrowed} returns. */
export interface BorrowedType<Type extends FieldType = FieldType> {
  readonly ffiTypeTag: 'borrowed'
  readonly type: Type
  readonly from: number
}

/** What {@link consumes} returns. */
export interface ConsumesType<Type extends FieldType = FieldType> {
  readonly ffiTypeTag: 'consumes'
  readonly type: Type
}

/** What {@link out} returns. */
export interface OutType<Type extends FieldType | OwnedType = FieldType | OwnedType> {
  readonly ffiTypeTag: 'out'
  readonly type: Type
}

/** What {@link inout} returns. */
export interface InOutType<Type extends FieldType = FieldType> {
  readonly ffiTypeTag: 'inout'
  readonly type: Type
}

/** Everything that a function can be declared to return. */
export type ReturnType = ResultType | OwnedType | BorrowedType

/** Everything that can be written as the type of a function's parameter. */
export type ParameterType = FieldType | ConsumesType | OutType | InOutType

/**
 * Memory that C gives to the caller: a result, a field of a result, or what `out` finds.
 *
 * *Lifetime*: a `Pointer` owns it until it is freed (`free`, `freePointer`, `using`, the end of its scope or of the environment),
 * or collected, which calls `release`, once. A string, array or struct is copied, and released before the call returns.
 * @throws {FfiError} ERR_FFI_OPTIONS without a type; ERR_FFI_SIGNATURE where the type is used, for what is not behind a pointer or cannot release
 * @example define({ strdup: { library: 'c', retType: owned(DataType.String, PointerType.CPointer), paramsType: [DataType.String] } })
 */
export function owned<const Type extends FieldType>(type: Type, release: Release): OwnedType<Type> {
  return { ffiTypeTag: 'owned', type: given(type, 'owned'), release }
}

/**
 * A result that lives as long as the memory of argument number `from`.
 *
 * *Lifetime*: a `Pointer` is refused with ERR_FFI_USE_AFTER_FREE or ERR_FFI_MOVED once that argument's memory was released or
 * handed over, and owns nothing. A string, array or struct is copied.
 * @throws {FfiError} ERR_FFI_OPTIONS without a type; ERR_FFI_SIGNATURE where the type is used, when argument `from` is no `External`
 * @example define({ column_blob: { library, retType: borrowed(DataType.External, 0), paramsType: [DataType.External] } })
 */
export function borrowed<const Type extends FieldType>(type: Type, from: number): BorrowedType<Type> {
  return { ffiTypeTag: 'borrowed', type: given(type, 'borrowed'), from }
}

/**
 * A parameter whose memory C takes over.
 *
 * *Lifetime*: of C from the call on; every later use of the pointer throws ERR_FFI_MOVED. A refused call leaves it the caller's.
 * @throws {FfiError} ERR_FFI_OPTIONS without a type; ERR_FFI_SIGNATURE where the type is used, for anything but `External`
 * @example define({ list_push: { library, retType: DataType.Void, paramsType: [DataType.External, consumes(DataType.External)] } })
 */
export function consumes<const Type extends FieldType>(type: Type): ConsumesType<Type> {
  return { ffiTypeTag: 'consumes', type: given(type, 'consumes') }
}

/**
 * A parameter that takes no argument: C is given a zeroed place for a value of the type, and what it leaves there is among `out` of
 * the result.
 *
 * *Lifetime*: the place goes when the call is over.
 * @throws {FfiError} ERR_FFI_OPTIONS without a type; ERR_FFI_SIGNATURE where the type is used
 * @example define({ frexp: { library: 'm', retType: DataType.Double, paramsType: [DataType.Double, out(DataType.I32)] } })
 */
export function out<const Type extends FieldType | OwnedType>(type: Type): OutType<Type> {
  return { ffiTypeTag: 'out', type: given(type, 'out') }
}

/**
 * A parameter whose argument is put into a place of its own: C is given that, and what it leaves there is among `out` of the result.
 *
 * *Lifetime*: the place goes when the call is over.
 * @throws {FfiError} ERR_FFI_OPTIONS without a type; ERR_FFI_SIGNATURE where the type is used
 * @example define({ swap: { library, retType: DataType.Void, paramsType: [inout(DataType.I32), inout(DataType.I32)] } })
 */
export function inout<const Type extends FieldType>(type: Type): InOutType<Type> {
  return { ffiTypeTag: 'inout', type: given(type, 'inout') }
}

/** What a type cannot be is said where it is used, with function and position; that it is missing, here. */
function given<Type>(type: Type, functionName: string): Type {
  if (type === undefined) throw badOptions(functionName, 'a type', type)
  return type
}
