// Turns random descriptions of types into snapshots, and every small change of one into a mismatch.
import { describe, expect, it } from 'vitest'
import { isNode, matches, part, type Snapshot, snapshotOf } from '../../src/signature/snapshot.js'
import { refusal } from '../calls/caller.js'

/** Rounds of each property; a seed that failed is in the message. */
const ROUNDS = Number(process.env['HOLDFAST_FUZZ_ROUNDS'] ?? 500)

type Described = unknown[] | { [key: string]: unknown }

/** SplitMix-like numbers below a limit, the same for the same seed. */
function numbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) % limit
  }
}

const LEAVES = [0, -0, 1, 12, Number.NaN, '', 'ptr', true, false, null, undefined, 5n, Symbol.iterator, Math.abs]
// Integer keys come first in an object, whatever the order in which they were written.
const KEYS = ['a', 'b', 'type', 'length', '7', '0', 'ffiTypeTag', '__proto__x']

function leaf(below: (limit: number) => number): unknown {
  return LEAVES[below(LEAVES.length)]
}

function described(below: (limit: number) => number, depth: number): Described {
  const value = () => (depth > 0 && below(3) === 0 ? described(below, depth - 1) : leaf(below))
  if (below(4) === 0) return Array.from({ length: below(4) }, value)
  return Object.fromEntries(KEYS.filter(() => below(2) === 0).map((key) => [key, value()]))
}

/** The same once more: equal in every part, and shared in none. */
function twin(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(twin)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, twin(inner)]))
}

function everyPart(root: Described): Described[] {
  const inner = Object.values(root).filter((value) => typeof value === 'object' && value !== null)
  return [root, ...inner.flatMap((value) => everyPart(value as Described))]
}

/** The same value under another name, in the same place. */
function rename(target: { [key: string]: unknown }, key: string): void {
  const entries = Object.entries(target)
  for (const [name] of entries) delete target[name]
  for (const [name, value] of entries) target[name === key ? `${name}x` : name] = value
}

/** Makes one part say something else. */
function change(root: Described, below: (limit: number) => number): void {
  const parts = everyPart(root)
  const target = parts[below(parts.length)] as { [key: string]: unknown }
  const keys = Object.keys(target)
  const key = keys[below(keys.length)]
  const way = below(4)
  if (key === undefined || way === 0) target['added'] = 1
  else if (way === 1) delete target[key]
  else if (way === 2) rename(target, key)
  else target[key] = Object.is(target[key], 'changed') ? 1 : 'changed'
}

function each(property: (below: (limit: number) => number) => void): void {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    try {
      property(numbers(seed))
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}

/** Whether a snapshot says what a description says, by another way than `matches`. */
function says(snapshot: Snapshot, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return !isNode(snapshot) && Object.is(snapshot, value)
  if (!isNode(snapshot)) return false
  const keys = Object.keys(value)
  if (JSON.stringify(keys) !== JSON.stringify(snapshot.keys)) return false
  return keys.every((key) => says(part(snapshot, key), (value as { [key: string]: unknown })[key]))
}

describe('a snapshot of a description', () => {
  it('says what the description said, and matches it and its twin', () => {
    each((below) => {
      const description = described(below, 4)
      const snapshot = snapshotOf(description)
      expect(says(snapshot, description)).toBe(true)
      expect([matches(snapshot, description), matches(snapshot, twin(description))]).toEqual([true, true])
    })
  })

  it('stays as it is when the description changes, and no longer matches it', () => {
    each((below) => {
      const description = described(below, 4)
      const [snapshot, before] = [snapshotOf(description), twin(description)]
      change(description, below)
      expect([says(snapshot, before), matches(snapshot, description)]).toEqual([true, false])
    })
  })

  it('matches what it was made of and no other description, as a second way to compare says', () => {
    each((below) => {
      const [one, other] = [described(below, 2), described(below, 2)]
      const snapshot = snapshotOf(one)
      expect(matches(snapshot, other)).toBe(says(snapshot, other))
    })
  })

  it('sees the order of keys', () => {
    expect(matches(snapshotOf({ a: 1, b: 1 }), { b: 1, a: 1 })).toBe(false)
  })

  it('asks each getter once', () => {
    each((below) => {
      let asked = 0
      const guarded = (value: unknown): unknown => {
        if (typeof value !== 'object' || value === null) return value
        const inner = Object.keys(value).map((key): [string, PropertyDescriptor] => {
          const given = guarded((value as { [key: string]: unknown })[key])
          const get = () => {
            asked++
            return given
          }
          return [key, { enumerable: true, get }]
        })
        return Object.defineProperties({}, Object.fromEntries(inner))
      }
      const description = described(below, 3)
      const keys = everyPart(description).flatMap((one) => Object.keys(one))
      const snapshot = snapshotOf(guarded(description))
      expect(asked).toBe(keys.length)
      expect(matches(snapshot, guarded(description))).toBe(true)
    })
  })

  it('is refused with ERR_FFI_SIGNATURE when it is cyclic or too deep, wherever', () => {
    each((below) => {
      const description = described(below, 3)
      const parts = everyPart(description)
      const last = parts[below(parts.length)] as { [key: string]: unknown }
      const snapshot = snapshotOf(description)
      last['again'] = description
      expect(() => snapshotOf(description)).toThrow(refusal('ERR_FFI_SIGNATURE'))
      expect(matches(snapshot, description)).toBe(false)
    })
  })

  it('is refused with ERR_FFI_SIGNATURE when shared parts make it endless', () => {
    let shared: unknown = {}
    for (let i = 0; i < 30; i++) shared = { a: shared, b: shared }
    expect(() => snapshotOf(shared)).toThrow(refusal('ERR_FFI_SIGNATURE'))
  })
})
