// Lists every step, by the number it has in a sequence; what makes little and what uses much is there more than once.
import * as access from './access.js'
import * as asynchronous from './asynchronous.js'
import * as blocks from './blocks.js'
import * as callbacks from './callbacks.js'
import * as ends from './ends.js'
import * as libraries from './libraries.js'
import * as ownership from './ownership.js'
import * as scopes from './scopes.js'
import type { Step } from './step.js'

export const steps: readonly (readonly [name: string, step: Step])[] = [
  ['createPointer', blocks.create],
  ['createPointer', blocks.create],
  ['createPointer', blocks.create],
  ['createPointer', blocks.create],
  ['wrap', blocks.wrap],
  ['wrap', blocks.wrap],
  ['createPointer Void', blocks.createNull],
  ['unwrap', blocks.unwrap],
  ['unwrap', blocks.unwrap],
  ['at, withLength', blocks.interior],
  ['pointer in and out', blocks.identity],
  ['compare', blocks.compare],
  ['memory of C', blocks.fromC],
  ['memory of C', blocks.fromC],
  ['read', access.readInteger],
  ['write', access.writeInteger],
  ['write External', access.writePointer],
  ['C reads', access.readInC],
  ['C writes', access.writeInC],
  ['state, byteLength', access.look],
  ['createExternalBuffer', access.expose],
  ['Buffer', access.lookThroughBuffer],
  ['wrong arguments', access.mistake],
  ['free', ends.free],
  ['dispose', ends.dispose],
  ['leak', ends.leak],
  ['realloc', ends.reallocate],
  ['drop', ends.drop],
  ['drop', ends.drop],
  ['open, load, close', libraries.openOrClose],
  ['close meanwhile', libraries.closeMeanwhile],
  ['callback inline', callbacks.callInline],
  ['callback inline', callbacks.callInline],
  ['callback created', callbacks.createCallback],
  ['callback called by address', callbacks.callCode],
  ['callback kept by C', callbacks.keep],
  ['callback called by C', callbacks.callKept],
  ['callback frees itself', callbacks.freeSelf],
  ['callback with pointers', callbacks.passPointer],
  ['callback frees an argument', callbacks.freeArgument],
  ['compare on another thread', asynchronous.compareElsewhere],
  ['read on another thread', asynchronous.readElsewhere],
  ['callback on another thread', asynchronous.callBackFromElsewhere],
  ['owned', ownership.makeBox],
  ['consumes', ownership.consume],
  ['C releases', ownership.emptyShelf],
  ['borrowed', ownership.borrow],
  ['use what is borrowed', ownership.useBorrowed],
  ['scope', scopes.runInScope],
  ['scope of a block', scopes.runInBlock],
  ['keep', scopes.keepInScope],
]
