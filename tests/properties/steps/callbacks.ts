// Turns numbers into calls that call back: what the callbacks do, how long they live, and who calls them when.
import { createPointer, type Pointer, unwrapPointer } from 'holdfast'
import { c, intToInt, other } from '../functions.js'
import type { Callback, Held, Model, Outcome } from '../model.js'
import { ended, found, takesInteger, unfreeable } from '../places.js'
import { calls, failOnPurpose, fails } from './calls.js'
import { check, compare, nothing, ok, type Step, same } from './step.js'

/** What one invocation does, and what C was given in the end. */
interface Behaviour {
  readonly run: (value: number) => number
  given: number
}

/** The ways to answer; what else happens in an invocation are the steps that follow. */
function behaviour(model: Model, how: number, inner: () => void): Behaviour {
  const run = (value: number): number => {
    behaviour.given = 0
    inner()
    if (how % 8 === 0) failOnPurpose(model)
    if (how % 8 === 1) {
      fails(model, 'ERR_FFI_CALLBACK_RESULT')
      return 'no number' as never
    }
    if (how % 8 === 2) compare(model, 'a call of a callback', passOn(model, value))
    behaviour.given = value + 1
    return behaviour.given
  }
  const behaviour: Behaviour = { run, given: 0 }
  return behaviour
}

/** Enters C again. */
function passOn(model: Model, value: number) {
  const act = () => c.pass_i32((inside) => inside - 1, value)
  return calls(model, undefined, act, () => value - 1)
}

/** A function is passed to a call, and called once or a few times before that returns. */
export const callInline: Step = (model, _held, [_, how, count], inner) => {
  const invoked: Behaviour[] = []
  const answer = (value: number) => {
    const behaves = behaviour(model, how, inner)
    invoked.push(behaves)
    return behaves.run(value)
  }
  const act = () => Number(c.sum_i32(answer, count % 4))
  return calls(model, undefined, act, () => invoked.reduce((sum, { given }) => sum + given, 0))
}

/** A callback is made that lives until its block ends. */
export const createCallback: Step = (model, _held, [a]) => {
  const callback: { -readonly [Key in keyof Callback]: Callback[Key] } = { warned: false }
  const run = (value: number) => (callback.next === undefined ? value + 2 : callback.next(value))
  const made = createPointer({ paramsType: [intToInt], paramsValue: [run] })
  const [pointer] = unwrapPointer(made) as [Pointer]
  const code = model.block('code', 0)
  const place = { block: code, offset: 0, length: 0 }
  const block = model.made(made[0], 8, place)
  block.code = code
  model.keep(made[0], block)
  callback.code = { pointer, block: code }
  model.callbacks.push(callback)
  if (a % 2 === 0) model.hold(pointer, place)
  return { expected: 'callback', got: pointer.allocator }
}

const chosen = (model: Model, number: number) => model.callbacks[number % Math.max(1, model.callbacks.length)]
const stateOf = ({ code }: Callback) => code?.block.state ?? 'freed'

/** Lets a callback behave when `act` has C call it, if it is alive: else C gets zero, and the process one warning. */
function invoke(model: Model, callback: Callback, behaves: Behaviour, act: () => Outcome, refused?: string) {
  const isAlive = stateOf(callback) === 'live'
  const before = callback.next
  callback.next = behaves.run
  const checked = calls(model, refused, act, () => (isAlive ? behaves.given : 0))
  callback.next = before
  return checked
}

/** JavaScript has C call a callback by its address. */
export const callCode: Step = (model, _held, [a, b, value], inner) => {
  const callback = chosen(model, a)
  if (callback?.code === undefined) return undefined
  const { pointer, block } = callback.code
  const refused = ended({ block, offset: 0, length: 0 })
  return invoke(model, callback, behaviour(model, b, inner), () => c.call_code(pointer, value), refused)
}

/** C keeps the address of a callback: one that was made, one that ends with this call, or none. */
export const keep: Step = (model, _held, [a, b]) => {
  const callback = b % 4 === 0 ? undefined : chosen(model, a)
  const code = callback?.code
  if (b % 4 === 0 && b % 8 !== 0) {
    c.keep((value) => value + 3)
    model.keptByC = { warned: false }
    return undefined
  }
  const refused = code && ended({ block: code.block, offset: 0, length: 0 })
  return check(
    refused,
    () => other.keep(code?.pointer ?? null),
    nothing,
    () => {
      model.keptByC = callback ?? null
      return undefined
    },
  )
}

/** C calls what it has kept, alive or not. */
export const callKept: Step = (model, _held, [a, b], inner) => {
  const callback = model.keptByC
  const act = () => c.call_kept(a)
  if (callback === null) return calls(model, undefined, act, () => -1)
  if (stateOf(callback) !== 'live' && !callback.warned) {
    callback.warned = true
    model.warnings++
  }
  return invoke(model, callback, behaviour(model, b, inner), act)
}

/** A callback frees itself: C has its result still, and zero from the next invocation on. */
export const freeSelf: Step = (model, _held, [a, value], inner) => {
  const callback = chosen(model, a)
  const owner = Array.from(model.kept).find(
    ([block]) => block.code !== undefined && block.code === callback?.code?.block,
  )
  if (callback?.code === undefined || owner === undefined) return undefined
  const { pointer } = callback.code
  const [block, at] = owner
  const run = (given: number) => {
    if (block.state === 'live' && at.place.offset === 0) {
      at.pointer.free()
      model.end(block)
      model.forget(at.pointer)
    }
    inner()
    return given + 4
  }
  const behaves = { run, given: value + 4 }
  return invoke(model, callback, behaves, () => c.call_code(pointer, value))
}

/** Pointers go through a callback in both directions. */
export const passPointer: Step = (model, { pointer, place }, [a], inner) => {
  const answer = model.held[a % model.held.length] as Held
  let result: Held['place'] = null
  const act = () => {
    const returned = c.pass_ptr((received) => {
      model.hold(received, found(place))
      inner()
      if (a % 7 === 0) {
        fails(model, 'ERR_FFI_CALLBACK_RESULT')
        return 1 as never
      }
      const refused = ended(answer.place)
      if (refused !== undefined) fails(model, refused)
      else result = answer.place
      return answer.pointer
    }, pointer)
    model.hold(returned, found(result))
    return 'ok'
  }
  return calls(model, ended(place), act, ok)
}

/** A callback frees what the call around it uses: stale at once for everybody, and there until C has returned. */
export const freeArgument: Step = (model, { pointer, place }, [a], inner) => {
  if (!takesInteger(place) || place.offset % 4 !== 0) return undefined
  const { bytes } = place.block
  const freeIt = () => {
    inner()
    const freeing = check(unfreeable(place, false), () => pointer.free(), nothing, nothing)
    if (freeing.expected === undefined) {
      model.end(place.block)
      model.forget(pointer)
    }
    compare(model, 'free in a callback', freeing)
    const gone = ended(place)
    if (gone !== undefined)
      compare(
        model,
        'C reads in a callback',
        check(gone, () => c.read_int(pointer), nothing, same),
      )
  }
  let wasCalled = false
  let sum = 0
  const callback = () => {
    wasCalled = true
    if (a % 4 === 0) inner()
    else freeIt()
  }
  const act = () => {
    try {
      return Number(c.add_after(callback, pointer, 1))
    } finally {
      // C goes on also when this will throw what a callback threw.
      if (wasCalled) sum = bytes.getInt32(place.offset, true) + 1
      if (wasCalled) bytes.setInt32(place.offset, sum, true)
    }
  }
  return calls(model, ended(place), act, () => sum)
}
