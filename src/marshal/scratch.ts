// Turns variable-size arguments (strings, arrays, structs) into bytes behind a frame, with references between them.
//
// Offsets count from the frame's base wherever the bytes are, so scratch that outgrows the call stack moves to a heap
// block by one copy. References are offsets, view numbers and handles; the core makes them addresses.

import { releaseAll } from '../callback/live.js'
import { FfiError } from '../error.js'
import { Field, setTop, stack, stackSize } from './frame.js'

const NO_VIEWS: readonly ArrayBufferView[] = []

/** Scratch above this size is refused. */
const MAX_BYTES = 2 ** 30

/** The scratch of one frame while its arguments are encoded. */
export class Scratch {
  /** Where offset 0 is in `view` and `bytes`: the frame's base, or 0 in a heap block. */
  origin = 0
  view: DataView = stack.view
  bytes: Buffer = stack.bytes
  /** The first offset that is free. */
  end = 0
  /** High half of the reference that was made last: 0 for an offset, 1 for a view's number. */
  high = 0
  /** Buffers whose memory C gets in place. */
  views: ArrayBufferView[] = []
  /** Numbers of callbacks that live as long as the call that this is for. */
  readonly callbacks: number[] = []
  /** What is encoded outlives the values: buffers are copied, and no callback is made for the moment. */
  outlives = false
  #base = 0
  #start = 0
  #limit = 0
  #fixups: number[] = []
  #segments: number[] = []
  #keepsSegments = false

  /**
   * Begins behind a frame's slots. Calls made meanwhile (by getters) find their frames behind what is encoded so far.
   * `keepsSegments`: the extents of the pieces will be wanted, for a block that outlives the frame.
   */
  begin(base: number, start: number, keepsSegments = false): void {
    this.#keepsSegments = keepsSegments
    this.#base = base
    this.#start = start
    this.end = start
    this.origin = base
    this.view = stack.view
    this.bytes = stack.bytes
    this.#limit = stackSize - base
    clear(this.views)
    clear(this.#fixups)
    clear(this.#segments)
    if (base + start > stackSize) throw new FfiError('ERR_FFI_STACK_OVERFLOW')
    setTop(Math.min(base + start, stackSize - 16))
  }

  /** Room for `size` bytes, zeroed. Returns its offset. */
  alloc(size: number, align: number): number {
    const at = Math.ceil(this.end / align) * align
    const end = at + size
    if (end > this.#limit) this.#grow(end)
    this.end = end
    if (this.bytes === stack.bytes) setTop(Math.min((this.#base + end + 15) & ~15, stackSize - 16))
    // C sees no byte that nobody wrote. A loop beats the call for what most structs take.
    const { bytes } = this
    const from = this.origin + at
    const to = this.origin + end
    if (size <= 64) for (let i = from; i < to; i++) bytes[i] = 0
    else bytes.fill(0, from, to)
    if (this.#keepsSegments) this.#segments.push(at, size)
    return at
  }

  #grow(end: number): void {
    if (end > MAX_BYTES) {
      throw new FfiError('ERR_FFI_OUT_OF_MEMORY', {
        expected: `at most ${MAX_BYTES} bytes of arguments`,
        got: `${end}`,
      })
    }
    const size = Math.min(MAX_BYTES, Math.max(end, 2 * this.end))
    const bytes = Buffer.from(new ArrayBuffer(size))
    bytes.set(this.bytes.subarray(this.origin + this.#start, this.origin + this.end), this.#start)
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
    this.origin = 0
    this.#limit = size
  }

  /** Remembers that the 8 bytes at an offset are a reference to data. */
  refer(at: number, low: number): void {
    this.put(at, low, this.high)
    if (low !== 0 || this.high !== 0) this.#fixups.push(at * 2)
  }

  /** Writes a pointer's handle at an offset and remembers it. */
  handle(at: number, slot: number, generation: number): void {
    this.put(at, slot, generation)
    this.#fixups.push(at * 2 + 1)
  }

  /** Writes two words. */
  put(at: number, low: number, high: number): void {
    this.view.setUint32(this.origin + at, low, true)
    this.view.setUint32(this.origin + at + 4, high, true)
  }

  /** A reference to a buffer in place: its number; `high` tells that it is one. */
  viewNumber(view: ArrayBufferView): number {
    if (this.outlives) return this.#copy(view)
    this.high = 1
    return this.views.push(view) - 1
  }

  #copy({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
    const at = this.alloc(byteLength, 16)
    this.bytes.set(new Uint8Array(buffer, byteOffset, byteLength), this.origin + at)
    return this.offset(at)
  }

  /** A reference to scratch. */
  offset(at: number): number {
    this.high = 0
    return at
  }

  /**
   * Writes the list of references behind the bytes and the header's words, when all is encoded. Returns how many
   * segments (extents of the pieces allocated) follow that list.
   */
  seal(): number {
    const fixups = this.#fixups
    const segments = this.#segments.length
    const list = fixups.length + segments === 0 ? this.end : this.#writeList()
    const { view } = stack
    view.setUint32(this.#base + Field.ScratchEnd, this.end, true)
    view.setUint32(this.#base + Field.FixupCount, fixups.length, true)
    view.setUint32(this.#base + Field.FixupOffset, list, true)
    const heap = this.bytes === stack.bytes ? 0 : this.views.push(this.bytes)
    view.setUint32(this.#base + Field.HeapScratch, heap, true)
    setTop(this.#base)
    return segments / 2
  }

  /** Takes the callbacks, which then live until whoever has them releases them. */
  takeCallbacks(): number[] {
    return this.callbacks.splice(0)
  }

  /** The buffers in the order of their numbers, without the one that scratch itself has moved to; taken from here. */
  takeViews(): readonly ArrayBufferView[] {
    const { views } = this
    if (views.length === 0) return NO_VIEWS
    if (this.bytes !== stack.bytes) views.pop()
    this.views = []
    return views
  }

  #writeList(): number {
    this.#keepsSegments = false
    const words = this.#fixups.concat(this.#segments)
    const list = this.alloc(4 * words.length, 4)
    words.forEach((word, i) => {
      this.view.setUint32(this.origin + list + 4 * i, word, true)
    })
    return list
  }
}

/** Setting the length of an array costs as much as a whole call, so not when it is empty already. */
function clear(list: unknown[]): void {
  if (list.length !== 0) list.length = 0
}

const pool: Scratch[] = []

/** A scratch that nobody uses. */
export function takeScratch(): Scratch {
  return pool.pop() ?? new Scratch()
}

/** Gives a scratch back, with the top of the call stack where it was; the scratch keeps nothing alive. */
export function returnScratch(scratch: Scratch, base: number): void {
  setTop(base)
  if (scratch.callbacks.length !== 0) releaseAll(scratch.callbacks)
  clear(scratch.views)
  scratch.outlives = false
  scratch.bytes = stack.bytes
  scratch.view = stack.view
  pool.push(scratch)
}
