// Turns what was done so far into what must come next: blocks as plain bytes, pointers as places in them.
import type { OpenedLibrary, Pointer } from 'holdfast'

/** What a step gives: a value, or the code of the error it throws. */
export type Outcome = string | number | boolean | undefined

/** Memory, as the model sees it. */
export interface Block {
  readonly kind: 'rust' | 'c' | 'static'
  /** Known bytes; Infinity when only C knows. */
  readonly size: number
  /** What JavaScript and C have written there, unless it holds a pointer. */
  readonly bytes: DataView
  /** Where the pointer in it leads; undefined when it holds none. */
  content: Place | null | undefined
  state: 'live' | 'freed'
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

/** What a scope that has not ended will release. */
export interface OpenScope {
  readonly blocks: Set<Block>
  readonly libraries: Set<string>
}

/** An asynchronous call, and what its promise must give. */
export interface Pending {
  readonly promise: Promise<unknown>
  readonly expected: Outcome
}

/** All that one sequence of steps has made. */
export class Model {
  readonly held: Held[] = []
  readonly pending: Pending[] = []
  readonly scopes: OpenScope[] = []
  readonly libraries = new Map<string, OpenedLibrary>()
  /** Blocks that nobody collects: leaked ones, and those of C. Their pointers are kept until the end. */
  readonly kept = new Map<Block, { readonly pointer: Pointer; readonly place: Place }>()
  /** Buffers over blocks. */
  readonly buffers: { readonly buffer: Buffer; readonly place: Place }[] = []

  block(kind: Block['kind'], size: number, content?: Place | null): Block {
    const bytes = new DataView(new ArrayBuffer(Math.min(size, 64)))
    return { kind, size, bytes, content, state: 'live' }
  }

  /** A new block of `createPointer` in the innermost scope. */
  made(pointer: Pointer, size: number, content?: Place | null): Block {
    const block = this.block('rust', size, content)
    this.scopes.at(-1)?.blocks.add(block)
    this.hold(pointer, { block, offset: 0, length: size })
    return block
  }

  hold(pointer: Pointer, place: Place | null): void {
    this.held.push({ pointer, place })
  }

  /** The end of a block, by whatever means. */
  end(block: Block): void {
    block.state = 'freed'
    this.kept.delete(block)
    for (const scope of this.scopes) scope.blocks.delete(block)
  }

  /** The innermost scope ends. */
  endScope(): void {
    const scope = this.scopes.pop()
    for (const block of scope?.blocks ?? []) if (!this.kept.has(block)) this.end(block)
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

/** Whether a place is in a block, or leads there through the pointers in blocks. */
export function leadsTo(place: Place | null | undefined, block: Block): boolean {
  if (!place || place.block.state === 'freed') return false
  return place.block === block || leadsTo(place.block.content, block)
}

/** Why a place cannot be used, as any use says it. */
export function unusable(place: Place | null): string | undefined {
  if (place === null) return 'ERR_FFI_NULL_POINTER'
  return place.block.state === 'freed' ? 'ERR_FFI_USE_AFTER_FREE' : undefined
}

/** Why `size` bytes at `offset` of a place cannot be read or written. */
export function inaccessible(place: Place | null, offset: number, size: number, align: number): string | undefined {
  const reason = unusable(place)
  if (reason !== undefined || place === null) return reason
  if (offset + size > place.length) return 'ERR_FFI_OUT_OF_BOUNDS'
  return (place.offset + offset) % align === 0 ? undefined : 'ERR_FFI_MISALIGNED'
}

/** Why a place cannot be freed; `asC`: by libc, on the caller's word. */
export function unfreeable(place: Place | null, asC: boolean): string | undefined {
  if (place === null) return undefined
  const { block, offset } = place
  if (block.state === 'freed') return 'ERR_FFI_DOUBLE_FREE'
  if (offset !== 0) return 'ERR_FFI_NOT_OWNER'
  if (block.kind === 'rust') return asC ? 'ERR_FFI_ALLOCATOR_MISMATCH' : undefined
  if (!asC) return 'ERR_FFI_NOT_OWNER'
  return block.kind === 'static' ? 'ERR_FFI_ALLOCATOR_MISMATCH' : undefined
}

/** The place that C's address for this one is found to be: with all that is known behind it. */
export function found(place: Place | null): Place | null {
  return place === null ? null : { ...place, length: place.block.size - place.offset }
}
