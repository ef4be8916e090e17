//! A bound function: its symbol, its engine, and how it is called most cheaply.

use std::rc::Rc;

use crate::invoke::{DirectCall, Engine};
use crate::library::{Library, Symbol};
use crate::plan::ResultForm;

/// A function that can be called, or that could be until its library was closed.
#[derive(Debug)]
pub(super) struct Function {
    /// The whole call in one small copy, where the direct engine makes it and nothing but the frame is needed after it.
    pub(super) quick: Option<(DirectCall, After)>,
    /// Whether arguments are references, to be made addresses first.
    pub(super) prepares: bool,
    /// `quick` with neither preparation nor decoding: numbers in, number out.
    pub(super) plain: bool,
    pub(super) symbol: Symbol,
    pub(super) engine: Rc<Engine>,
    /// None once it is closed.
    pub(super) library: Option<Rc<Library>>,
}

/// What is left to do when C has returned.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    Nothing,
    AdoptHandle,
    ReadText { free: bool },
}

impl Function {
    pub(super) fn new(symbol: Symbol, engine: &Rc<Engine>, library: &Rc<Library>) -> Function {
        let plan = engine.plan();
        let after = match plan.form {
            ResultForm::Plain => Some(After::Nothing),
            ResultForm::Handle => Some(After::AdoptHandle),
            ResultForm::Text => Some(After::ReadText { free: plan.options.free_result }),
            ResultForm::Gather => None,
        };
        let quick = engine.direct(symbol).filter(|_| !plan.options.errno).zip(after);
        let prepares = !plan.handles.is_empty() || !plan.data.is_empty();
        let plain = !prepares && matches!(quick, Some((_, After::Nothing)));
        Function { quick, prepares, plain, symbol, engine: Rc::clone(engine), library: Some(Rc::clone(library)) }
    }

    /// Takes the library's functions out of use: none of them has a quick form any more.
    pub(super) fn close(&mut self, library: &Rc<Library>) {
        if self.library.as_ref().is_some_and(|its| Rc::ptr_eq(its, library)) {
            self.library = None;
            self.quick = None;
            self.plain = false;
        }
    }
}
