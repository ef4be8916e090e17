//! Turns a runtime into what a crash report says of it: the function, its arguments, the memory next to the fault.
//!
//! All of it runs in a signal handler on the runtime's own thread, while a foreign function is running: nothing of the
//! runtime is borrowed then, so nothing of it is half changed.

use std::cell::RefCell;
use std::fmt::{Result as Written, Write};

use super::Runtime;
use super::function::{Function, Site};
use crate::frame::Frame;
use crate::plan::{CallPlan, Parameter, Slot};
use crate::signature::{Class, Scalar};
use crate::sys::crash::{Crash, Place, Report, Witness};

impl Witness for RefCell<Runtime> {
    fn is_busy(&self) -> bool {
        self.try_borrow().is_err()
    }

    fn testify(&self, crash: &Crash, report: &mut Report) {
        if let Ok(runtime) = self.try_borrow() {
            // Writing into a report never fails.
            let _ = runtime.testify(crash, report);
        }
    }
}

impl Runtime {
    fn testify(&self, crash: &Crash, out: &mut impl Write) -> Written {
        if let Some(function) = self.functions.get(crash.function) {
            self.write_function(function, crash, out)?;
        }
        if let Some(address) = crash.address {
            self.write_neighbour(address, out)?;
        }
        // The journal counts only those within a call.
        match crash.callbacks.max(self.closures.invocations()) {
            0 => writeln!(out, "holdfast: not inside a callback")?,
            count => writeln!(out, "holdfast: inside a callback ({count} on the stack)")?,
        }
        let made = crash.recent.iter().filter_map(|number| self.functions.get(*number));
        write_recent(made.map(|function| &*function.site), out)
    }

    fn write_function(&self, function: &Function, crash: &Crash, out: &mut impl Write) -> Written {
        let plan = function.engine.plan();
        write_site(&function.site, plan, out)?;
        // While JavaScript runs, the frame on top is not this call's.
        let frame = self.stack.top().filter(|frame| frame.capacity() >= plan.frame_size as usize);
        match frame.filter(|_| crash.place == Place::Foreign) {
            Some(frame) => self.write_arguments(plan, frame, out),
            None => Ok(()),
        }
    }

    fn write_arguments(&self, plan: &CallPlan, frame: Frame, out: &mut impl Write) -> Written {
        plan.parameters.iter().enumerate().try_for_each(|(i, parameter)| {
            write_argument(i, parameter, frame.long(parameter.offset), out, |at, out| self.memory.write_place(at, out))
        })
    }

    fn write_neighbour(&self, address: usize, out: &mut impl Write) -> Written {
        out.write_str("holdfast: the fault is ")?;
        self.memory.write_neighbour(address, self.closures.results(), out)?;
        out.write_char('\n')
    }
}

pub(super) fn write_site(site: &Site, plan: &CallPlan, out: &mut impl Write) -> Written {
    writeln!(out, "holdfast: function {}, {}", site.name, plan.text())?;
    writeln!(out, "holdfast: library {}, loaded at {:#x}", site.image, site.load_address)
}

/// An argument as C got it; `place` says what a pointer leads to.
pub(super) fn write_argument<W: Write>(
    position: usize,
    parameter: &Parameter,
    word: u64,
    out: &mut W,
    place: impl FnOnce(usize, &mut W) -> Written,
) -> Written {
    write!(out, "holdfast: argument {position}: ")?;
    match parameter.slot {
        Slot::Scalar(scalar) => write_scalar(scalar, word, out)?,
        Slot::Aggregate => write!(out, "{} bytes by value", parameter.layout.size)?,
        Slot::Handle | Slot::Data if word == 0 => out.write_str("pointer NULL")?,
        Slot::Handle | Slot::Data => {
            write!(out, "pointer {word:#x}, ")?;
            place(word as usize, out)?;
        }
    }
    out.write_char('\n')
}

pub(super) fn write_recent<'s>(sites: impl Iterator<Item = &'s Site>, out: &mut impl Write) -> Written {
    out.write_str("holdfast: last calls, newest first:")?;
    for (i, site) in sites.enumerate() {
        write!(out, "{} {}", if i == 0 { "" } else { "," }, site.name)?;
    }
    out.write_char('\n')
}

/// A scalar as C sees it: the slot's upper bytes are not its own.
fn write_scalar(scalar: Scalar, word: u64, out: &mut impl Write) -> Written {
    let unused = 64 - 8 * scalar.size().min(8);
    let raw = word.checked_shl(unused).unwrap_or(0);
    write!(out, "{} ", scalar.name())?;
    match scalar.class() {
        Class::Void => Ok(()),
        Class::Integer { signed: true } => write!(out, "{}", raw.cast_signed() >> unused),
        Class::Integer { signed: false } => write!(out, "{}", raw >> unused),
        Class::Float if scalar.size() == 4 => write!(out, "{}", f32::from_bits(word as u32)),
        Class::Float => write!(out, "{}", f64::from_bits(word)),
    }
}
