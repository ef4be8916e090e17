//! Turns a frame into a result: finds the function, makes references addresses, calls, decodes. The core's front door.
#![forbid(unsafe_code)]

mod answer;
mod arguments;
mod background;
mod brief;
mod callback;
mod deposition;
mod ending;
mod full;
mod function;
mod guarded;
mod job;
mod orphans;
mod ownership;
mod pointers;
mod quick;
mod results;
mod table;
#[cfg(test)]
mod tests;
mod unclaimed;
mod witness;

use std::rc::Rc;
use std::sync::Arc;

pub use answer::Refused;
pub use brief::Brief;
pub use callback::Entered;
pub use full::Active;
pub use ownership::Releasing;
pub use pointers::Operation;
pub use quick::{NotQuick, Quick};
pub use results::Outcome;
pub use table::Table;

use crate::closure::{CallbackPlan, Closures, Pulse};
use crate::error::{Code, Result};
use crate::frame::{CallStack, Field, Frame};
use crate::invoke::{Choice, Engine};
use crate::library::{Library, keep_loaded};
use crate::memory::{GuardOptions, Memory};
use crate::plan::{CallPlan, Layout, Options};
use crate::registry::Handle;
use crate::signature::{read_signature, read_type};
use crate::sys::crash::Journal;
use background::Background;
use function::{Function, Shared};
use ownership::Release;

/// No argument in particular.
pub const NO_POSITION: u32 = u32::MAX;

/// Everything of one environment. Owns libraries, functions, layouts and memory; one thread only.
#[derive(Debug)]
pub struct Runtime {
    /// Which function is running now; while one is, nothing is unloaded. First, so that it is dropped first: a crash in what
    /// is dropped after it finds no witness.
    journal: Journal,
    stack: CallStack,
    memory: Memory,
    libraries: Table<Arc<Library>>,
    functions: Table<Function>,
    engines: Table<Shared>,
    layouts: Table<Rc<Layout>>,
    releases: Table<Release>,
    choice: Choice,
    /// What other threads see of the journal.
    pulse: Arc<Pulse>,
    closures: Closures,
    callbacks: Table<Arc<CallbackPlan>>,
    /// What the outermost running call will be refused with when it returns: a callback failed meanwhile.
    failed: Option<Code>,
    /// Libraries that were closed while a call was running.
    closing: Vec<Arc<Library>>,
    /// Borrowed memory inside of libraries that were closed, until it is seen whether they went.
    orphans: Vec<(Handle, usize)>,
    background: Background,
    /// What a call gathered, reused from call to call.
    bytes: Vec<u8>,
    /// Whether they are a string of bytes below 0x80 only.
    ascii: bool,
    /// What the last refusal had to say beyond its code.
    explanation: String,
}

/// `bytes` keeps at most this much between calls.
const KEEP_BYTES: usize = 1 << 20;

impl Runtime {
    /// A runtime over a call stack shared with JavaScript.
    #[must_use]
    pub fn new(stack: CallStack, choice: Choice) -> Runtime {
        let memory = Memory::new(stack.addresses()).with_guard(GuardOptions::from_environment());
        let journal = Journal::default();
        let pulse = Arc::new(Pulse::new(journal.watch()));
        Runtime {
            journal,
            stack,
            memory,
            libraries: Table::default(),
            functions: Table::default(),
            engines: Table::default(),
            layouts: Table::default(),
            releases: Table::default(),
            choice,
            closures: Closures::new(Arc::clone(&pulse)),
            pulse,
            callbacks: Table::default(),
            failed: None,
            closing: Vec::new(),
            orphans: Vec::new(),
            background: Background::default(),
            bytes: Vec::new(),
            ascii: false,
            explanation: String::new(),
        }
    }

    /// Takes what the last refusal had to say beyond its code.
    pub fn explain(&mut self) -> String {
        let words = std::mem::take(&mut self.explanation);
        let is_moved = |frame: &Frame| frame.get(Field::Status) == Code::Moved as u32;
        if words.is_empty() && self.stack.top().as_ref().is_some_and(is_moved) {
            return self.memory.explain_move();
        }
        words
    }

    /// Opens a library. Returns its number.
    ///
    /// # Errors
    /// `ERR_FFI_LIBRARY_LOAD`.
    pub fn open(&mut self, path: Option<&str>) -> Result<u32> {
        self.libraries.insert(Arc::new(Library::open(path)?))
    }

    /// Closes a library: each of its functions is refused from here on; it is unloaded when no call is running.
    pub fn close(&mut self, library: u32) {
        let Some(library) = self.libraries.remove(library) else { return };
        library.close();
        self.find_orphans();
        for function in self.functions.values_mut() {
            function.close(&library);
        }
        if self.mailbox().was_used() || self.is_covered(&library) {
            keep_loaded(&library);
        }
        if self.journal.is_in_call() {
            self.closing.push(library);
            self.pulse.set_attention(true);
        } else {
            drop(library);
            self.end_orphans();
        }
    }

    /// Compiles a canonical signature. Returns its number and the frame's description (see [`CallPlan::describe`]).
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE`.
    pub fn compile(&mut self, text: &str, options: Options) -> Result<(u32, Vec<u32>)> {
        self.compile_consuming(text, options, &[])
    }

    /// The same for a function that takes over the memory of the arguments at some positions.
    ///
    /// # Errors
    /// `ERR_FFI_SIGNATURE`.
    pub fn compile_consuming(&mut self, text: &str, options: Options, consumed: &[u32]) -> Result<(u32, Vec<u32>)> {
        let plan = CallPlan::compile(text, &read_signature(text)?, options)?.consuming(consumed)?;
        let description = plan.describe();
        let engine = Engine::new(plan, self.choice)?;
        Ok((self.engines.insert(Rc::new(Arc::new(engine)))?, description))
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
        let symbol = library.function(name, engine.plan().fixed.is_some())?;
        self.functions.insert(Function::new(name, symbol, engine, library, self.memory.guards_arguments()))
    }

    /// Forgets a function; a call in progress keeps what it needs.
    pub fn forget_function(&mut self, function: u32) {
        self.functions.remove(function);
        self.journal.forget(function);
    }

    /// Forgets a compiled signature; functions bound to it keep it.
    pub fn forget_engine(&mut self, engine: u32) {
        self.engines.remove(engine);
    }

    /// Forgets a layout; blocks of that type keep it.
    pub fn forget_layout(&mut self, layout: u32) {
        self.layouts.remove(layout);
    }

    /// What is running here, for crash reports.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether no frame is being written or read and no call runs: no handle is in use then but through its pointer objects.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.stack.is_empty() && !self.journal.is_in_call()
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

    /// The string that the last call has kept, and whether it is ASCII.
    #[must_use]
    pub fn text(&self) -> (&[u8], bool) {
        (&self.bytes, self.ascii)
    }

    /// Libraries, functions, compiled signatures and layouts held.
    #[must_use]
    pub fn table_sizes(&self) -> [usize; 4] {
        [self.libraries.len(), self.functions.len(), self.engines.len(), self.layouts.len()]
    }

    /// The end: a thread that C has started may be in a callback, or on its way to one, and returns into its library.
    fn keep_libraries(&mut self) {
        if self.mailbox().was_used() || self.closures.live() > 0 {
            self.libraries.values_mut().for_each(|library| keep_loaded(library));
        }
    }

    /// What waited for a call to return, most of it for the outermost; `frame` is that of the call that has.
    #[cold]
    fn settle(&mut self, frame: Frame) {
        if let Err(refusal) = self.memory.end_held(self.journal.callbacks() as usize) {
            refuse(frame, refusal.code, NO_POSITION);
            self.explanation = refusal.message;
        }
        if self.journal.is_in_call() {
            return;
        }
        self.pulse.set_attention(false);
        self.closing.clear();
        self.end_orphans();
        if let Some(words) = self.stuck() {
            self.failed.get_or_insert(Code::CallbackDeadlock);
            self.explanation = words;
        }
        if let Some(code) = self.failed.take() {
            refuse(frame, code, NO_POSITION);
        }
    }

    /// Whether the call that has just returned is about to throw what a callback has thrown.
    #[cold]
    pub(super) fn is_failed(&self) -> bool {
        self.failed.is_some() && !self.journal.is_in_call()
    }

    /// Lets go of gathered bytes when they were many.
    pub fn trim(&mut self) {
        if self.bytes.capacity() > KEEP_BYTES {
            self.bytes = Vec::new();
        }
    }
}

#[cold]
fn refuse(frame: Frame, code: Code, position: u32) {
    frame.set(Field::Status, code as u32);
    frame.set(Field::Position, position);
}
