//! What moves with a frame, where it lies then, and what comes back.

use std::ptr::NonNull;

use super::{CallStack, Field, Frame, MovedFrame};
use crate::error::Code;
use crate::memory::View;
#[cfg(unix)]
use crate::memory::{GuardOptions, Memory, Side};

const START: u32 = 48;
const LEAST: usize = 320;

/// A call stack whose only frame has `scratch` behind 48 bytes of slots.
fn stack(scratch: &[u8]) -> (Vec<u128>, Frame) {
    let mut memory = vec![0u128; 64];
    let base = NonNull::new(memory.as_mut_ptr().cast()).unwrap();
    // SAFETY: 1024 initialised bytes, aligned as `u128` is, that the returned vector keeps.
    let stack = unsafe { CallStack::new(base, 1024) };
    stack.top().unwrap().set(Field::ScratchEnd, START + scratch.len() as u32);
    let frame = stack.top().unwrap();
    frame.copy_in(START, scratch);
    (memory, frame)
}

fn view(bytes: &mut [u8]) -> View {
    View { address: bytes.as_mut_ptr() as usize, length: bytes.len() }
}

fn bytes_at(moved: &mut MovedFrame, view: usize) -> Vec<u8> {
    let View { address, length } = moved.views()[view];
    let offset = address - moved.addresses().start;
    moved.frame().copy_out(offset as u32, length as u32)
}

#[test]
fn slots_and_scratch_keep_their_offsets() {
    let (_memory, frame) = stack(b"scratch");
    frame.set_long(40, 0x0123_4567_89ab_cdef);
    let mut moved = MovedFrame::new(frame, START, &[], LEAST).unwrap();
    frame.set_long(40, 0);
    let copy = moved.frame();
    assert_eq!(copy.long(40), 0x0123_4567_89ab_cdef);
    assert_eq!(copy.copy_out(START, 7), b"scratch");
    assert!(copy.capacity() >= LEAST && moved.addresses().start.is_multiple_of(16));
}

#[test]
fn scratch_that_had_moved_to_a_buffer_is_scratch_again() {
    let (_memory, frame) = stack(b"");
    let (mut first, mut heap) = ([1u8, 2], [0u8; 64]);
    heap[START as usize..][..4].copy_from_slice(b"heap");
    frame.set(Field::ScratchEnd, START + 4);
    frame.set(Field::HeapScratch, 2);
    let mut moved = MovedFrame::new(frame, START, &[view(&mut first), view(&mut heap)], LEAST).unwrap();
    assert_eq!(moved.frame().copy_out(START, 4), b"heap");
    assert_eq!((moved.frame().get(Field::HeapScratch), moved.views().len()), (0, 1));
    assert_eq!(bytes_at(&mut moved, 0), [1, 2]);
}

#[test]
fn buffers_are_copied_there_and_back() {
    let (_memory, frame) = stack(b"");
    let (mut one, mut none) = (*b"one", []);
    let views = [view(&mut one), view(&mut none)];
    let mut moved = MovedFrame::new(frame, START, &views, LEAST).unwrap();
    one.copy_from_slice(b"---");
    assert_eq!(bytes_at(&mut moved, 0), b"one");
    let offset = moved.views()[0].address - moved.addresses().start;
    moved.frame().copy_in(offset as u32, b"two");
    moved.copy_back(&views).unwrap();
    assert_eq!(&one, b"two");
}

#[test]
fn buffers_that_overlap_share_their_copy() {
    let (_memory, frame) = stack(b"");
    let mut bytes = *b"abcdefgh";
    let whole = view(&mut bytes);
    let part = View { address: whole.address + 6, length: 2 };
    let first = View { address: whole.address, length: 4 };
    let after = View { address: whole.address + 4, length: 3 };
    let views = [part, first, after];
    let mut moved = MovedFrame::new(frame, START, &views, LEAST).unwrap();
    assert_eq!(
        [bytes_at(&mut moved, 0), bytes_at(&mut moved, 1), bytes_at(&mut moved, 2)],
        [&b"gh"[..], b"abcd", b"efg"]
    );
    let [end, _, middle] = [0, 1, 2].map(|i| moved.views()[i].address);
    assert_eq!(end - middle, 2, "the byte that two share is one byte");
}

#[test]
fn a_buffer_that_is_not_what_it_was_gets_nothing_back() {
    let (_memory, frame) = stack(b"");
    let (mut one, mut two) = (*b"one", *b"two");
    let views = [view(&mut one), view(&mut two)];
    let moved = MovedFrame::new(frame, START, &views, LEAST).unwrap();
    one.copy_from_slice(b"---");
    let detached = View { address: 0, length: 0 };
    assert_eq!(moved.copy_back(&[views[0], detached]), Err(Code::BufferDetached));
    assert_eq!(moved.copy_back(&views[..1]), Err(Code::BufferDetached));
    assert_eq!(&one, b"---");
}

#[test]
#[cfg(unix)]
fn guarded_copies_are_kept_only_when_the_buffers_lie_in_them() {
    let mut memory = Memory::default().with_guard(GuardOptions { side: Some(Side::After), quarantine: 0 });
    let (_memory, frame) = stack(b"");
    let mut one = *b"one";
    let views = [view(&mut one)];
    let mut moved = MovedFrame::new(frame, START, &views, LEAST).unwrap();
    let address = memory.reserve_argument(3, 1).unwrap();
    memory.fill_argument(address, b"two").unwrap();
    let past = View { address: address + 1, length: 3 };
    assert_eq!(moved.keep(memory.take_arguments(0), vec![past]), Err(Code::Internal));
    moved.copy_back(&views).unwrap();
    assert_eq!(&one, b"one");
    let address = memory.reserve_argument(3, 1).unwrap();
    memory.fill_argument(address, b"two").unwrap();
    moved.keep(memory.take_arguments(0), vec![View { address, length: 3 }]).unwrap();
    moved.copy_back(&views).unwrap();
    assert_eq!(&one, b"two");
    drop(moved.take_copies());
    assert_eq!(moved.copy_back(&views), Err(Code::BufferDetached));
}

#[test]
fn a_header_that_contradicts_itself_is_refused() {
    let (_memory, frame) = stack(b"");
    assert_eq!(MovedFrame::new(frame, 4096, &[], LEAST).unwrap_err(), Code::StackOverflow);
    frame.set(Field::ScratchEnd, 4096);
    assert_eq!(MovedFrame::new(frame, START, &[], LEAST).unwrap_err(), Code::Internal);
    frame.set(Field::HeapScratch, 3);
    assert_eq!(MovedFrame::new(frame, START, &[], LEAST).unwrap_err(), Code::Internal);
}
