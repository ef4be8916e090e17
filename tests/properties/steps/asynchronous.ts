// Turns numbers into calls on other threads, with what happens meanwhile: frees, and callbacks.
import { c } from '../functions.js'
import type { Block, Held, Model, Outcome, Place } from '../model.js'
import { ended, holdsInteger, isSame, mayBeArgument, unfreeable, unusable } from '../places.js'
import { type Checked, check, compare, nothing, ok, type Step } from './step.js'

/** The block of a place, and what blocks lead to from there. */
function behind(place: Place | null | undefined): Block[] {
  return place?.block.state === 'live' ? [place.block, ...behind(place.block.content)] : []
}

/** A call that settles later, and pins what its pointers lead to until then. */
function settles(
  model: Model,
  refused: string | undefined,
  act: () => Promise<Outcome>,
  expected: () => Outcome,
  places: readonly (Place | null)[] = [],
): Checked {
  return check(refused, act, ok, (promise) => {
    const uses = places.flatMap(behind)
    for (const block of uses) block.pins++
    model.pending.push({ promise, expected: expected(), uses })
    return 'ok'
  })
}

export const compareElsewhere: Step = (model, { pointer, place }, [a]) => {
  const second = model.held[a % model.held.length] as Held
  const refused = ended(place) ?? ended(second.place)
  const act = () => c.same_ptr.async([pointer, second.pointer])
  return settles(model, refused, act, () => isSame(place, second.place), [place, second.place])
}

/** Memory that is freed as soon as the call has begun stays until the call is over. */
export const readElsewhere: Step = (model, { pointer, place }, [a]) => {
  // A call around this callback may be about to write there.
  if (!holdsInteger(place) || mayBeArgument(model, place.block)) return undefined
  const value = () => place.block.bytes.getInt32(place.offset, true)
  const checked = settles(model, unusable(place), () => c.read_int.async([pointer]), value, [place])
  if (a % 2 === 0 && checked.expected === 'ok') {
    const freeing = check(unfreeable(place, false), () => pointer.free(), nothing, nothing)
    compare(model, 'free what another thread reads', freeing)
    if (freeing.expected === undefined) {
      model.end(place.block)
      model.forget(pointer)
    }
  }
  return checked
}

export const callBackFromElsewhere: Step = (model, _held, [a, b]) =>
  settles(
    model,
    undefined,
    () => c.pass_i32.async([(value) => value + b, a]),
    () => a + b,
  )

/** Waits for all calls on other threads. */
export async function settle(model: Model): Promise<void> {
  for (const { promise, expected, uses } of model.pending.splice(0)) {
    compare(model, 'a promise', { got: (await promise) as Outcome, expected })
    for (const block of uses) block.pins--
  }
}
