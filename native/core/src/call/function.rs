//! A bound function: its symbol, its engine, and how it is called most cheaply.

use std::rc::Rc;
use std::sync::Arc;

use crate::invoke::{DirectCall, Engine};
use crate::library::{Library, Symbol};
use crate::plan::{CallPlan, ResultForm};
use crate::sys::dl;

/// An engine as an environment holds it: a synchronous call keeps it without touching a shared count, an asynchronous one
/// takes the inner reference to its thread.
pub(super) type Shared = Rc<Arc<Engine>>;

/// A function that can be called, or that could be until its library was closed.
#[derive(Debug)]
pub(super) struct Function {
    /// The whole call in one small copy, where the direct engine makes it and nothing but the frame is needed after it.
    pub(super) quick: Option<(DirectCall, After)>,
    pub(super) inputs: Inputs,
    /// `quick` with neither preparation nor decoding: numbers in, number out.
    pub(super) plain: bool,
    pub(super) symbol: Symbol,
    pub(super) engine: Shared,
    /// None once it is closed.
    pub(super) library: Option<Arc<Library>>,
    pub(super) site: Arc<Site>,
}

/// What a crash report says of a function. Found once, as the loader may not be asked from a signal handler.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) name: String,
    /// The file that has the code, which may be one that the library needs.
    pub(super) image: String,
    pub(super) load_address: usize,
}

/// What is to do before the call, taken out of the plan so that it is found at once.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Bytes of header, result and argument slots.
    pub(super) frame_size: u32,
    /// Position and offset of each argument that is a handle.
    pub(super) handles: Box<[(u32, u32)]>,
    /// Whether others lead into scratch or to views.
    pub(super) data: bool,
}

impl Inputs {
    fn of(plan: &CallPlan) -> Inputs {
        let handles = plan.handles.iter().map(|i| (*i, plan.parameters[*i as usize].offset));
        Inputs { frame_size: plan.frame_size, handles: handles.collect(), data: !plan.data.is_empty() }
    }

    /// Whether all arguments are numbers.
    fn ready(&self) -> bool {
        self.handles.is_empty() && !self.data
    }
}

/// What is left to do when C has returned.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    Nothing,
    AdoptHandle,
    ReadText { free: bool },
}

impl Function {
    pub(super) fn new(name: &str, symbol: Symbol, engine: &Shared, library: &Arc<Library>, guarded: bool) -> Function {
        let plan = engine.plan();
        let after = match plan.form {
            ResultForm::Plain => Some(After::Nothing),
            ResultForm::Handle => Some(After::AdoptHandle),
            ResultForm::Text => Some(After::ReadText { free: plan.options.free_result }),
            ResultForm::Gather => None,
        };
        let quick = engine.direct(symbol).filter(|_| !plan.options.errno).zip(after);
        // Guarded copies of arguments are the full form's.
        let quick = quick.filter(|_| !guarded || plan.data.is_empty());
        // So is what a function takes over or ends.
        let quick = quick.filter(|_| plan.consumed.is_empty() && symbol.ending.is_none());
        let inputs = Inputs::of(plan);
        let site = Arc::new(Site {
            name: name.to_owned(),
            image: dl::image_of(symbol.address()).unwrap_or_default(),
            load_address: dl::load_address(symbol.address()).unwrap_or_default(),
        });
        let plain = inputs.ready() && matches!(quick, Some((_, After::Nothing)));
        Function { quick, inputs, plain, symbol, engine: Rc::clone(engine), library: Some(Arc::clone(library)), site }
    }

    /// Takes the library's functions out of use: none of them has a quick form any more.
    pub(super) fn close(&mut self, library: &Arc<Library>) {
        if self.library.as_ref().is_some_and(|its| Arc::ptr_eq(its, library)) {
            self.library = None;
            self.quick = None;
            self.plain = false;
        }
    }
}
