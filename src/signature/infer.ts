// Turns a signature written with DataType into the TypeScript types of the values that go in and come out.
/// <reference types="node" preserve="true" />

import type {
  ArrayDescription,
  CallbackDescription,
  DataType,
  FFITypeTag,
  FieldType,
  PlainArrayType,
  PointerType,
  ScalarType,
} from '../datatype.js'
import type { ConsumesType, InOutType, OutType, ParameterType, ReturnType } from '../ownership/types.js'
import type { Pointer } from '../pointer/pointer.js'

export type { FieldType, ResultType } from '../datatype.js'

interface Carrier<Argument, Result = Argument> {
  argument: Argument
  result: Result
}

/** One row a scalar type: what JavaScript passes, and what it gets back. */
interface ScalarCarriers {
  [DataType.I8]: Carrier<number>
  [DataType.U8]: Carrier<number>
  [DataType.I16]: Carrier<number>
  [DataType.U16]: Carrier<number>
  [DataType.I32]: Carrier<number>
  [DataType.U32]: Carrier<number>
  [DataType.I64]: Carrier<number | bigint>
  [DataType.U64]: Carrier<number | bigint>
  [DataType.Isize]: Carrier<number | bigint>
  [DataType.Usize]: Carrier<number | bigint>
  [DataType.BigInt]: Carrier<number | bigint, bigint>
  [DataType.BigUint64]: Carrier<number | bigint, bigint>
  [DataType.Float]: Carrier<number>
  [DataType.Double]: Carrier<number>
  [DataType.Boolean]: Carrier<boolean>
  [DataType.Void]: Carrier<undefined | null, undefined>
  [DataType.String]: Carrier<string | null>
  [DataType.WString]: Carrier<string | null>
  [DataType.External]: Carrier<Pointer | null, Pointer>
}

type NumberTypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array

type NumberList = Carrier<readonly number[] | NumberTypedArray, number[]>
type LongList = Carrier<readonly (number | bigint)[] | BigInt64Array | BigUint64Array, (number | bigint)[]>

/** One row an array type; NULL is added where the array is behind a pointer. */
interface ArrayCarriers {
  [DataType.U8Array]: Carrier<ArrayBufferView | ArrayBufferLike | readonly number[], Buffer>
  [DataType.I16Array]: NumberList
  [DataType.I32Array]: NumberList
  [DataType.U32Array]: NumberList
  [DataType.I64Array]: LongList
  [DataType.U64Array]: LongList
  [DataType.FloatArray]: NumberList
  [DataType.DoubleArray]: NumberList
  [DataType.StringArray]: Carrier<readonly (string | null)[], (string | null)[]>
}

/** What lies behind a pointer may be NULL; what lies inside its owner cannot. */
type Nullable<Type, InlineTag, Value> = Type extends { readonly ffiTypeTag: InlineTag } ? Value : Value | null

/**
 * The JavaScript value that may be passed where `Type` is declared; `unknown` when `Type` is no more than {@link FieldType}.
 */
export type ArgumentOf<Type> = [ScalarType] extends [Type] ? unknown : ArgumentOfEach<Type>

type ArgumentOfEach<Type> = Type extends ScalarType
  ? ScalarCarriers[Type]['argument']
  : Type extends CallbackDescription
    ? FunctionFor<Type> | Pointer | null
    : Type extends PlainArrayType
      ? ArrayCarriers[Type]['argument'] | null
      : Type extends ArrayDescription
        ? Nullable<Type, FFITypeTag.StackArray, ElementsArgument<Type>>
        : Type extends ConsumesType<infer Inner> | InOutType<infer Inner>
          ? ArgumentOf<Inner>
          : Type extends object
            ? Nullable<Type, FFITypeTag.StackStruct, StructArgument<Type>>
            : never

/** The JavaScript function that may be passed where a callback is declared. */
export type FunctionFor<Type extends CallbackDescription> = (
  ...values: ResultsOf<Type['paramsType']>
) => Type['retType'] extends DataType.Void ? unknown : ArgumentOf<Type['retType']>

type ElementsArgument<Type extends ArrayDescription> = Type['type'] extends PlainArrayType
  ? ArrayCarriers[Type['type']]['argument']
  : Type extends { readonly structItemType: infer Item }
    ? readonly ArgumentOf<Item>[]
    : never

type StructArgument<Type> = {
  readonly [Field in keyof Type as Field extends 'ffiTypeTag' ? never : Field]: ArgumentOf<Type[Field]>
}

/**
 * The JavaScript value that comes back where `Type` is declared; `unknown` when `Type` is no more than {@link FieldType}.
 */
export type ResultOf<Type> = [ScalarType] extends [Type] ? unknown : ResultOfEach<Type>

type ResultOfEach<Type> = Type extends ScalarType
  ? ScalarCarriers[Type]['result']
  : Type extends CallbackDescription
    ? Pointer
    : Type extends PlainArrayType
      ? ArrayCarriers[Type]['result'] | null
      : Type extends ArrayDescription
        ? Nullable<Type, FFITypeTag.StackArray, ElementsResult<Type>>
        : Type extends OfPlace<infer Inner>
          ? ResultOf<Inner>
          : Type extends object
            ? Nullable<Type, FFITypeTag.StackStruct, StructResult<Type>>
            : never

/** What `owned`, `borrowed`, `out` and `inout` make of a type. */
interface OfPlace<Type> {
  readonly ffiTypeTag: 'owned' | 'borrowed' | 'out' | 'inout'
  readonly type: Type
}

type ElementsResult<Type extends ArrayDescription> = Type['type'] extends PlainArrayType
  ? ArrayCarriers[Type['type']]['result']
  : Type extends { readonly structItemType: infer Item }
    ? ResultOf<Item>[]
    : never

type StructResult<Type> = {
  -readonly [Field in keyof Type as Field extends 'ffiTypeTag' ? never : Field]: ResultOf<Type[Field]>
}

/** The values for a list of types, as a tuple when the list is one. Those of `out` take none. */
export type ArgumentsOf<Types extends readonly ParameterType[]> = [Extract<Types[number], OutType>] extends [never]
  ? { readonly [Index in keyof Types]: ArgumentOf<Types[Index]> }
  : GivenOf<Types>

type GivenOf<Types extends readonly unknown[]> = number extends Types['length']
  ? readonly unknown[]
  : Types extends readonly [infer Next, ...infer Rest]
    ? Next extends OutType
      ? GivenOf<Rest>
      : readonly [ArgumentOf<Next>, ...GivenOf<Rest>]
    : readonly []

/** What C left in the places of `out` and `inout`, in their order. */
export type OutOf<Types extends readonly unknown[]> = number extends Types['length']
  ? unknown[]
  : Types extends readonly [infer Next, ...infer Rest]
    ? Next extends OutType | InOutType
      ? [ResultOf<Next>, ...OutOf<Rest>]
      : OutOf<Rest>
    : []

/** The results for a list of types, as a tuple when the list is one. */
export type ResultsOf<Types extends readonly FieldType[]> = { -readonly [Index in keyof Types]: ResultOf<Types[Index]> }

/** One pointer for each element of a list, as a tuple when the list is one. */
export type PointersOf<List extends readonly unknown[]> = { -readonly [Index in keyof List]: Pointer }

/** `Pointers` where their number is unknown at compile time, else one for each of `Types`. */
type PointersFor<
  Types extends readonly FieldType[],
  Pointers extends readonly Pointer[],
> = number extends Pointers['length'] ? Pointers : Readonly<PointersOf<Types>>

/** The result of a call with `errno: true`. */
export interface ErrnoResult<Value> {
  /** The C `errno` right after the call; 0 if the function left it alone. */
  errnoCode: number
  /** The system's words for `errnoCode`. */
  errnoMessage: string
  /** What the function returned. */
  value: Value
}

/** What a call returns, `Errno` being the type of its `errno` option. */
export type LoadResult<Type extends ReturnType, Errno = undefined> = Errno extends true
  ? ErrnoResult<ResultOf<Type>>
  : ResultOf<Type>

/** The result of a call with parameters of `out` or `inout`. */
export interface OutResult<Value, Out> {
  /** What the function returned. */
  value: Value
  /** What it left in the places of `out` and `inout`, in their order. */
  out: Out
}

/** {@link LoadResult} with what C left in the places of `out` and `inout` parameters, if there are any. */
export type PlacesResult<Type extends ReturnType, Errno, Types extends readonly unknown[]> = [
  Extract<Types[number], OutType | InOutType>,
] extends [never]
  ? LoadResult<Type, Errno>
  : number extends Types['length']
    ? unknown
    : Errno extends true
      ? ErrnoResult<ResultOf<Type>> & OutResult<ResultOf<Type>, OutOf<Types>>
      : OutResult<ResultOf<Type>, OutOf<Types>>

/** What a call gives, `InNewThread` being the type of its `runInNewThread` option. */
export type CallResult<Result, InNewThread> = InNewThread extends true ? Promise<Result> : Result

/** A C function: where it is, and its signature. */
export interface FunctionDescription {
  /** Key that the library was opened under. */
  readonly library: string
  /** Type of the result. */
  readonly retType: ReturnType
  /** Types of the parameters, in order. */
  readonly paramsType: readonly ParameterType[]
  /** Give `{ errnoCode, errnoMessage, value }` instead of the value alone. */
  readonly errno?: boolean | undefined
  /** Free the memory of the result with C's `free` once it is copied. */
  readonly freeResultMemory?: boolean | undefined
  /** Refuse integers that do not fit, and fractions, instead of wrapping them. */
  readonly strict?: boolean | undefined
  /** For a variadic function, how many of the parameters come before C's `...`; the others are the tail of the call. */
  readonly variadic?: number | undefined
  /** Call on another thread, and give a promise of the result. */
  readonly runInNewThread?: boolean | undefined
}

/** What an asynchronous call may be given besides its values. */
export interface AsyncOptions {
  /** Takes the call back when it is aborted before the call has started; the promise is rejected with its `reason`. */
  readonly signal?: AbortSignal | undefined
}

/** {@link FunctionDescription} with the function's name and the values for one call. */
export interface LoadParams<
  Type extends ReturnType = ReturnType,
  Errno extends boolean | undefined = boolean | undefined,
  Types extends readonly ParameterType[] = readonly ParameterType[],
  InNewThread extends boolean | undefined = boolean | undefined,
> extends FunctionDescription,
    AsyncOptions {
  /** Name of the symbol in the library. */
  readonly funcName: string
  readonly retType: Type
  readonly paramsType: Types
  /** One value for each of `paramsType`. */
  readonly paramsValue: NoInfer<ArgumentsOf<Types>>
  readonly errno?: Errno | undefined
  readonly runInNewThread?: InNewThread | undefined
}

// A lone plain array is always the tuple of arguments, so a function of one array must be given it inside another.
type PositionalArgumentsOf<Types extends readonly ParameterType[]> =
  ArgumentsOf<Types> extends readonly [infer Only] ? readonly [Exclude<Only, readonly unknown[]>] : ArgumentsOf<Types>

/** A C function with the parameters `Types` that can be called with one tuple, or with the values one by one. */
export interface BoundFunction<Types extends readonly ParameterType[], Result> {
  (values: ArgumentsOf<Types>): Result
  (...values: PositionalArgumentsOf<Types>): Result
  /**
   * Calls on another thread. Values are encoded at once; buffers are copied, and written when the call is over.
   *
   * *Lifetime*: memory that pointers among the values name, and the library, stay until the call is over, whoever frees them.
   * @throws {FfiError} at once for what cannot be passed, as the function itself; ERR_FFI_NOT_PINNABLE, ERR_FFI_QUEUE_FULL
   */
  async(values: ArgumentsOf<Types>, options?: AsyncOptions): Promise<Awaited<Result>>
}

/** What a variadic function has besides: `Fixed` are its parameters before the tail. */
export interface Variadic<Fixed extends readonly ParameterType[], Result> {
  /**
   * The function for calls with this tail: compiled once, called many times.
   * @throws {FfiError} ERR_FFI_SIGNATURE, ERR_FFI_OPTIONS
   * @example const print = snprintf.variadic([DataType.I32]); print(room, 32, '%d', 7)
   */
  variadic<const Tail extends readonly FieldType[]>(tail: Tail): BoundFunction<readonly [...Fixed, ...Tail], Result>
}

/** The first `Count` of a list of types. */
type FirstOf<
  Types extends readonly ParameterType[],
  Count,
  Taken extends readonly ParameterType[] = readonly [],
> = Taken['length'] extends Count
  ? Taken
  : Types extends readonly [infer Next extends ParameterType, ...infer Rest extends readonly ParameterType[]]
    ? FirstOf<Rest, Count, readonly [...Taken, Next]>
    : Taken

/** The function that `define` makes of a description. */
export type FunctionOf<Description extends FunctionDescription> = BoundFunction<
  Description['paramsType'],
  DescribedResult<Description>
> &
  (Description extends { readonly variadic: infer Count extends number }
    ? Variadic<FirstOf<Description['paramsType'], Count>, DescribedResult<Description>>
    : unknown)

type DescribedResult<Description extends FunctionDescription> = CallResult<
  PlacesResult<
    Description['retType'],
    Description extends { readonly errno?: infer Errno } ? Errno : undefined,
    Description['paramsType']
  >,
  Description extends { readonly runInNewThread?: infer InNewThread } ? InNewThread : undefined
>

/** The functions that `define` makes of a record of descriptions, each under its key. */
export type BoundFunctions<Descriptions extends Readonly<Record<string, FunctionDescription>>> = {
  readonly [Name in keyof Descriptions]: FunctionOf<Descriptions[Name]>
}

/** Signature of `define`. */
export type Define = <const Descriptions extends Readonly<Record<string, FunctionDescription>>>(
  functions: Descriptions,
) => BoundFunctions<Descriptions>

/** Signature of `load`. The first three are those of ffi-rs, for callers that write them out. */
export type Load = <
  const Type extends ReturnType,
  const Errno extends boolean | undefined = undefined,
  const InNewThread extends boolean | undefined = undefined,
  const Types extends readonly ParameterType[] = readonly FieldType[],
>(
  params: LoadParams<Type, Errno, Types, InNewThread>,
) => CallResult<PlacesResult<Type, Errno, Types>, InNewThread>

/** Signature of `createPointer`. */
export type CreatePointer = <const Types extends readonly FieldType[]>(params: {
  readonly paramsType: Types
  readonly paramsValue: NoInfer<ArgumentsOf<Types>>
}) => PointersOf<Types>

/** Signature of `restorePointer`. */
export type RestorePointer = <
  const Types extends readonly FieldType[],
  const Pointers extends readonly Pointer[],
>(params: {
  readonly retType: Types
  readonly paramsValue: PointersFor<Types, Pointers>
}) => ResultsOf<Types>

/** Signature of `freePointer`; without `pointerType`, the record of the pointer decides how it is freed. */
export type FreePointer = <
  const Types extends readonly FieldType[],
  const Pointers extends readonly Pointer[],
>(params: {
  readonly paramsType: Types
  readonly paramsValue: PointersFor<Types, Pointers>
  readonly pointerType?: PointerType | undefined
}) => void

/** Signature of `wrapPointer` and of `unwrapPointer`. */
export type MapPointers = <const Pointers extends readonly Pointer[]>(pointers: Pointers) => PointersOf<Pointers>
