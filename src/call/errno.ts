// Turns errno values into the system's words.

import { native } from '../native.js'

const messages = new Map<number, string>()

/** The system's words for an errno; there are few, so they are kept. */
export function errnoMessage(code: number): string {
  const known = messages.get(code)
  if (known !== undefined) return known
  const message = native.errnoMessage(code >>> 0)
  if (messages.size < 256) messages.set(code, message)
  return message
}
