// Turns element types and struct items into the descriptions that a struct field can hold, as plain data.
import {
  type ArrayDescription,
  DataType,
  FFITypeTag,
  type FieldType,
  type PlainArrayType,
  type StructDescription,
} from 'holdfast'

/** A struct type of the layout oracle, and the name that its failures are reported under. */
export interface LayoutCase {
  readonly name: string
  readonly type: StructDescription
}

/** Every type of one value that has a size. */
export const scalars = [
  DataType.I8,
  DataType.U8,
  DataType.I16,
  DataType.U16,
  DataType.I32,
  DataType.U32,
  DataType.I64,
  DataType.U64,
  DataType.BigInt,
  DataType.BigUint64,
  DataType.Isize,
  DataType.Usize,
  DataType.Float,
  DataType.Double,
  DataType.Boolean,
  DataType.String,
  DataType.WString,
  DataType.External,
] as const

/** Every type of an array of scalars. */
export const arrays = [
  DataType.U8Array,
  DataType.I16Array,
  DataType.I32Array,
  DataType.U32Array,
  DataType.I64Array,
  DataType.U64Array,
  DataType.FloatArray,
  DataType.DoubleArray,
  DataType.StringArray,
] as const

/** `T field[length]` */
export const inline = (type: PlainArrayType, length: number): ArrayDescription => ({
  type,
  length,
  ffiTypeTag: FFITypeTag.StackArray,
})

/** `T *field` */
export const pointed = (type: PlainArrayType, length: number): ArrayDescription => ({
  type,
  length,
  ffiTypeTag: FFITypeTag.Array,
})

/** `struct item field`, where the untagged description is `struct item *field`. */
export const byValue = (type: Record<string, FieldType>): StructDescription => ({
  ...type,
  ffiTypeTag: FFITypeTag.StackStruct,
})

const structArray = (
  ffiTypeTag: FFITypeTag.StackArray | FFITypeTag.Array,
  structItemType: StructDescription,
  length: number,
): ArrayDescription => ({ type: DataType.StructArray, length, ffiTypeTag, structItemType })

/** `struct item field[length]` */
export const inlineItems = (item: Record<string, FieldType>, length: number) =>
  structArray(FFITypeTag.StackArray, byValue(item), length)

/** `struct item *field[length]` */
export const inlinePointers = (item: Record<string, FieldType>, length: number) =>
  structArray(FFITypeTag.StackArray, item, length)

/** `struct item *field` */
export const pointedItems = (item: Record<string, FieldType>, length: number) =>
  structArray(FFITypeTag.Array, byValue(item), length)

/** `struct item **field` */
export const pointedPointers = (item: Record<string, FieldType>, length: number) =>
  structArray(FFITypeTag.Array, item, length)
