//! Turns the collection of pointer objects into the release of their records, also in a loop that never lets Node run.
//!
//! Finalizers need a turn of the event loop. Weak references do not: the collector empties them, and whoever looks sees it.
//! So each watched object has a weak reference, and they are looked at now and then, when a collection was noticed, a bounded
//! number at a time, and only while the runtime is at rest (S26 in docs/SAFETY.md).

use std::cell::{Cell, RefCell};

use holdfast_core::call::Runtime;
use holdfast_core::registry::Handle;
use napi_sys as sys;

use super::entries::UNDEFINED;
use super::environment::Environment;
use super::exposed::{detach_ended, lift};
use super::values::{Failure, Reference, arguments, boolean, check, get_u32, in_scope, object, u32_items};

/// As many references are looked at in one go.
const BATCH: usize = 4096;

/// A look is due when so many objects were made since the last one, or so many bytes.
const OBJECTS: u32 = 64;
const BYTES: usize = 1 << 20;

/// One object, and the pointers that are gone when it is.
#[derive(Debug)]
struct Watch {
    object: Reference,
    named: Named,
}

#[derive(Debug)]
enum Named {
    One(Handle),
    /// With how many pointers name each.
    Many(Box<[(Handle, u32)]>),
}

/// The watched objects of one environment. Owned by its data and used on its thread.
#[derive(Debug, Default)]
pub(super) struct Watches {
    list: RefCell<Vec<Watch>>,
    /// Those before this index are still to be looked at in the present pass.
    rest: Cell<usize>,
    /// An object that nobody keeps: when it is gone, there was a collection.
    canary: RefCell<Option<Reference>>,
    /// Objects made since the last look.
    made: Cell<u32>,
    /// Bytes held then.
    held: Cell<usize>,
    /// What V8 was told that we hold.
    reported: Cell<usize>,
    is_due: Cell<bool>,
}

impl Watches {
    /// Whether there should be a look as soon as the runtime is at rest.
    #[inline]
    pub(super) fn is_due(&self) -> bool {
        self.is_due.get()
    }

    /// There is something to do as soon as the runtime is at rest.
    pub(super) fn ask(&self) {
        self.is_due.set(true);
    }

    fn add(&self, watch: Watch, runtime: &RefCell<Runtime>) {
        self.list.borrow_mut().push(watch);
        self.made.set(self.made.get() + 1);
        let held = runtime.borrow_mut().memory().held();
        if self.made.get() >= OBJECTS || held.saturating_sub(self.held.get()) >= BYTES {
            self.is_due.set(true);
        }
    }

    /// Tells V8 how much we hold, if that has changed by much: it collects more eagerly then.
    fn report(&self, env: sys::napi_env, held: usize) -> Result<(), Failure> {
        self.held.set(held);
        let change = (held as i64).wrapping_sub(self.reported.get() as i64);
        if change.unsigned_abs() < BYTES as u64 {
            return Ok(());
        }
        let mut total = 0;
        // SAFETY: `env` is the current entry's, `total` a place for the result.
        check(unsafe { sys::napi_adjust_external_memory(env, change, &raw mut total) })?;
        self.reported.set(held);
        Ok(())
    }

    /// Whether something was collected since the last time this was so.
    fn notices_collection(&self, env: sys::napi_env) -> Result<bool, Failure> {
        let mut canary = self.canary.borrow_mut();
        if canary.as_ref().is_some_and(|canary| canary.value().is_some()) {
            return Ok(false);
        }
        *canary = Some(Reference::weak(env, object(env)?)?);
        Ok(true)
    }

    /// Goes on with the present pass: what the gone objects of one batch name.
    fn take_gone(&self) -> Vec<Named> {
        let mut list = self.list.borrow_mut();
        let from = self.rest.get().min(list.len());
        let to = from.saturating_sub(BATCH);
        self.rest.set(to);
        let mut gone = Vec::new();
        // From the end: what was made last is garbage most often, and what takes a gone one's place was looked at.
        for i in (to..from).rev() {
            if list.get(i).is_some_and(|watch| watch.object.value().is_none()) {
                gone.push(list.swap_remove(i).named);
            }
        }
        gone
    }
}

/// Looks at one batch, if the runtime is at rest. `force`: a collection is known of.
fn look(env: sys::napi_env, environment: &Environment, force: bool) -> Result<(), Failure> {
    let watches = &environment.watches;
    if !environment.runtime().try_borrow().is_ok_and(|runtime| runtime.is_at_rest()) {
        watches.is_due.set(true);
        return Ok(());
    }
    watches.is_due.set(false);
    watches.made.set(0);
    // To look at an object makes a handle, and `report` may collect: it would find each of them in use.
    let gone = in_scope(env, || {
        if force || watches.rest.get() == 0 && watches.notices_collection(env)? {
            watches.rest.set(watches.list.borrow().len());
        }
        Ok::<_, Failure>(watches.take_gone())
    })??;
    for named in gone {
        let mut runtime = environment.runtime().borrow_mut();
        match named {
            Named::One(handle) => runtime.memory().release(handle, 1),
            Named::Many(all) => all.iter().for_each(|(handle, count)| runtime.memory().release(*handle, *count)),
        }
    }
    lift(environment);
    detach_ended(environment);
    let held = environment.runtime().borrow_mut().memory().held();
    watches.report(env, held)
}

/// Looks if that is due, at the end of an entry. Its failure would be a defect of ours and nobody's here to be told.
#[inline]
pub(super) fn look_if_due(env: sys::napi_env, environment: &Environment) -> Result<(), Failure> {
    if environment.watches.is_due() { look(env, environment, false) } else { Ok(()) }
}

/// What is named goes with `object`; what went before it is looked at when that is due.
fn begin_watch(
    env: sys::napi_env,
    environment: &Environment,
    object: sys::napi_value,
    named: Named,
) -> Result<sys::napi_value, Failure> {
    environment.watches.add(Watch { object: Reference::weak(env, object)?, named }, environment.runtime());
    look_if_due(env, environment)?;
    Ok(UNDEFINED)
}

/// `watch(pointer, slot, generation)`: the pointer object stands for one name of a record.
pub(super) fn watch(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([pointer, slot, generation], _) = arguments::<3>(env, info)?;
    let named = Named::One(Handle { slot: get_u32(env, slot)?, generation: get_u32(env, generation)? });
    begin_watch(env, environment, pointer, named)
}

/// `watchMany(token, entries, length)`: the token is kept by pointer objects; a Uint32Array of slots, generations and how many
/// of them name each.
pub(super) fn watch_many(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([token, entries, length], _) = arguments::<3>(env, info)?;
    let (entries, length) = (u32_items(env, entries)?, get_u32(env, length)? as usize);
    let entries = entries.get(..length).ok_or(Failure::Message("too few entries"))?;
    let named = entries.chunks_exact(3).map(|entry| (Handle { slot: entry[0], generation: entry[1] }, entry[2]));
    begin_watch(env, environment, token, Named::Many(named.collect()))
}

/// `sweep(isNew)`: goes on with looking, or begins anew after a collection. Whether something is left to look at. Throws the
/// damage found in what was collected.
pub(super) fn sweep(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    environment: &Environment,
) -> Result<sys::napi_value, Failure> {
    let ([is_new], _) = arguments::<1>(env, info)?;
    look(env, environment, super::values::get_bool(env, is_new)?)?;
    if let Some(damage) = environment.runtime().borrow_mut().memory().take_damage() {
        return Err(damage.into());
    }
    boolean(env, environment.watches.rest.get() > 0)
}
