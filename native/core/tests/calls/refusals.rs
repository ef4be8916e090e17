//! Calls that are refused say why and whose fault it is; calls that lead to more calls do not disturb one another.

use super::front::{Argument, Code, FIRST, Field, Front, Function, NO_POSITION, Options, STACK, everywhere};
use holdfast_core::registry::{Allocator, Handle};

fn integer(value: i64) -> Argument<'static> {
    Argument::Word(value.cast_unsigned())
}

fn bytes_of(front: &Front, function: &Function) -> Vec<u8> {
    let mut bytes = front.frame().copy_out(0, function.frame_size + 64);
    // The refusal itself.
    bytes[Field::Status as usize..Field::Position as usize + 4].fill(0);
    bytes
}

#[test]
fn a_function_that_is_not_bound_or_whose_library_is_closed_is_refused_with_its_frame_left_alone() {
    everywhere(|front| {
        let (engine, _) = front.runtime.compile("usize(str)", Options::default()).unwrap();
        let library = front.runtime.open(None).unwrap();
        let number = front.runtime.bind(library, "strlen", engine).unwrap();
        let mut strlen = front.bind("strlen", "usize(str)");
        front.runtime.close(library);
        assert_eq!(front.runtime.bind(library, "strlen", engine).unwrap_err().code, Code::LibraryClosed);
        for (number, expected) in [(number, Code::LibraryClosed), (0, Code::Unbound), (999, Code::Unbound)] {
            let bound = strlen.number;
            strlen.number = number;
            front.write(&strlen, &[Argument::Text("unmoved")]);
            let before = bytes_of(front, &strlen);
            assert_eq!(front.enter(&[]), Err((expected, NO_POSITION)));
            assert_eq!(bytes_of(front, &strlen), before);
            strlen.number = bound;
            front.choose(bound);
            assert!(front.enter(&[]).is_ok(), "the same frame can be called with another function");
            assert_eq!(front.result(), 7);
        }
    });
}

#[test]
fn a_dead_pointer_is_refused_with_its_position() {
    everywhere(|front| {
        let memcmp = front.bind("memcmp", "i32(ptr,ptr,usize)");
        let malloc = front.bind("malloc", "ptr(usize)");
        let [live, dead] = [16, 16].map(|size| {
            front.call(&malloc, &[integer(size)]).unwrap();
            front.handle()
        });
        front.runtime.memory().free(dead, Some(Allocator::C)).unwrap();
        for (a, b, position) in [(dead, live, 0), (live, dead, 1), (live, Handle::EXPIRED, 1), (dead, dead, 0)] {
            let refused = front.call(&memcmp, &[Argument::Handle(a), Argument::Handle(b), integer(1)]);
            assert_eq!(refused, Err((Code::UseAfterFree, position)));
        }
        assert!(front.call(&memcmp, &[Argument::Handle(live), Argument::Handle(live), integer(0)]).is_ok());
        front.runtime.memory().free(live, Some(Allocator::C)).unwrap();
    });
}

#[test]
fn a_reference_outside_scratch_is_refused_with_its_position() {
    everywhere(|front| {
        let strncmp = front.bind("strncmp", "i32(str,str,usize)");
        for wild in [Argument::Word(1), Argument::Word(u64::MAX), Argument::Word(1 << 20), Argument::View(0)] {
            let refused = front.call(&strncmp, &[Argument::Text("a"), wild, integer(1)]);
            assert_eq!(refused, Err((Code::Internal, 1)));
        }
        front.write(&strncmp, &[Argument::Text("a"), Argument::Text("a"), integer(1)]);
        for (field, wild) in [(Field::ScratchEnd, STACK), (Field::ScratchEnd, 0), (Field::HeapScratch, 1)] {
            let frame = front.frame();
            let right = frame.get(field);
            frame.set(field, wild);
            assert_eq!(front.enter(&[]), Err((Code::Internal, NO_POSITION)), "{field:?}");
            frame.set(field, right);
        }
    });
}

#[test]
fn a_frame_at_the_end_of_the_call_stack_is_refused() {
    everywhere(|front| {
        let abs = front.bind("abs", "i32(i32)");
        front.choose(abs.number);
        front.push(STACK - 32);
        assert_eq!(front.enter(&[]), Err((Code::StackOverflow, NO_POSITION)));
        for nowhere in [STACK - 16, STACK, FIRST + 8, u32::MAX] {
            front.push(nowhere);
            assert_eq!(front.runtime.begin(&[]).err(), Some(Code::StackOverflow), "no frame to write a status to");
            assert!(front.runtime.begin_plain().is_none());
        }
        front.push(FIRST);
        assert!(front.call(&abs, &[integer(-1)]).is_ok());
    });
}

#[test]
fn a_result_that_leads_nowhere_is_refused_after_the_call() {
    everywhere(|front| {
        for signature in ["str(i64)", "*i32(i64)", "*{str}(i64)", "wstr(i64)"] {
            let lying = front.bind("labs", signature);
            assert_eq!(front.call(&lying, &[integer(-16)]), Err((Code::BadAddress, NO_POSITION)), "{signature}");
        }
        assert_eq!(front.runtime.memory().counters().records, 0);
    });
}

#[test]
fn a_result_that_is_not_libcs_to_free_is_refused_with_an_explanation() {
    everywhere(|front| {
        let options = Options { free_result: true, errno: false };
        let strchr = front.bind_in(None, "strchr", "str(str,i32)", options);
        let refused = front.call(&strchr, &[Argument::Text("of the frame"), integer(i64::from(b'o'))]);
        assert_eq!(refused, Err((Code::AllocatorMismatch, NO_POSITION)));
        assert_eq!(front.runtime.explain(), "it lies in the frame of a call");
        assert_eq!(front.runtime.explain(), "");
    });
}

#[test]
fn a_call_in_progress_outlives_its_library_and_function_and_leaves_room_for_others() {
    everywhere(|front| {
        let abs = front.bind("abs", "i32(i32)");
        let (engine, description) = front.runtime.compile("i64(i64)", Options::default()).unwrap();
        let library = front.runtime.open(None).unwrap();
        let number = front.runtime.bind(library, "labs", engine).unwrap();
        let outer = Function { number, engine, frame_size: description[0], offsets: vec![description[2]] };
        front.write(&outer, &[integer(-9)]);
        let active = front.runtime.begin(&[]).unwrap();
        front.runtime.close(library);
        front.runtime.forget_function(number);
        front.runtime.forget_engine(engine);
        front.push(FIRST + 4096);
        assert!(front.call(&abs, &[integer(-5)]).is_ok());
        assert_eq!(front.result() as u32, 5);
        front.push(FIRST);
        assert!(active.execute().is_ok());
        front.runtime.finish(active);
        assert_eq!((front.frame().get(Field::Status), front.result()), (0, 9));
    });
}

#[test]
fn a_runtime_is_at_rest_while_no_frame_is_reserved_and_no_call_runs() {
    everywhere(|front| {
        let abs = front.bind("abs", "i32(i32)");
        front.write(&abs, &[integer(-5)]);
        assert!(front.runtime.is_at_rest());
        let active = front.runtime.begin(&[]).unwrap();
        assert!(!front.runtime.is_at_rest(), "a callback of this call sees arguments that are still in use");
        front.push(FIRST + 4096);
        assert!(front.call(&abs, &[integer(-1)]).is_ok());
        assert!(!front.runtime.is_at_rest(), "nor when a call within it has returned");
        front.push(FIRST);
        assert!(active.execute().is_ok());
        front.runtime.finish(active);
        assert!(front.runtime.is_at_rest());
        front.push(FIRST + 16);
        assert!(!front.runtime.is_at_rest(), "handles lie in a frame that is being written");
        front.push(FIRST);
    });
}

#[test]
fn tables_hold_what_was_not_forgotten_and_reuse_its_numbers() {
    everywhere(|front| {
        let abs = front.bind("abs", "i32(i32)");
        let (layout, _) = front.runtime.layout("{i32,str}").unwrap();
        assert_eq!(front.runtime.table_sizes(), [1, 1, 1, 1]);
        front.runtime.forget_engine(abs.engine);
        assert_eq!((front.runtime.print(abs.engine), front.call(&abs, &[integer(-1)]).is_ok()), (None, true));
        front.runtime.forget_function(abs.number);
        front.runtime.forget_layout(layout);
        assert_eq!(front.call(&abs, &[integer(-1)]), Err((Code::Unbound, NO_POSITION)));
        assert_eq!(front.runtime.table_sizes(), [1, 0, 0, 0]);
        let labs = front.bind("labs", "i64(i64)");
        assert_eq!((labs.number, labs.engine), (abs.number, abs.engine));
    });
}

#[test]
fn a_plan_prints_itself_with_its_engine() {
    everywhere(|front| {
        let div = front.bind("div", "{i32,i32}(i32,i32)");
        let printed = front.runtime.print(div.engine).unwrap();
        assert!(printed.starts_with("{i32,i32}(i32,i32) frame=64 result=Plain@32 a0="), "{printed}");
        assert!(printed.ends_with(" via libffi"), "{printed}");
        assert_eq!(front.runtime.compile("i32(i33)", Options::default()).unwrap_err().code, Code::Signature);
    });
}
