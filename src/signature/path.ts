// Turns the numbers of members and items, by which the core says where it met an error, into names.

import type { CType } from './ctype.js'

/** What the core says of a place: a member's or item's number for each step, from the root on. */
const STEPS = /^(?:\.\d+)+$/

/** The path in a value of the type, e.g. `.inner.items[2]`; undefined for words that are no such place. */
export function pathOf(words: string, type: CType): string | undefined {
  if (!STEPS.test(words)) return undefined
  let [path, at]: [string, CType] = ['', type]
  for (const number of words.slice(1).split('.').map(Number)) {
    const inside = inPlace(at)
    if (inside.kind === 'struct') {
      const field = inside.fields[number]
      if (field === undefined) return undefined
      path += `.${field.name}`
      at = field.type
    } else if (inside.kind === 'array') {
      path += `[${number}]`
      at = inside.item
    } else return undefined
  }
  return path
}

/** What the core's steps count in: it takes none from a pointer to what is behind it. */
function inPlace(type: CType): CType {
  if (type.kind === 'reference') return inPlace(type.to)
  return type.kind === 'array' && type.length === undefined ? inPlace(type.item) : type
}
