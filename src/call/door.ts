// Turns V8's fast API calls, where this Node has them as tested, into a second entry to the core: the door.
//
// Optimised code calls it without Node-API's crossing, which costs as much as all the rest of a short call. Everything works
// without it, too: the frame is the same, and a call that cannot go through it goes through `invoke`.

import { native } from '../native.js'

/** Versions of V8 under which the suite ran with the doors (Node 20, 22, 24 and 26): others may lay things out differently. */
const TESTED = ['11.3', '12.4', '13.6', '14.6']

/** Those in which a fast call is told where a typed array's bytes are. */
const TYPED_ARRAYS = ['11.3', '12.4']

/** In the status word before a door is tried; the core sets another unless it leaves the call to `invoke`. */
export const UNTRIED = 0xffffffff

type Door = (view?: ArrayBufferView) => void

function open(kind: number, versions: readonly string[]): Door | undefined {
  const version = process.versions.v8.split('.', 2).join('.')
  return process.env['FFI_FAST'] === '0' || !versions.includes(version) ? undefined : native.door(kind)
}

/**
 * As `native.invoke`, called directly; undefined where it is not to be had. Each leaves the status as it was when it cannot make
 * the call. Knocked at only while `u32[2]` is 0: C can call no JavaScript then.
 */
export const doors: {
  readonly plain: Door | undefined
  readonly quick: Door | undefined
  readonly view: Door | undefined
} = {
  /** Numbers in, a number out. */
  plain: open(0, TESTED),
  /** Anything that lies in the frame. */
  quick: open(1, TESTED),
  /** The same with one buffer that is a `Uint8Array`. */
  view: open(2, TYPED_ARRAYS),
}
