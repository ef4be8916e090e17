// Turns a row of the matrix into a test: what is right works before and after, the mistake gives the row's codes, nothing is left.
import { setImmediate as turn } from 'node:timers/promises'
import { type Counters, counters, type FfiErrorCode, type FfiErrorFacts } from 'holdfast'
import { expect, it } from 'vitest'
import { refusal } from '../../pointers/calls.js'
import { type Row, type RowId, rows } from './rows.js'

type Held = Omit<Counters, 'functions' | 'plans' | 'layouts'>

/** What is held, but for what is compiled, which is kept to be found again. */
function held(): Held {
  const { functions: _, plans: _plans, layouts: _layouts, ...rest } = counters()
  return rest
}

/** What a mistake is expected to do. */
export interface Answers {
  /** It is refused with the code at once, and nothing that is counted changes. */
  refuses(code: FfiErrorCode, act: () => unknown, facts?: FfiErrorFacts): void
  /** The code was seen elsewhere: in a warning, a rejection, another process. */
  saw(code: FfiErrorCode): void
}

interface Case {
  /** The mistake. */
  readonly misuse: (answers: Answers) => void | Promise<void>
  /** The same operation done right. */
  readonly legitimate: () => void | Promise<void>
}

function answersInto(seen: Set<FfiErrorCode>): Answers {
  return {
    refuses(code, act, facts) {
      const before = held()
      expect(act).toThrow(refusal(code, facts))
      expect(held()).toEqual(before)
      seen.add(code)
    },
    saw: (code) => seen.add(code),
  }
}

/** Collects until no more records are held than before. */
async function settle(records: number): Promise<Held> {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('run with --expose-gc')
  let least = Number.POSITIVE_INFINITY
  for (let idle = 0; idle < 8 && held().records > records; idle++) {
    gc()
    await turn()
    if (held().records < least) idle = 0
    least = Math.min(least, held().records)
  }
  return held()
}

/** Tests one row. The process lives as long as the test goes on; mistakes that end one are made in another. */
export function row(id: RowId, { misuse, legitimate }: Case, isPossible = true): void {
  const { operation, state, misuse: mistake, codes }: Row = rows[id]
  const title = `${operation} × ${state} (row ${id}): ${mistake}: ${codes.join(', ') || 'no refusal'}`
  it.runIf(isPossible)(title, async () => {
    const baseline = await settle(0)
    const seen = new Set<FfiErrorCode>()
    expect.hasAssertions()
    await legitimate()
    await misuse(answersInto(seen))
    expect([...seen].sort()).toEqual([...codes].sort())
    await legitimate()
    const after = await settle(baseline.records)
    // Of records that another test left there may be fewer.
    expect(after.records).toBeLessThanOrEqual(baseline.records)
    expect({ ...after, records: baseline.records }).toEqual(baseline)
  })
}
