// Turns a seed into struct types of random fields, the same ones on every run.
import type { FieldType } from 'holdfast'
import {
  arrays,
  byValue,
  inline,
  inlineItems,
  inlinePointers,
  type LayoutCase,
  pointed,
  pointedItems,
  pointedPointers,
  scalars,
} from './describe.js'

const structArrays = [inlineItems, inlinePointers, pointedItems, pointedPointers] as const

/** Marsaglia's xorshift with 32 bits of state: integers from 0 to below `limit`. */
function randomIntegers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

function generateFields(random: (limit: number) => number, depth: number): Record<string, FieldType> {
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item

  const field = (): FieldType => {
    // At least half of the fields are scalars: their small sizes are what makes holes.
    const kind = random(depth > 0 ? 10 : 7)
    if (kind < 5) return pick(scalars)
    if (kind === 5) return inline(pick(arrays), 1 + random(7))
    if (kind === 6) return pointed(pick(arrays), 1 + random(7))
    const inner = generateFields(random, depth - 1)
    if (kind === 7) return byValue(inner)
    if (kind === 8) return inner
    return pick(structArrays)(inner, 1 + random(4))
  }

  const fields: Record<string, FieldType> = {}
  const count = 1 + random(9)
  for (let index = 0; index < count; index++) fields[`field${index}`] = field()
  return fields
}

/** `count` structs, nested to three levels; every fourth carries the tag of a struct by value, which changes no layout. */
export function generateStructs(count: number, seed = 0x5eed): LayoutCase[] {
  const random = randomIntegers(seed)
  return Array.from({ length: count }, (_, index) => {
    const fields = generateFields(random, 2)
    return { name: `generated ${index}`, type: index % 4 === 0 ? byValue(fields) : fields }
  })
}
