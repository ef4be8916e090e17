// Turns ffi-rs's type numbers into frozen constants, and what may be written as a type into TypeScript types.

import type { OwnedType } from './ownership/types.js'

/**
 * The types of values that cross between JavaScript and C. Each member is usable as a value and, under the same
 * name, as a type; numbers below 100 and from 996 on are those of ffi-rs.
 */
export const DataType = Object.freeze({
  /** `char *`, UTF-8 ended by NUL; a NULL pointer is `null`. */
  String: 0,
  /** `int32_t` */
  I32: 1,
  /** `double` */
  Double: 2,
  /** `int32_t *` */
  I32Array: 3,
  /** `char **` */
  StringArray: 4,
  /** `double *` */
  DoubleArray: 5,
  /** `bool` */
  Boolean: 6,
  /** `void` */
  Void: 7,
  /** `int64_t`; a `number` while that is exact, else a `bigint`. */
  I64: 8,
  /** `uint8_t` */
  U8: 9,
  /** `uint8_t *`; buffers and views pass in place, results are copied into a `Buffer`. */
  U8Array: 10,
  /** `void *`, held by a `Pointer`. */
  External: 11,
  /** `uint64_t`; a `number` while that is exact, else a `bigint`. */
  U64: 12,
  /** `float *` */
  FloatArray: 13,
  /** `float` */
  Float: 14,
  /** `wchar_t *`; a NULL pointer is `null`. */
  WString: 15,
  /** `int64_t`, always a `bigint` when it comes back. */
  BigInt: 16,
  /** `int16_t` */
  I16: 17,
  /** Structs one after another, or pointers to them: only within {@link arrayConstructor}. */
  StructArray: 18,
  /** `int16_t *` */
  I16Array: 19,
  /** `uint32_t` */
  U32: 20,
  /** `int8_t`; not in ffi-rs. */
  I8: 100,
  /** `uint16_t`; not in ffi-rs. */
  U16: 101,
  /** `size_t`, `uintptr_t`; not in ffi-rs. */
  Usize: 102,
  /** `ssize_t`, `intptr_t`; not in ffi-rs. */
  Isize: 103,
  /** `uint64_t`, always a `bigint` when it comes back; not in ffi-rs. */
  BigUint64: 104,
  /** `uint32_t *`; not in ffi-rs. */
  U32Array: 110,
  /** `int64_t *`; not in ffi-rs. */
  I64Array: 111,
  /** `uint64_t *`; not in ffi-rs. */
  U64Array: 112,
  /** Tag of an array that lies inside its struct; same number as `FFITypeTag.StackArray`. */
  StackArray: 996,
  /** Tag of an array behind a pointer; same number as `FFITypeTag.Array`. */
  Array: 997,
  /** Tag of a function; same number as `FFITypeTag.Function`. */
  Function: 998,
  /** Tag of a struct by value; same number as `FFITypeTag.StackStruct`. */
  StackStruct: 999,
} as const)

/** Any member of {@link DataType}. */
export type DataType = (typeof DataType)[keyof typeof DataType]

// Nothing but types inside, so nothing of it is left at run time. ffi-rs's enum let its users write these in type positions.
/** The members of {@link DataType} as types. */
export namespace DataType {
  export type String = typeof DataType.String
  export type I32 = typeof DataType.I32
  export type Double = typeof DataType.Double
  export type I32Array = typeof DataType.I32Array
  export type StringArray = typeof DataType.StringArray
  export type DoubleArray = typeof DataType.DoubleArray
  export type Boolean = typeof DataType.Boolean
  export type Void = typeof DataType.Void
  export type I64 = typeof DataType.I64
  export type U8 = typeof DataType.U8
  export type U8Array = typeof DataType.U8Array
  export type External = typeof DataType.External
  export type U64 = typeof DataType.U64
  export type FloatArray = typeof DataType.FloatArray
  export type Float = typeof DataType.Float
  export type WString = typeof DataType.WString
  export type BigInt = typeof DataType.BigInt
  export type I16 = typeof DataType.I16
  export type StructArray = typeof DataType.StructArray
  export type I16Array = typeof DataType.I16Array
  export type U32 = typeof DataType.U32
  export type I8 = typeof DataType.I8
  export type U16 = typeof DataType.U16
  export type Usize = typeof DataType.Usize
  export type Isize = typeof DataType.Isize
  export type BigUint64 = typeof DataType.BigUint64
  export type U32Array = typeof DataType.U32Array
  export type I64Array = typeof DataType.I64Array
  export type U64Array = typeof DataType.U64Array
  export type StackArray = typeof DataType.StackArray
  export type Array = typeof DataType.Array
  export type Function = typeof DataType.Function
  export type StackStruct = typeof DataType.StackStruct
}

/** Who allocated the memory that a pointer refers to. */
export const PointerType = Object.freeze({
  /** The toolkit (`createPointer`, `wrapPointer`). */
  RsPointer: 0,
  /** C, with the `malloc` family. */
  CPointer: 1,
} as const)

/** Any member of {@link PointerType}. */
export type PointerType = (typeof PointerType)[keyof typeof PointerType]

/** The members of {@link PointerType} as types. */
export namespace PointerType {
  export type RsPointer = typeof PointerType.RsPointer
  export type CPointer = typeof PointerType.CPointer
}

/** How a composite type is laid out; goes into its `ffiTypeTag`. */
export const FFITypeTag = Object.freeze({
  /** No tag: a struct behind a pointer. */
  Unknown: 0,
  /** An array that lies inside its struct. */
  StackArray: 996,
  /** An array behind a pointer: what {@link arrayConstructor} adds when it is given no tag. */
  Array: 997,
  /** A function. */
  Function: 998,
  /** A struct by value, or one that lies inside another struct or array. */
  StackStruct: 999,
} as const)

/** Any member of {@link FFITypeTag}. */
export type FFITypeTag = (typeof FFITypeTag)[keyof typeof FFITypeTag]

/** The members of {@link FFITypeTag} as types. */
export namespace FFITypeTag {
  export type Unknown = typeof FFITypeTag.Unknown
  export type StackArray = typeof FFITypeTag.StackArray
  export type Array = typeof FFITypeTag.Array
  export type Function = typeof FFITypeTag.Function
  export type StackStruct = typeof FFITypeTag.StackStruct
}

/** The array types that need no more than their number and a length. */
export type PlainArrayType =
  | DataType.U8Array
  | DataType.I16Array
  | DataType.I32Array
  | DataType.U32Array
  | DataType.I64Array
  | DataType.U64Array
  | DataType.FloatArray
  | DataType.DoubleArray
  | DataType.StringArray

/** The types of one value. */
export type ScalarType = Exclude<DataType, PlainArrayType | DataType.StructArray | FFITypeTagNumber>

type FFITypeTagNumber = Exclude<FFITypeTag, FFITypeTag.Unknown>

type ArrayTag = FFITypeTag.Array | FFITypeTag.StackArray

/**
 * A C struct: one type for each field, in the order of the fields, and an optional `ffiTypeTag`. Fields may be `owned` where C
 * gives the struct away: in results and in what `out` finds.
 */
export interface StructDescription {
  readonly [field: string]: FieldType | OwnedType | FFITypeTag.StackStruct
}

/** What {@link arrayConstructor} returns: an array of a known number of elements. */
export type ArrayDescription =
  | { readonly ffiTypeTag: ArrayTag; readonly type: PlainArrayType; readonly length: number }
  | {
      readonly ffiTypeTag: ArrayTag
      readonly type: DataType.StructArray
      readonly length: number
      readonly structItemType: StructDescription
    }

/** What {@link funcConstructor} returns: a function that C calls. */
export interface CallbackDescription {
  readonly ffiTypeTag: FFITypeTag.Function
  readonly paramsType: readonly ResultType[]
  readonly retType: FieldType
  readonly needFree?: boolean | undefined
  readonly freeCFuncParamsMemory?: boolean | undefined
  readonly nonblocking?: boolean | undefined
}

/** Everything that can be written as the type of a parameter, a struct field or the target of a pointer. */
export type FieldType = ScalarType | PlainArrayType | ArrayDescription | CallbackDescription | StructDescription

/** The types that a C function can be declared to return: an array must say its length, which a bare number cannot. */
export type ResultType = Exclude<FieldType, PlainArrayType>

interface ArrayOptionsOf<Type> {
  /** Type of the array, not of its elements. */
  readonly type: Type
  /** Number of elements. */
  readonly length: number
  /** `StackArray` for an array that lies inside its struct; `Array`, behind a pointer, if left out. */
  readonly ffiTypeTag?: ArrayTag | undefined
}

/** What {@link arrayConstructor} takes; `structItemType` is for `StructArray`, and only for it. */
export type ArrayOptions =
  | (ArrayOptionsOf<PlainArrayType> & { readonly structItemType?: undefined })
  | (ArrayOptionsOf<DataType.StructArray> & { readonly structItemType: StructDescription })

type TagOf<Options extends ArrayOptions> = 'ffiTypeTag' extends keyof Options
  ? ArrayUnlessGiven<Options['ffiTypeTag']>
  : FFITypeTag.Array

type ArrayUnlessGiven<Tag> = Tag extends undefined ? FFITypeTag.Array : Tag

/** The {@link ArrayDescription} that {@link arrayConstructor} makes of these options, with each number kept literally. */
export type ArrayDescriptionOf<Options extends ArrayOptions> = Options extends unknown
  ? {
      readonly [Key in keyof Options | 'ffiTypeTag']: Key extends 'ffiTypeTag'
        ? TagOf<Options>
        : Key extends keyof Options
          ? Options[Key]
          : never
    }
  : never

/**
 * Describes an array of `length` elements, for results, struct fields and pointers, where no value tells the length.
 *
 * @example
 * const firstFive = arrayConstructor({ type: DataType.I32Array, length: 5 })
 * load({ library, funcName: 'first_five', retType: firstFive, paramsType: [], paramsValue: [] })
 */
export function arrayConstructor<const Options extends ArrayOptions>(options: Options): ArrayDescriptionOf<Options> {
  // A plain spread would keep a tag given as `undefined`, and an array without its tag reads as a struct. Options that are
  // missing altogether are refused, with function and position, where the description is used.
  const description = { ...options, ffiTypeTag: options?.ffiTypeTag ?? FFITypeTag.Array }
  return description as ArrayDescriptionOf<Options>
}

/** What {@link funcConstructor} takes. */
export interface CallbackOptions {
  /** What C passes, in order; arrays with their length, by {@link arrayConstructor}. */
  readonly paramsType: readonly ResultType[]
  /** What the function returns to C; `Void` for nothing, whatever it returns then. */
  readonly retType: FieldType
  /** Taken for the sake of ffi-rs, and without meaning: a callback is freed with what it was made for. */
  readonly needFree?: boolean | undefined
  /** Gives the memory of strings, arrays and structs that C passes to libc's `free`, once they are copied. */
  readonly freeCFuncParamsMemory?: boolean | undefined
  /** Threads other than JavaScript's do not wait until the function has run; for `Void` only. */
  readonly nonblocking?: boolean | undefined
}

/** The {@link CallbackDescription} that {@link funcConstructor} makes of these options. */
export type CallbackDescriptionOf<Options extends CallbackOptions> = Options & {
  readonly ffiTypeTag: FFITypeTag.Function
}

/**
 * Describes a function that C calls: a parameter, a struct field, or what `createPointer` makes. Its value is a JavaScript
 * function, or a Pointer to code.
 *
 * *Lifetime*: passed to a call, until that returns; made by `createPointer`, until that is freed. Called later, C gets zero
 * and the process a warning ERR_FFI_CALLBACK_RELEASED. A string, array or struct that the function returns is copied, and
 * lives until its next invocation or its release. A live callback does not keep the process alive (see `Pointer.ref`).
 * @example
 * const compare = funcConstructor({ paramsType: [DataType.External, DataType.External], retType: DataType.I32 })
 */
export function funcConstructor<const Options extends CallbackOptions>(
  options: Options,
): CallbackDescriptionOf<Options> {
  // Options that are missing altogether are refused, with function and position, where the description is used.
  return { ...options, ffiTypeTag: FFITypeTag.Function }
}
