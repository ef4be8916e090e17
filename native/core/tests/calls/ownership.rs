//! Functions that take memory over, and functions that release it, on every way into a call.

use super::front::{Argument, Code, Front, Handle, Options, everywhere};
use holdfast_core::call::Operation;

/// A bound `free` that takes what it is given.
fn taking(front: &mut Front) -> super::front::Function {
    let (engine, description) = front.runtime.compile_consuming("void(ptr)", Options::default(), &[0]).unwrap();
    let library = front.runtime.open(None).unwrap();
    let number = front.runtime.bind(library, "free", engine).unwrap();
    super::front::Function { number, engine, frame_size: description[0], offsets: description[2..].to_vec() }
}

fn block(front: &mut Front) -> Handle {
    let malloc = front.bind("malloc", "ptr(usize)");
    front.call(&malloc, &[Argument::Word(24)]).unwrap();
    front.handle()
}

fn operate(front: &mut Front, operation: Operation, handle: Handle, number: u32) -> u32 {
    let frame = front.frame();
    frame.set_word(32, handle.slot);
    frame.set_word(36, handle.generation);
    frame.set_word(40, number);
    front.runtime.operate(operation);
    frame.get(super::front::Field::Status)
}

#[test]
fn an_argument_that_c_takes_over_is_moved_by_a_call_and_not_by_a_refusal() {
    everywhere(|front| {
        let take = taking(front);
        let handle = block(front);
        let bad = Argument::Handle(Handle { slot: handle.slot, generation: handle.generation + 1 });
        assert_eq!(front.call(&take, &[bad]), Err((Code::UseAfterFree, 0)));
        front.call(&take, &[Argument::Handle(handle)]).unwrap();
        assert_eq!(front.call(&take, &[Argument::Handle(handle)]), Err((Code::Moved, 0)));
        assert_eq!(front.runtime.explain(), "its memory was handed over to 'free'");
        front.call(&take, &[Argument::Handle(Handle::NULL)]).unwrap();
    });
}

#[test]
fn a_release_function_is_called_with_nothing_borrowed_and_forgotten_with_its_last_record() {
    everywhere(|front| {
        let library = front.runtime.open(None).unwrap();
        let release = front.runtime.bind_release(library, "free").unwrap();
        let handle = block(front);
        let functions = front.runtime.table_sizes()[1];
        assert_eq!(operate(front, Operation::Own, handle, release), 0);
        front.runtime.forget_release(release);
        front.runtime.close(library);
        assert_eq!(front.runtime.table_sizes()[1], functions, "a record needs it still");
        assert_eq!(operate(front, Operation::Free, handle, 0), 0);
        let releasing = front.runtime.begin_release().unwrap();
        releasing.execute();
        front.runtime.finish_release(&releasing);
        assert!(front.runtime.begin_release().is_none());
        assert_eq!(front.runtime.table_sizes()[1], functions - 1);
        assert_eq!(operate(front, Operation::Free, handle, 0), Code::DoubleFree as u32);
    });
}

#[test]
fn only_pointers_are_taken_over() {
    everywhere(|front| {
        let refused = front.runtime.compile_consuming("void(i32,ptr)", Options::default(), &[0]);
        assert_eq!(refused.unwrap_err().code, Code::Signature);
        assert!(front.runtime.bind_release(99, "free").is_err());
    });
}

#[test]
fn the_end_of_the_environment_releases_what_is_owned() {
    everywhere(|front| {
        let library = front.runtime.open(None).unwrap();
        let release = front.runtime.bind_release(library, "free").unwrap();
        // A double free would abort here, a leak is the leak checker's to see.
        let handles = [(block(front), release), (block(front), 0)];
        for (handle, release) in handles {
            assert_eq!(operate(front, Operation::Own, handle, release), 0);
        }
    });
}
