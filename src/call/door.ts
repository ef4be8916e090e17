// Turns V8's fast API calls, where this Node has them as tested, into a second entry to the core: the door.
//
// Optimised code calls it without Node-API's crossing, which costs as much as all the rest of a short call. Everything works
// without it, too: the frame is the same, and a call that cannot go through it goes through `invoke`.

import { native } from '../native.js'

/** Versions of V8 under which the suite ran with the door (Node 20, 22, 24 and 26): others may lay things out differently. */
const TESTED = ['11.3', '12.4', '13.6', '14.6']

/** In the status word before the door is tried; the core sets another unless it leaves the call to `invoke`. */
export const UNTRIED = 0xffffffff

function open(quick: boolean): (() => void) | undefined {
  const version = process.versions.v8.split('.', 2).join('.')
  return process.env['FFI_FAST'] === '0' || !TESTED.includes(version) ? undefined : native.door(quick)
}

/**
 * As `native.invoke`, called directly; undefined where it is not to be had. `plain` makes calls with numbers in and out only,
 * `quick` those with anything that lies in the frame. Knocked at only while `u32[2]` is 0: C can call no JavaScript then.
 */
export const doors: { readonly plain: (() => void) | undefined; readonly quick: (() => void) | undefined } = {
  plain: open(false),
  quick: open(true),
}
