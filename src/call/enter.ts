// Turns a frame that is written into the source of its call: through which entry, and what if that refuses.

import { Field } from '../marshal/frame.js'
import { doors, UNTRIED } from './door.js'
import { isBytes, isGathered, isNumeric } from './forms.js'
import type { Signature } from './signature.js'

const STATUS = `u32[w + ${Field.Status / 4}]`

/** The door for the function's plain form, if there is one. */
export function doorFor(signature: Signature): (typeof doors)['plain'] {
  // These calls have ends that no door can make: values of V8's, and errno.
  if (isGathered(signature.result.type) || signature.errno) return undefined
  const buffers = signature.parameters.filter(({ type }) => isBytes(type)).length
  if (buffers === 0) return isNumeric(signature) ? doors.plain : doors.quick
  return buffers === 1 ? doors.view : undefined
}

/** The call of a plain form. `again` leaves it for the guarded form, when a buffer has no bytes. */
export function enterPlain(signature: Signature, views: readonly string[], again: string): string[] {
  const list = views.join(', ')
  const fill = views.map((name) => `if (!isFilled(${name})) ${again}`)
  const portable = entry(signature, views.length > 0 ? `invokeViews(${list})` : undefined)
  if (doorFor(signature) === undefined) return [...fill, ...call([portable])]
  // While JavaScript can be called by C, and where the door leaves the call to it, the portable entry.
  return call([
    `${STATUS} = ${UNTRIED}`,
    `if (u32[2] === 0) door(${list})`,
    `if (${STATUS} === 0) break`,
    `if (${STATUS} === ${UNTRIED}) { ${[...fill, portable].join('; ')} }`,
  ])
}

/** The call of a guarded form. */
export function enterGuarded(signature: Signature): string[] {
  const without = entry(signature, undefined)
  return call([`if (scratch.views.length === 0) ${without}; else ${entry(signature, 'invokeViews(...scratch.views)')}`])
}

/** The beginning of a call on another thread, from a guarded form. */
export function enterSubmit(): string[] {
  return call(['out = submit(...scratch.views)'])
}

function entry(signature: Signature, views: string | undefined): string {
  if (!isGathered(signature.result.type)) return views ?? 'invoke()'
  return `out = ${views ?? 'invokeFor()'}`
}

function call(lines: readonly string[]): string[] {
  return ['let out, n', 'for (;;) {', 'u32[1] = id', ...lines, `if (${STATUS} === 0) break`, 'id = recover(base)', '}']
}
