// Turns what was done so far into what must come next: blocks as plain bytes, pointers as places in them.
import type { OpenedLibrary, Pointer, Scope } from 'holdfast'

/** What a step gives: a value, or the code of the error it throws. */
export type Outcome = string | number | boolean | undefined

/** Memory, as the model sees it. */
export interface Block {
  /**
   * Who has made it: `createPointer`; C, borrowed (`c`) or given away (`given` is malloc's, a `box` its library's); nobody
   * (`static`); or a callback, whose `code` it is.
   */
  readonly kind: 'rust' | 'c' | 'given' | 'box' | 'static' | 'code'
  /** Known bytes; Infinity when only C knows. */
  readonly size: number
  /** What JavaScript and C have written there, unless it holds a pointer. */
  readonly bytes: DataView
  /** Where the pointer in it leads; undefined when it holds none. */
  content: Place | null | undefined
  state: 'live' | 'freed' | 'moved'
  /** How many outermost calls had begun when it was made. */
  readonly born: number
  /** Asynchronous calls that use it; while one may read there, nobody writes. */
  pins: number
  /** The code that ends with it. */
  code?: Block
}

/** Where a pointer leads. */
export interface Place {
  readonly block: Block
  readonly offset: number
  readonly length: number
}

/** A pointer object, with where it leads; null is NULL. */
export interface Held {
  readonly pointer: Pointer
  readonly place: Place | null
}

/** A scope that has not ended, and what it will release. */
export interface OpenScope {
  scope?: Scope
  readonly made: Map<Pointer, Block>
  readonly libraries: Set<string>
}

/** An asynchronous call, what its promise must give, and what it uses. */
export interface Pending {
  readonly promise: Promise<unknown>
  readonly expected: Outcome
  readonly uses: readonly Block[]
}

/** A callback of `createPointer`, or one that C kept longer than its call lasted. */
export interface Callback {
  /** What C calls; undefined when only C knows it. */
  readonly code?: { readonly pointer: Pointer; readonly block: Block }
  /** What its next invocation does, when that is decided by who calls. */
  next?: ((value: number) => number) | undefined
  /** A warning was given that C called it after its release. */
  warned: boolean
}

/** All that one sequence of steps has made. */
export class Model {
  /** @param boxesBefore how many there were; @param warnings how many there must have been */
  constructor(
    readonly boxesBefore: number,
    public warnings: number,
  ) {}

  readonly held: Held[] = []
  readonly pending: Pending[] = []
  readonly scopes: OpenScope[] = []
  readonly libraries = new Map<string, OpenedLibrary>()
  /** Blocks that the collector does not take. Their pointers are kept until the end. */
  readonly kept = new Map<Block, { readonly pointer: Pointer; readonly place: Place }>()
  readonly leaked = new Set<Block>()
  /** Buffers over blocks. */
  readonly buffers: { readonly buffer: Buffer; readonly place: Place }[] = []
  /** Pointers that end with a box. */
  readonly lent: { readonly pointer: Pointer; readonly owner: Block }[] = []
  readonly callbacks: Callback[] = []
  /** The callback that C has kept; null is NULL. */
  keptByC: Callback | null = null
  /** Boxes that C has taken over. */
  readonly shelf: Block[] = []
  /** Boxes that nobody has released. */
  readonly boxes = new Set<Block>()
  /** How many calls are running, and how many outermost ones have begun. */
  depth = 0
  calls = 0
  /** What the outermost running call will throw, and how many errors met after that. */
  failure: { readonly outcome: Outcome; later: number } | undefined
  /** A difference found where what is thrown may get lost: in a callback. */
  wrong: Error | undefined

  block(kind: Block['kind'], size: number, content?: Place | null): Block {
    const bytes = new DataView(new ArrayBuffer(Math.min(size, 64)))
    return { kind, size, bytes, content, state: 'live', born: this.calls, pins: 0 }
  }

  /** A new block of `createPointer`, which the innermost scope releases. */
  made(pointer: Pointer, size: number, content?: Place | null): Block {
    return this.owned(pointer, this.block('rust', size, content))
  }

  /** A block with an i32 that C has made. */
  ofC(pointer: Pointer, kind: Block['kind'], value: number): Block {
    const block = this.block(kind, Number.POSITIVE_INFINITY)
    block.bytes.setInt32(0, value, true)
    if (kind === 'c') this.hold(pointer, { block, offset: 0, length: block.size })
    else this.owned(pointer, block)
    if (kind === 'box') this.boxes.add(block)
    if (kind !== 'given') this.keep(pointer, block)
    return block
  }

  owned(pointer: Pointer, block: Block): Block {
    this.scopes.at(-1)?.made.set(pointer, block)
    this.hold(pointer, { block, offset: 0, length: block.size })
    return block
  }

  hold(pointer: Pointer, place: Place | null): void {
    this.held.push({ pointer, place })
  }

  keep(pointer: Pointer, block: Block, offset = 0): void {
    this.kept.set(block, { pointer, place: { block, offset, length: block.size - offset } })
  }

  /** The end of a block, by whatever means. */
  end(block: Block, state: 'freed' | 'moved' = 'freed'): void {
    block.state = state
    this.kept.delete(block)
    this.leaked.delete(block)
    if (state === 'freed') this.boxes.delete(block)
    if (block.code !== undefined) block.code.state = 'freed'
  }

  /** A pointer object was used to release what it leads to. */
  forget(pointer: Pointer): void {
    for (const { made } of this.scopes) made.delete(pointer)
  }

  /** The innermost scope ends. */
  endScope(): void {
    const scope = this.scopes.pop()
    for (const block of scope?.made.values() ?? [])
      if (block.state === 'live' && !this.leaked.has(block)) this.end(block)
    for (const key of scope?.libraries ?? []) this.libraries.delete(key)
  }

  /** The fewest blocks there can be: those that something held leads to. */
  reachable(): number {
    const found = new Set<Block>()
    const visit = (place: Place | null | undefined) => {
      if (place?.block.kind !== 'rust' || place.block.state === 'freed' || found.has(place.block)) return
      found.add(place.block)
      visit(place.block.content)
    }
    for (const { place } of this.held) visit(place)
    for (const { place } of this.buffers) visit(place)
    for (const block of this.kept.keys()) visit({ block, offset: 0, length: block.size })
    return found.size
  }
}
