//! Turns arguments into frames as JavaScript does, and statuses back into results: a front end in a few lines.

use std::ptr::NonNull;

use holdfast_core::call::Runtime;
pub(crate) use holdfast_core::call::{NO_POSITION, Outcome};
pub(crate) use holdfast_core::error::Code;
pub(crate) use holdfast_core::frame::{CallStack, Field, Frame};
pub(crate) use holdfast_core::invoke::Choice;
pub(crate) use holdfast_core::memory::View;
use holdfast_core::plan::CallPlan;
pub(crate) use holdfast_core::plan::Options;
pub(crate) use holdfast_core::registry::Handle;

pub(crate) const STACK: u32 = 1 << 16;
/// Where the first frame lies, behind the words that say so.
pub(crate) const FIRST: u32 = 16;

/// A runtime with the call stack that it shares with us.
pub(crate) struct Front {
    pub(crate) runtime: Runtime,
    shared: CallStack,
    /// The whole call stack, to write its first words through.
    control: Frame,
    /// Enter as the addon does, by the shortest way there is; else always by the longest.
    quick: bool,
    _memory: Vec<u128>,
}

/// A bound function and where its frame's parts lie.
pub(crate) struct Function {
    pub(crate) number: u32,
    pub(crate) engine: u32,
    pub(crate) frame_size: u32,
    pub(crate) offsets: Vec<u32>,
}

#[derive(Clone, Copy)]
pub(crate) enum Argument<'a> {
    Word(u64),
    Handle(Handle),
    /// A string, put into scratch.
    Text(&'a str),
    /// A value by pointer or by itself, put into scratch.
    Bytes(&'a [u8]),
    /// A buffer in place, by its number.
    View(u32),
}

/// What was refused, and the guilty argument.
pub(crate) type Called = Result<Outcome, (Code, u32)>;

impl Front {
    fn new(choice: Choice, quick: bool) -> Front {
        let mut memory = vec![0u128; STACK as usize / 16];
        let base = NonNull::new(memory.as_mut_ptr().cast()).unwrap();
        // SAFETY: `STACK` initialised bytes, aligned as `u128` is, kept by `_memory`, which is dropped after `runtime`.
        let stack = unsafe { CallStack::new(base, STACK as usize) };
        // SAFETY: the same bytes for this side, which stands for JavaScript on the same thread.
        let shared = unsafe { CallStack::new(base, STACK as usize) };
        let control = shared.top().unwrap();
        let front = Front { runtime: Runtime::new(stack, choice), shared, control, quick, _memory: memory };
        front.push(FIRST);
        front
    }

    /// Says where the frame on top lies.
    pub(crate) fn push(&self, offset: u32) {
        self.control.set_word(0, offset);
    }

    /// Says which function is called with it.
    pub(crate) fn choose(&self, number: u32) {
        self.control.set_word(4, number);
    }

    pub(crate) fn frame(&self) -> Frame {
        self.shared.top().unwrap()
    }

    pub(crate) fn bind(&mut self, name: &str, signature: &str) -> Function {
        self.bind_in(None, name, signature, Options::default())
    }

    pub(crate) fn bind_in(&mut self, library: Option<&str>, name: &str, signature: &str, options: Options) -> Function {
        let (engine, description) = self.runtime.compile(signature, options).unwrap();
        let library = self.runtime.open(library).unwrap();
        let number = self.runtime.bind(library, name, engine).unwrap();
        Function { number, engine, frame_size: description[0], offsets: description[2..].to_vec() }
    }

    pub(crate) fn call(&mut self, function: &Function, arguments: &[Argument<'_>]) -> Called {
        self.call_with(function, arguments, &[])
    }

    pub(crate) fn call_with(&mut self, function: &Function, arguments: &[Argument<'_>], views: &[View]) -> Called {
        self.write(function, arguments);
        self.enter(views)
    }

    /// Writes a frame without entering the core.
    pub(crate) fn write(&self, function: &Function, arguments: &[Argument<'_>]) {
        let frame = self.frame();
        let mut end = function.frame_size;
        let mut place = |bytes: &[u8]| {
            let start = end;
            frame.copy_in(start, bytes);
            end = (start + bytes.len() as u32).next_multiple_of(16);
            u64::from(start)
        };
        for (argument, offset) in arguments.iter().zip(&function.offsets) {
            let word = match *argument {
                Argument::Word(word) => word,
                Argument::Handle(handle) => u64::from(handle.slot) | u64::from(handle.generation) << 32,
                Argument::Text(text) => place(&[text.as_bytes(), b"\0"].concat()),
                Argument::Bytes(bytes) => place(bytes),
                Argument::View(number) => u64::from(number) | 1 << 32,
            };
            frame.set_long(*offset, word);
        }
        frame.set(Field::ScratchEnd, end);
        frame.set(Field::FixupCount, 0);
        frame.set(Field::HeapScratch, 0);
        self.choose(function.number);
    }

    /// Enters the core with the frame as it is.
    pub(crate) fn enter(&mut self, views: &[View]) -> Called {
        let outcome = self.run(views);
        let frame = self.frame();
        match frame.get(Field::Status) {
            0 => Ok(outcome),
            status => Err((Code::ALL[status as usize - 1], frame.get(Field::Position))),
        }
    }

    fn run(&mut self, views: &[View]) -> Outcome {
        if self.quick {
            if let Some(quick) = self.runtime.begin_plain() {
                self.runtime.finish_plain(quick.execute());
                return Outcome::InFrame;
            }
            let begun = self.runtime.begin_door(views).or_else(|_| self.runtime.begin_quick(views));
            if let Ok(begun) = begun {
                return begun.map_or(Outcome::InFrame, |quick| self.runtime.finish_quick(quick.execute()));
            }
        }
        match self.runtime.begin(views) {
            Ok(active) if active.execute().is_ok() => self.runtime.finish(active),
            Ok(active) => {
                self.runtime.abandon(&active);
                Outcome::InFrame
            }
            Err(_) => Outcome::InFrame,
        }
    }

    pub(crate) fn result(&self) -> u64 {
        self.frame().long(CallPlan::RESULT)
    }

    pub(crate) fn handle(&self) -> Handle {
        let (slot, generation) = self.frame().pair(CallPlan::RESULT);
        Handle { slot, generation }
    }

    /// The string that the last call returned.
    pub(crate) fn text(&self, called: Called) -> Option<String> {
        assert_eq!(called, Ok(Outcome::InFrame));
        let frame = self.frame();
        let bytes = match frame.word(CallPlan::RESULT) {
            CallPlan::NO_TEXT => return None,
            CallPlan::KEPT_TEXT => {
                let (bytes, ascii) = self.runtime.text();
                assert_eq!(bytes.is_ascii(), ascii);
                bytes.to_vec()
            }
            length => frame.copy_out(CallPlan::TEXT, length),
        };
        Some(String::from_utf8(bytes).unwrap())
    }
}

/// Runs a test on each engine, and on each way into the direct one.
pub(crate) fn everywhere(test: impl Fn(&mut Front)) {
    for (choice, quick) in [(Choice::Fastest, true), (Choice::Fastest, false), (Choice::Libffi, true)] {
        test(&mut Front::new(choice, quick));
    }
}
