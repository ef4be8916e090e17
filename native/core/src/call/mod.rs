//! Turns a frame into a result: finds the function, makes references addresses, calls, decodes. The core's front door.
#![forbid(unsafe_code)]

mod pointers;
mod table;
#[cfg(test)]
mod tests;

use std::rc::Rc;

pub use pointers::Operation;
pub use table::Table;

use crate::error::{Code, Result};
use crate::frame::{CallStack, Field, Frame};
use crate::invoke::{Choice, DirectCall, Engine};
use crate::library::{Library, Symbol};
use crate::memory::{self, Gather, Image, Memory, View, data_address, relocate};
use crate::plan::{CallPlan, Layout, Options, ResultForm};
use crate::registry::Handle;
use crate::signature::{read_signature, read_type};

/// No argument in particular.
pub const NO_POSITION: u32 = u32::MAX;

/// A function that can be called, or that could be until its library was closed.
#[derive(Debug)]
pub struct Function {
    /// The whole call in one small copy, where the direct engine makes it and nothing but the frame is needed after it.
    quick: Option<(DirectCall, After)>,
    /// Whether arguments are references, to be made addresses first.
    prepares: bool,
    /// `quick` with neither preparation nor decoding: numbers in, number out.
    plain: bool,
    symbol: Symbol,
    engine: Rc<Engine>,
    /// None once it is closed.
    library: Option<Rc<Library>>,
}

/// What is left to do when C has returned.
#[derive(Debug, Clone, Copy)]
enum After {
    Nothing,
    AdoptHandle,
    ReadText { free: bool },
}

/// A call between `begin` and `finish`. Nothing of the runtime is borrowed, so the foreign function may lead back into it.
#[derive(Debug)]
pub struct Active {
    engine: Rc<Engine>,
    symbol: Symbol,
    frame: Frame,
    /// The function that was running when this call began.
    outer: u32,
}

/// A call between `begin_quick` and `finish_quick`. Its library is kept loaded by `Runtime::current`.
#[derive(Debug, Clone, Copy)]
pub struct Quick {
    call: DirectCall,
    after: After,
    frame: Frame,
    outer: u32,
}

/// The call on top of the call stack has no quick form.
#[derive(Debug, Clone, Copy)]
pub struct NotQuick;

impl Quick {
    /// Makes the call and sets the frame's status. The runtime is not borrowed meanwhile.
    #[inline]
    #[must_use]
    pub fn execute(mut self) -> Quick {
        match self.call.execute(self.frame) {
            Ok(()) => self.frame.set(Field::Status, 0),
            Err(code) => {
                refuse(self.frame, code, NO_POSITION);
                self.after = After::Nothing;
            }
        }
        self
    }
}

/// What the front end gets besides what lies in the frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: the frame holds it all.
    InFrame,
    /// The result is this string; `bytes()` of the runtime has it. NULL is none.
    Text(Option<memory::Text>),
    /// The result is in `bytes()` of the runtime, too large for the frame.
    Bytes,
}

/// Everything of one environment. Owns libraries, functions, layouts and memory; one thread only.
#[derive(Debug)]
pub struct Runtime {
    stack: CallStack,
    memory: Memory,
    libraries: Table<Rc<Library>>,
    functions: Table<Function>,
    engines: Table<Rc<Engine>>,
    layouts: Table<Rc<Layout>>,
    choice: Choice,
    /// The function that is running now, 0 when none is. While one is, nothing is unloaded.
    current: u32,
    /// Libraries that were closed while a call was running.
    closing: Vec<Rc<Library>>,
    /// What a call gathered, reused from call to call.
    bytes: Vec<u8>,
    /// What the last refusal had to say beyond its code.
    explanation: String,
}

/// `bytes` keeps at most this much between calls.
const KEEP_BYTES: usize = 1 << 20;

impl Runtime {
    /// A runtime over a call stack shared with JavaScript.
    #[must_use]
    pub fn new(stack: CallStack, choice: Choice) -> Runtime {
        let memory = Memory::new(stack.addresses());
        Runtime {
            stack,
            memory,
            libraries: Table::default(),
            functions: Table::default(),
            engines: Table::default(),
            layouts: Table::default(),
            choice,
            current: 0,
            closing: Vec::new(),
            bytes: Vec::new(),
            explanation: String::new(),
        }
    }

    /// Takes what the last refusal had to say beyond its code.
    pub fn explain(&mut self) -> String {
        std::mem::take(&mut self.explanation)
    }

    /// Opens a library. Returns its number.
    ///
    /// # Errors
    /// `ERR_FFI_LIBRARY_LOAD`.
    pub fn open(&mut self, path: Option<&str>) -> Result<u32> {
        self.libraries.insert(Rc::new(Library::open(path)?))
    }

    /// Closes a library: each of its functions is refused from here on; it is unloaded when no call is running.
    pub fn close(&mut self, library: u32) {
        let Some(library) = self.libraries.remove(library) else { return };
        library.close();
        for function in self.functions.values_mut() {
            if function.library.as_ref().is_some_and(|its| Rc::ptr_eq(its, &library)) {
                function.library = None;
                function.quick = None;
                function.plain = false;
            }
        }
        if self.current != 0 {
            self.closing.push(library);
        }
    }

    /// Compiles a canonical signature. Returns its number and the frame's description (see [`CallPlan::describe`]).
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE`.
    pub fn compile(&mut self, text: &str, options: Options) -> Result<(u32, Vec<u32>)> {
        let plan = CallPlan::compile(text, &read_signature(text)?, options)?;
        let description = plan.describe();
        let engine = Engine::new(plan, self.choice)?;
        Ok((self.engines.insert(Rc::new(engine))?, description))
    }

    /// Prints a compiled signature's plan with its engine.
    #[must_use]
    pub fn print(&self, engine: u32) -> Option<String> {
        self.engines.get(engine).map(|engine| format!("{} via {}", engine.plan(), engine.name()))
    }

    /// Lays out a canonical type. Returns its number and description (see [`Layout::describe`]).
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE`.
    pub fn layout(&mut self, text: &str) -> Result<(u32, Vec<u32>)> {
        let layout = Layout::of(&read_type(text)?)?;
        let mut description = Vec::new();
        layout.describe(&mut description);
        Ok((self.layouts.insert(Rc::new(layout))?, description))
    }

    /// Binds a symbol of a library to a compiled signature. Returns the function's number, for frame headers.
    ///
    /// # Errors
    /// `ERR_FFI_LIBRARY_CLOSED`, and as [`Library::function`].
    pub fn bind(&mut self, library: u32, name: &str, engine: u32) -> Result<u32> {
        let library = self.libraries.get(library).ok_or(Code::LibraryClosed)?;
        let engine = self.engines.get(engine).ok_or(Code::Internal)?;
        let symbol = library.function(name)?;
        let after = match engine.plan().form {
            ResultForm::Plain => Some(After::Nothing),
            ResultForm::Handle => Some(After::AdoptHandle),
            ResultForm::Text => Some(After::ReadText { free: engine.plan().options.free_result }),
            ResultForm::Gather => None,
        };
        let quick = engine.direct(symbol).filter(|_| !engine.plan().options.errno).zip(after);
        let prepares = !engine.plan().handles.is_empty() || !engine.plan().data.is_empty();
        let plain = !prepares && matches!(quick, Some((_, After::Nothing)));
        let (engine, library) = (Rc::clone(engine), Some(Rc::clone(library)));
        self.functions.insert(Function { quick, prepares, plain, symbol, engine, library })
    }

    /// Forgets a function; a call in progress keeps what it needs.
    pub fn forget_function(&mut self, function: u32) {
        self.functions.remove(function);
    }

    /// Forgets a compiled signature; functions bound to it keep it.
    pub fn forget_engine(&mut self, engine: u32) {
        self.engines.remove(engine);
    }

    /// Forgets a layout; blocks of that type keep it.
    pub fn forget_layout(&mut self, layout: u32) {
        self.layouts.remove(layout);
    }

    /// The memory of this environment.
    #[must_use]
    pub fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// What the last call gathered.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Libraries, functions, compiled signatures and layouts held.
    #[must_use]
    pub fn table_sizes(&self) -> [usize; 4] {
        [self.libraries.len(), self.functions.len(), self.engines.len(), self.layouts.len()]
    }

    /// As `begin_quick`, for a function whose frame needs neither preparation nor decoding; none for any other.
    #[inline]
    pub fn begin_plain(&mut self) -> Option<Quick> {
        let number = self.stack.function();
        let function = self.functions.get(number).filter(|function| function.plain)?;
        let (call, after) = function.quick?;
        let frame = self.stack.top()?;
        let outer = std::mem::replace(&mut self.current, number);
        Some(Quick { call, after, frame, outer })
    }

    /// As `finish`, for such a call.
    #[inline]
    pub fn finish_plain(&mut self, quick: Quick) {
        self.leave(quick.outer);
    }

    /// As `begin`, for a function with a quick call; `Err` for any other. `Ok(None)` is a refusal.
    ///
    /// # Errors
    /// Says nothing but that `begin` must be asked.
    #[inline]
    pub fn begin_quick(&mut self, views: &[View]) -> std::result::Result<Option<Quick>, NotQuick> {
        let number = self.stack.function();
        let function = self.functions.get(number).ok_or(NotQuick)?;
        let (call, after) = function.quick.ok_or(NotQuick)?;
        let frame = self.stack.top().ok_or(NotQuick)?;
        if function.prepares {
            let mut position = NO_POSITION;
            if let Err(code) = self.prepare_arguments(function.engine.plan(), frame, views, &mut position) {
                refuse(frame, code, position);
                return Ok(None);
            }
        }
        let outer = std::mem::replace(&mut self.current, number);
        Ok(Some(Quick { call, after, frame, outer }))
    }

    /// As `finish`, for such a call.
    #[inline]
    pub fn finish_quick(&mut self, quick: Quick) -> Outcome {
        self.leave(quick.outer);
        let outcome = match quick.after {
            After::Nothing => return Outcome::InFrame,
            After::AdoptHandle => self.finish_handle(quick.frame),
            After::ReadText { free } => self.finish_text(quick.frame, free),
        };
        self.conclude(quick.frame, outcome)
    }

    /// Prepares the call that the call stack describes. On refusal the frame's status says why, and C was not
    /// called.
    ///
    /// # Errors
    /// The code that is in the frame's status.
    #[inline]
    pub fn begin(&mut self, views: &[View]) -> std::result::Result<Active, Code> {
        let frame = self.stack.top().ok_or(Code::StackOverflow)?;
        let number = self.stack.function();
        let mut position = NO_POSITION;
        match self.prepare(number, frame, views, &mut position) {
            Ok((engine, symbol)) => {
                let outer = std::mem::replace(&mut self.current, number);
                Ok(Active { engine, symbol, frame, outer })
            }
            Err(code) => {
                refuse(frame, code, position);
                Err(code)
            }
        }
    }

    fn prepare(
        &self,
        number: u32,
        frame: Frame,
        views: &[View],
        position: &mut u32,
    ) -> std::result::Result<(Rc<Engine>, Symbol), Code> {
        let function = self.functions.get(number).ok_or(Code::Unbound)?;
        if function.library.is_none() {
            return Err(Code::LibraryClosed);
        }
        self.prepare_arguments(function.engine.plan(), frame, views, position)?;
        Ok((Rc::clone(&function.engine), function.symbol))
    }

    #[inline]
    fn prepare_arguments(
        &self,
        plan: &CallPlan,
        mut frame: Frame,
        views: &[View],
        position: &mut u32,
    ) -> std::result::Result<(), Code> {
        if frame.capacity() < plan.frame_size as usize {
            return Err(Code::StackOverflow);
        }
        for i in &plan.handles {
            *position = *i;
            let offset = plan.parameters[*i as usize].offset;
            let (slot, generation) = frame.pair(offset);
            frame.set_long(offset, self.memory.resolve(Handle { slot, generation })? as u64);
        }
        if !plan.data.is_empty() {
            self.prepare_data(plan, &mut frame, views, position)?;
        }
        *position = NO_POSITION;
        Ok(())
    }

    fn prepare_data(
        &self,
        plan: &CallPlan,
        frame: &mut Frame,
        views: &[View],
        position: &mut u32,
    ) -> std::result::Result<(), Code> {
        let slots = *frame;
        let mut image = frame.scratch(plan.frame_size, views)?;
        for i in &plan.data {
            *position = *i;
            let offset = plan.parameters[*i as usize].offset;
            slots.set_long(offset, data_address(&image, slots.pair(offset), views)? as u64);
        }
        *position = NO_POSITION;
        if slots.get(Field::FixupCount) == 0 { Ok(()) } else { relocate_image(&mut image, slots, views, &self.memory) }
    }

    /// Decodes what the call left. The frame's status says whether that went well.
    pub fn finish(&mut self, active: Active) -> Outcome {
        let Active { engine, frame, outer, .. } = active;
        self.leave(outer);
        let plan = engine.plan();
        let outcome = match plan.form {
            ResultForm::Plain => Ok(Outcome::InFrame),
            ResultForm::Handle => self.finish_handle(frame),
            ResultForm::Text => self.finish_text(frame, plan.options.free_result),
            ResultForm::Gather => self.finish_gather(frame, plan),
        };
        self.conclude(frame, outcome)
    }

    #[inline]
    fn conclude(&mut self, frame: Frame, outcome: Result<Outcome>) -> Outcome {
        match outcome {
            Ok(outcome) => {
                frame.set(Field::Status, 0);
                outcome
            }
            Err(refusal) => {
                refuse(frame, refusal.code, NO_POSITION);
                self.explanation = refusal.message;
                Outcome::InFrame
            }
        }
    }

    /// A call that was begun but not made is over.
    pub fn abandon(&mut self, active: &Active) {
        self.leave(active.outer);
    }

    #[inline]
    fn leave(&mut self, outer: u32) {
        self.current = outer;
        if outer == 0 && !self.closing.is_empty() {
            self.closing.clear();
        }
    }

    fn finish_handle(&mut self, frame: Frame) -> Result<Outcome> {
        let handle = self.memory.adopt(frame.long(CallPlan::RESULT) as usize)?;
        frame.set_word(CallPlan::RESULT, handle.slot);
        frame.set_word(CallPlan::RESULT + 4, handle.generation);
        Ok(Outcome::InFrame)
    }

    fn finish_text(&mut self, frame: Frame, free: bool) -> Result<Outcome> {
        let address = frame.long(CallPlan::RESULT) as usize;
        if address == 0 {
            return Ok(Outcome::Text(None));
        }
        let text = memory::measure(address, self.memory.extent_at(address))?;
        self.bytes.clear();
        memory::append(&mut self.bytes, address, text.length)?;
        if free {
            self.memory.free_result(vec![address])?;
        }
        Ok(Outcome::Text(Some(text)))
    }

    fn finish_gather(&mut self, frame: Frame, plan: &CallPlan) -> Result<Outcome> {
        self.bytes.clear();
        self.bytes.extend_from_slice(&frame.copy_out(CallPlan::RESULT, plan.result.size));
        let followed = Gather::follow(&mut self.memory, &plan.result, &mut self.bytes)?;
        if plan.options.free_result {
            self.memory.free_result(followed)?;
        }
        Ok(self.deliver(frame, plan.frame_size))
    }

    /// Puts gathered bytes behind the frame's slots if they fit there.
    fn deliver(&mut self, frame: Frame, start: u32) -> Outcome {
        if start as usize + self.bytes.len() > frame.capacity() {
            return Outcome::Bytes;
        }
        frame.copy_in(start, &self.bytes);
        frame.set(Field::ScratchEnd, start + self.bytes.len() as u32);
        Outcome::InFrame
    }

    /// Lets go of gathered bytes when they were many.
    pub fn trim(&mut self) {
        if self.bytes.capacity() > KEEP_BYTES {
            self.bytes = Vec::new();
        }
    }
}

impl Active {
    /// Makes the call. The runtime is not borrowed meanwhile.
    ///
    /// # Errors
    /// The code that is in the frame's status; C was not called.
    #[inline]
    pub fn execute(&self) -> std::result::Result<(), Code> {
        let made = self.engine.execute(self.symbol, self.frame);
        if let Err(code) = made {
            refuse(self.frame, code, NO_POSITION);
        }
        made
    }
}

#[cold]
fn refuse(frame: Frame, code: Code, position: u32) {
    frame.set(Field::Status, code as u32);
    frame.set(Field::Position, position);
}

/// Makes the references absolute that the frame's fixup list names.
fn relocate_image(
    image: &mut Image<'_>,
    frame: Frame,
    views: &[View],
    memory: &Memory,
) -> std::result::Result<(), Code> {
    let count = frame.get(Field::FixupCount);
    if count == 0 {
        return Ok(());
    }
    relocate(image, words(image, frame.get(Field::FixupOffset), count)?, views, memory)
}

/// A list of words that the front end left in scratch.
fn words(image: &Image<'_>, offset: u32, count: u32) -> std::result::Result<Vec<u32>, Code> {
    let from = offset.checked_sub(image.start).ok_or(Code::Internal)? as usize;
    let bytes = image.bytes.get(from..from + count as usize * 4).ok_or(Code::Internal)?;
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    Ok(bytes.chunks_exact(4).map(word).collect())
}
