//! Calls on other threads: what they carry, what they hold, what happens when they are taken back or left behind.
#![cfg(unix)]

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::front::{Argument, Called, Code, Field, Front, Function, Handle, NO_POSITION, Options, View, everywhere};

/// A pipe: calls that read from it wait until something is written.
fn pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: room for the two descriptors.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    // SAFETY: a descriptor that nobody else owns.
    let from = unsafe { File::from_raw_fd(ends[0]) };
    // SAFETY: as above.
    (from, unsafe { File::from_raw_fd(ends[1]) })
}

fn word(value: i64) -> Argument<'static> {
    Argument::Word(value.cast_unsigned())
}

/// Two threads, and a bell that a test can wait for.
fn listen(front: &mut Front) -> Receiver<()> {
    let (ring, bell) = channel();
    let ring = move || {
        // The test may have ended, and with it the other side.
        let _ = ring.send(());
    };
    front.runtime.listen(Box::new(ring), 2);
    bell
}

fn submit(
    front: &mut Front,
    function: &Function,
    arguments: &[Argument<'_>],
    views: &[View],
) -> Result<u32, (Code, u32)> {
    front.write(function, arguments);
    match front.runtime.submit(views) {
        0 => Err((Code::ALL[front.frame().get(Field::Status) as usize - 1], front.frame().get(Field::Position))),
        ticket => Ok(ticket),
    }
}

fn await_one(front: &mut Front, bell: &Receiver<()>) -> u32 {
    bell.recv_timeout(Duration::from_secs(20)).unwrap();
    let completed = front.runtime.completed();
    assert_eq!(completed.len(), 1);
    completed[0]
}

fn collect(front: &mut Front, ticket: u32, views: &[View]) -> Called {
    front.choose(ticket);
    let outcome = front.runtime.collect(views);
    match front.frame().get(Field::Status) {
        0 => Ok(outcome),
        status => Err((Code::ALL[status as usize - 1], front.frame().get(Field::Position))),
    }
}

/// A handle of a block of 64 bytes.
fn block(front: &mut Front) -> Handle {
    let layout = holdfast_core::plan::Layout::of(&holdfast_core::signature::read_type("[64]u8").unwrap()).unwrap();
    front.runtime.memory().create(64, layout.into(), Vec::new(), Vec::new(), |_, _, _| Ok(())).unwrap()
}

#[test]
fn a_call_carries_scratch_there_and_its_result_back() {
    everywhere(|front| {
        let bell = listen(front);
        let options = Options { free_result: true, errno: true };
        let strdup = front.bind_in(None, "strdup", "str(str)", options);
        let ticket = submit(front, &strdup, &[Argument::Text("there and back")], &[]).unwrap();
        assert_eq!(front.runtime.pending(), 1);
        assert_eq!(await_one(front, &bell), ticket);
        let called = collect(front, ticket, &[]);
        assert_eq!(front.text(called).as_deref(), Some("there and back"));
        assert_eq!(front.runtime.pending(), 0);
        assert_eq!(collect(front, ticket, &[]), Err((Code::Internal, NO_POSITION)), "a result is taken once");
    });
}

#[test]
fn buffers_are_written_when_the_result_is_taken() {
    everywhere(|front| {
        let bell = listen(front);
        let mut bytes = *b"before";
        let views = [View { address: bytes.as_mut_ptr() as usize, length: 6 }];
        let memset = front.bind("memset", "ptr(*u8,i32,usize)");
        for now in [&views[..], &[]] {
            bytes = *b"before";
            let ticket = submit(front, &memset, &[Argument::View(0), word(7), word(6)], &views).unwrap();
            await_one(front, &bell);
            assert_eq!(&bytes, b"before");
            let called = collect(front, ticket, now);
            if now.is_empty() {
                assert_eq!(called, Err((Code::BufferDetached, NO_POSITION)));
                assert_eq!(&bytes, b"before");
            } else {
                assert_eq!((called.is_ok(), bytes), (true, [7; 6]));
                assert_eq!(front.handle(), Handle::EXPIRED, "what it returned lay in its frame");
            }
        }
    });
}

#[test]
fn memory_that_is_freed_while_a_call_uses_it_stays_until_the_result_is_taken() {
    everywhere(|front| {
        let bell = listen(front);
        let (from, mut to) = pipe();
        let read = front.bind("read", "isize(i32,ptr,usize)");
        let handle = block(front);
        let arguments = [word(i64::from(from.as_raw_fd())), Argument::Handle(handle), word(64)];
        let ticket = submit(front, &read, &arguments, &[]).unwrap();
        front.runtime.memory().free(handle, None).unwrap();
        assert_eq!(submit(front, &read, &arguments, &[]), Err((Code::UseAfterFree, 1)));
        assert_eq!((front.runtime.memory().counters().blocks, front.runtime.memory().counters().pins), (1, 1));
        to.write_all(b"late").unwrap();
        await_one(front, &bell);
        assert_eq!(front.runtime.memory().counters().blocks, 1);
        collect(front, ticket, &[]).unwrap();
        assert_eq!(front.result(), 4);
        assert_eq!((front.runtime.memory().counters().blocks, front.runtime.memory().counters().pins), (0, 0));
    });
}

#[test]
fn a_call_that_waits_is_taken_back_and_a_running_one_is_not() {
    everywhere(|front| {
        let bell = listen(front);
        let (from, mut to) = pipe();
        let read = front.bind("read", "isize(i32,ptr,usize)");
        let handle = block(front);
        let arguments = [word(i64::from(from.as_raw_fd())), Argument::Handle(handle), word(1)];
        // Other tests of this process use the same two threads; of three calls, one waits at least.
        let tickets = [0; 3].map(|_| submit(front, &read, &arguments, &[]).unwrap());
        assert!(front.runtime.cancel(tickets[2]).unwrap());
        assert!(!front.runtime.cancel(tickets[2]).unwrap());
        assert_eq!((front.runtime.pending(), front.runtime.memory().counters().pins), (2, 2));
        to.write_all(b"xy").unwrap();
        let mut ended = 0;
        while ended < 2 {
            bell.recv_timeout(Duration::from_secs(20)).unwrap();
            for ticket in front.runtime.completed() {
                assert!(!front.runtime.cancel(ticket).unwrap());
                collect(front, ticket, &[]).unwrap();
                ended += 1;
            }
        }
        assert_eq!((front.runtime.pending(), front.runtime.memory().counters().pins), (0, 0));
    });
}

#[test]
fn what_is_refused_holds_nothing() {
    everywhere(|front| {
        let memset = front.bind("memset", "ptr(ptr,i32,usize)");
        let handle = block(front);
        let arguments = [Argument::Handle(handle), word(0), word(1)];
        assert_eq!(submit(front, &memset, &arguments, &[]), Err((Code::Internal, NO_POSITION)), "nobody listens");
        let _bell = listen(front);
        front.runtime.memory().free(handle, None).unwrap();
        assert_eq!(submit(front, &memset, &arguments, &[]), Err((Code::UseAfterFree, 0)));
        front.write(&memset, &arguments);
        front.choose(9999);
        assert_eq!((front.runtime.submit(&[]), front.frame().get(Field::Status)), (0, Code::Unbound as u32));
        let counters = front.runtime.memory().counters();
        assert_eq!((front.runtime.pending(), counters.pins, counters.blocks), (0, 0, 0));
    });
}

#[test]
fn a_running_call_keeps_what_it_uses_when_its_environment_ends() {
    let (from, mut to) = pipe();
    let (echo_from, echo_to) = pipe();
    everywhere(|front| {
        let _bell = listen(front);
        let read = front.bind("read", "isize(i32,ptr,usize)");
        let handle = block(front);
        let arguments = [word(i64::from(from.as_raw_fd())), Argument::Handle(handle), word(64)];
        submit(front, &read, &arguments, &[]).unwrap();
        let write = front.bind("write", "isize(i32,str,usize)");
        let text = [word(i64::from(echo_to.as_raw_fd())), Argument::Text("x"), word(1)];
        submit(front, &write, &text, &[]).unwrap();
    });
    // Under a sanitizer, a read into freed memory would be reported here.
    to.write_all(&[7; 3 * 64]).unwrap();
    drop(echo_from);
}

#[test]
fn nobody_is_rung_for_after_the_silencer() {
    everywhere(|front| {
        let bell = listen(front);
        let abs = front.bind("abs", "i32(i32)");
        front.runtime.silencer()();
        submit(front, &abs, &[word(-5)], &[]).unwrap();
        // The call ends without a ring, and what it left can still be taken.
        let patience = Instant::now() + Duration::from_secs(20);
        while front.runtime.completed().is_empty() {
            assert!(Instant::now() < patience, "the call is over some time");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(bell.recv_timeout(Duration::from_millis(50)).is_err());
    });
}
