// Turns pointers into arguments, out-parameters and results of C functions.
import {
  createExternalBuffer,
  createPointer,
  DataType,
  freePointer,
  load,
  type Pointer,
  PointerType,
  restorePointer,
  unwrapPointer,
  wrapPointer,
} from 'holdfast'
import { describe, expect, it } from 'vitest'
import { c, library, refusal } from './calls.js'

const { I32, U64, U8Array, Usize, Double, Boolean: Bool, External, String: Text, Void } = DataType
const { CPointer, RsPointer } = PointerType

function freeC(pointer: Pointer): void {
  freePointer({ paramsType: [External], paramsValue: [pointer], pointerType: CPointer })
}

describe('out-parameters', () => {
  it('are read back after the call', () => {
    const types = [I32, Double, Bool, U64] as const
    const outs = createPointer({ paramsType: types, paramsValue: [0, 0, false, 0] })
    c.out_int(outs[0])
    c.out_double(outs[1])
    c.out_bool(outs[2])
    c.out_u64(outs[3])
    expect(restorePointer({ retType: types, paramsValue: outs })).toEqual([42, 1.5, true, 2n ** 64n - 1n])
    freePointer({ paramsType: types, paramsValue: outs, pointerType: RsPointer })
  })

  it('change both ways', () => {
    const [a, b] = createPointer({ paramsType: [I32, I32], paramsValue: [1, 2] })
    c.swap_ints(a, b)
    c.swap_ints([a, a])
    expect([a.read(I32), b.read(I32)]).toEqual([2, 1])
    a.free()
    b.free()
  })

  it('give strings and pointers of C', () => {
    const [text, pointer, none] = createPointer({
      paramsType: [External, External, External],
      paramsValue: [null, null, null],
    })
    c.out_string(text)
    c.out_ptr(pointer)
    c.out_null(none)
    expect(text.read(Text)).toBe('out string')
    expect(unwrapPointer([pointer])[0].read(I32)).toBe(42)
    expect(none.read(Text)).toBeNull()
    freePointer({ paramsType: [External, External, External], paramsValue: [text, pointer, none] })
  })

  it('replace the string that a created String points to, which is freed all the same', () => {
    const [slot] = createPointer({ paramsType: [Text], paramsValue: ['ours'] })
    const [ours] = unwrapPointer([slot])
    c.out_string(slot)
    expect(slot.read(Text)).toBe('out string')
    slot.free()
    expect(ours.state).toBe('freed')
  })

  it('give a block of C and its size', () => {
    const [block, size] = createPointer({ paramsType: [External, Usize], paramsValue: [null, 0] })
    c.out_buffer(block, size, 300)
    const [bytes] = unwrapPointer([block])
    const length = size.read(Usize) as number
    expect(createExternalBuffer(bytes, length)[299]).toBe(299 % 256)
    freeC(bytes)
    block.free()
    size.free()
  })
})

describe('an address that C returns', () => {
  it('inside memory of ours is an interior pointer and dies with its owner', () => {
    const [slot] = createPointer({ paramsType: [DataType.I32Array], paramsValue: [[1, 2, 3]] })
    const [list] = unwrapPointer([slot])
    const second = c.offset_ptr(list, 4)
    expect([second.byteLength, second.allocator, second.read(I32)]).toEqual([8, 'rust', 2])
    expect(() => second.free()).toThrow(refusal('ERR_FFI_NOT_OWNER'))
    slot.free()
    expect(second.state).toBe('freed')
    expect(() => c.read_int(second)).toThrow(
      refusal('ERR_FFI_USE_AFTER_FREE', { functionName: 'read_int', position: 0 }),
    )
  })

  it('equal to the beginning of a block of ours frees that block', () => {
    const [block] = createPointer({ paramsType: [I32], paramsValue: [1] })
    c.id_ptr(block).free()
    expect(block.state).toBe('freed')
  })

  it('is one piece of memory however often it is returned', () => {
    const block = c.malloc_int(5)
    const again = c.id_ptr(block)
    expect(c.same_ptr(block, again)).toBe(true)
    freeC(again)
    expect(block.state).toBe('freed')
    expect(() => freeC(block)).toThrow(refusal('ERR_FFI_DOUBLE_FREE'))
  })

  it('is found in memory of ours by reading it as External', () => {
    const [target] = createPointer({ paramsType: [I32], paramsValue: [77] })
    const [slot] = createPointer({ paramsType: [External], paramsValue: [target] })
    const found = c.read_ptr(slot)
    expect(found.byteLength).toBe(4)
    target.free()
    expect(found.state).toBe('freed')
    slot.free()
  })
})

describe('memory of C', () => {
  it('is freed with CPointer, of External the address itself', () => {
    const pointer = c.malloc_int(3)
    freeC(pointer)
    expect(pointer.state).toBe('freed')
  })

  it('is freed behind a wrapper with the type of the string, and the wrapper with it', () => {
    const [slot] = createPointer({ paramsType: [External], paramsValue: [null] })
    c.out_malloc_string(slot)
    const [text] = unwrapPointer([slot])
    const wrapper = wrapPointer([text])[0]
    expect(restorePointer({ retType: [Text], paramsValue: [wrapper] })).toEqual(['out string'])
    freePointer({ paramsType: [Text], paramsValue: [wrapper], pointerType: CPointer })
    expect([text.state, wrapper.state]).toEqual(['freed', 'freed'])
    slot.free()
  })

  it('is freed behind a wrapper with a bare array type', () => {
    const wrapper = wrapPointer([c.malloc_block(16)])[0]
    freePointer({ paramsType: [U8Array], paramsValue: [wrapper], pointerType: CPointer })
    expect(wrapper.state).toBe('freed')
  })

  it('goes back through the release function of its library', () => {
    const before = c.live_blocks()
    const block = c.block_alloc(8)
    c.write_byte(block, 3, 9)
    expect([c.read_byte(block, 3), c.live_blocks()]).toEqual([9, before + 1])
    c.block_free(block)
    expect(c.live_blocks()).toBe(before)
  })
})

describe('pointers as arguments', () => {
  it('are declared as numbers too: an address as U64 finds its memory again', () => {
    const [block] = createPointer({ paramsType: [I32], paramsValue: [64] })
    const found = load({
      library,
      funcName: 'id_ptr',
      retType: External,
      paramsType: [U64],
      paramsValue: [block.address],
    })
    expect([found.byteLength, found.read(I32)]).toEqual([4, 64])
    block.free()
    expect(found.state).toBe('freed')
  })

  it('write through', () => {
    const [int, double] = createPointer({ paramsType: [I32, Double], paramsValue: [0, 0] })
    c.write_int(int, -8)
    c.write_double(double, 2.5)
    expect([c.read_int(int), c.read_double(double)]).toEqual([-8, 2.5])
    int.free()
    double.free()
  })

  it('that are alive as Void are restored as undefined', () => {
    const [int] = createPointer({ paramsType: [I32], paramsValue: [0] })
    expect(restorePointer({ retType: [Void], paramsValue: [int] })).toEqual([undefined])
    int.free()
  })
})

describe('createExternalBuffer', () => {
  it('shares the memory both ways', () => {
    const [block] = createPointer({ paramsType: [U64], paramsValue: [0] })
    const buffer = createExternalBuffer(block, 8)
    c.write_byte(block, 2, 200)
    buffer[5] = 7
    expect([buffer.length, buffer[2], c.read_byte(block, 5)]).toEqual([8, 200, 7])
    block.free()
  })

  it('is detached when its memory is freed, from whichever allocator', () => {
    const [ours] = createPointer({ paramsType: [U64], paramsValue: [0] })
    const theirs = c.malloc_block(16)
    const buffers = [createExternalBuffer(ours, 8), createExternalBuffer(ours, 4), createExternalBuffer(theirs, 16)]
    expect(buffers.map((buffer) => buffer.length)).toEqual([8, 4, 16])
    ours.free()
    freeC(theirs)
    expect(buffers.map((buffer) => buffer.length)).toEqual([0, 0, 0])
    expect(buffers[0]?.[0]).toBeUndefined()
  })

  it('may be empty', () => {
    const [block] = createPointer({ paramsType: [U64], paramsValue: [0] })
    expect(createExternalBuffer(block, 0).length).toBe(0)
    block.free()
  })

  it('refuses more than is there with ERR_FFI_OUT_OF_BOUNDS or ERR_FFI_BAD_ADDRESS', () => {
    const [block] = createPointer({ paramsType: [U64], paramsValue: [0] })
    expect(() => createExternalBuffer(block, 9)).toThrow(refusal('ERR_FFI_OUT_OF_BOUNDS'))
    expect(() => createExternalBuffer(c.before_fault(4), 5)).toThrow(refusal('ERR_FFI_BAD_ADDRESS'))
    expect(() => createExternalBuffer(c.null_ptr(), 1)).toThrow(refusal('ERR_FFI_NULL_POINTER'))
    block.free()
    expect(() => createExternalBuffer(block, 8)).toThrow(refusal('ERR_FFI_USE_AFTER_FREE'))
  })
})
