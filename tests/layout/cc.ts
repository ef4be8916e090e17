// Turns struct types into a C program, and what the C compiler lays out for them into sizes, alignments and offsets.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ArrayDescription,
  type CallbackDescription,
  DataType,
  FFITypeTag,
  type FieldType,
  type StructDescription,
} from 'holdfast'
import type { LayoutCase } from './describe.js'

export interface MeasuredLayout {
  size: number
  align: number
  /** Of every field; absent for a scalar. */
  offsets?: Record<string, number>
}

// The C type of a scalar, and of one element of an array.
const cNames: Partial<Record<number, string>> = {
  [DataType.I8]: 'int8_t',
  [DataType.U8]: 'uint8_t',
  [DataType.I16]: 'int16_t',
  [DataType.U16]: 'uint16_t',
  [DataType.I32]: 'int32_t',
  [DataType.U32]: 'uint32_t',
  [DataType.I64]: 'int64_t',
  [DataType.U64]: 'uint64_t',
  [DataType.BigInt]: 'int64_t',
  [DataType.BigUint64]: 'uint64_t',
  [DataType.Isize]: 'intptr_t',
  [DataType.Usize]: 'size_t',
  [DataType.Float]: 'float',
  [DataType.Double]: 'double',
  [DataType.Boolean]: 'bool',
  [DataType.String]: 'char *',
  [DataType.WString]: 'wchar_t *',
  [DataType.External]: 'void *',
  [DataType.U8Array]: 'uint8_t',
  [DataType.I16Array]: 'int16_t',
  [DataType.I32Array]: 'int32_t',
  [DataType.U32Array]: 'uint32_t',
  [DataType.I64Array]: 'int64_t',
  [DataType.U64Array]: 'uint64_t',
  [DataType.FloatArray]: 'float',
  [DataType.DoubleArray]: 'double',
  [DataType.StringArray]: 'char *',
}

function cName(type: number): string {
  const name = cNames[type]
  if (name === undefined) throw new Error(`the layout oracle has no C name for type ${type}`)
  return name
}

/** What has a layout of its own to compare: the code of a callback is a pointer as any other. */
type Described = Exclude<FieldType, CallbackDescription>

type Composite = ArrayDescription | StructDescription

const isArray = (type: Composite): type is ArrayDescription =>
  type.ffiTypeTag === FFITypeTag.StackArray || type.ffiTypeTag === FFITypeTag.Array

const isInline = (type: Composite) =>
  type.ffiTypeTag === FFITypeTag.StackArray || type.ffiTypeTag === FFITypeTag.StackStruct

const fieldsOf = (type: StructDescription) => Object.entries(type).filter(([name]) => name !== 'ffiTypeTag')

/** C's spelling of one element: an untagged struct is reached through a pointer wherever it stands. */
function elementName(type: Described, tag: string, declared: string[]): string {
  if (typeof type === 'number') return cName(type)
  if (isArray(type)) throw new Error('an array of arrays is no type of ffi-rs')
  declareStruct(type, tag, declared)
  return isInline(type) ? `struct ${tag} ` : `struct ${tag} *`
}

/** Declares one field, and before it, in `declared`, the structs that it holds. */
function declareField(name: string, type: Described, tag: string, declared: string[]): string {
  if (typeof type === 'number' || !isArray(type)) return `  ${elementName(type, tag, declared)} ${name};`
  const element = elementName(type.type === DataType.StructArray ? type.structItemType : type.type, tag, declared)
  return isInline(type) ? `  ${element} ${name}[${type.length}];` : `  ${element} *${name};`
}

function declareStruct(type: StructDescription, tag: string, declared: string[]): void {
  const fields = fieldsOf(type).map(([name, field]) =>
    declareField(name, field as Described, `${tag}_${name}`, declared),
  )
  declared.push(`struct ${tag} {\n${fields.join('\n')}\n};`)
}

// A JSON object of `"key": number` for printf, with the C expression for each number.
const printNumbers = (prefix: string, numbers: [string, string][], suffix: string) => {
  const format = numbers.map(([key]) => `\\"${key}\\":%zu`).join(',')
  return `  printf("${prefix}${format}${suffix}", ${numbers.map(([, expression]) => expression).join(', ')});`
}

const sizeAndAlign = (cType: string): [string, string][] => [
  ['size', `sizeof(${cType})`],
  ['align', `_Alignof(${cType})`],
]

function printStruct(type: StructDescription, tag: string): string {
  const offsets = fieldsOf(type).map(([name]): [string, string] => [name, `offsetof(struct ${tag}, ${name})`])
  return [printNumbers('{', sizeAndAlign(`struct ${tag}`), ','), printNumbers('\\"offsets\\":{', offsets, '}}')].join(
    '\n',
  )
}

/** The C program that prints one JSON array: the layouts of the scalars, then those of the structs. */
export function layoutProgram(scalars: readonly number[], structs: readonly LayoutCase[]): string {
  const declared: string[] = []
  const prints = scalars.map((type) => printNumbers('{', sizeAndAlign(cName(type)), '}'))
  for (const [index, { type }] of structs.entries()) {
    declareStruct(type, `s${index}`, declared)
    prints.push(printStruct(type, `s${index}`))
  }
  const headers = ['stdbool', 'stddef', 'stdint', 'stdio', 'wchar'].map((name) => `#include <${name}.h>`)
  const body = `int main(void) {\n  printf("[");\n${prints.join('\n  printf(",");\n')}\n  printf("]");\n  return 0;\n}`
  return `${[...headers, ...declared, body].join('\n')}\n`
}

/** What the C compiler (`CC`, or `cc`) says of these types, in their order. */
export function measureLayouts(scalars: readonly number[], structs: readonly LayoutCase[]) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-layout-'))
  try {
    const source = join(directory, 'layout.c')
    const program = join(directory, 'layout')
    writeFileSync(source, layoutProgram(scalars, structs))
    // CC may carry arguments of its own, as in "ccache gcc".
    const { CC } = process.env
    const [compiler = 'cc', ...leading] = (CC || 'cc').trim().split(/\s+/)
    execFileSync(compiler, [...leading, '-std=gnu11', '-Wall', '-Werror', '-o', program, source])
    const measured: MeasuredLayout[] = JSON.parse(execFileSync(program, { encoding: 'utf8' }))
    return { scalars: measured.slice(0, scalars.length), structs: measured.slice(scalars.length) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
