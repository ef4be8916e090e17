//! Code that C would call is called here: on the owner's thread, on others, after its release and at the end.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::{Desk, Host, Incoming};
use crate::closure::{CallbackOptions, CallbackPlan, Closures, Delivery, Pulse, QUARANTINE, Stuck};
use crate::memory::Memory;
use crate::registry::Handle;
use crate::signature::read_signature;
use crate::sys::crash::Journal;

type Code = extern "C" fn(i32) -> i32;

/// Doubles, as a program's function might.
#[derive(Default)]
struct Doubler {
    numbers: RefCell<Vec<u32>>,
}

impl Host for Doubler {
    fn deliver(&self, mut incoming: Incoming<'_>) {
        self.numbers.borrow_mut().push(incoming.number);
        let argument = i32::from_ne_bytes(incoming.arguments.bytes(0, 4).try_into().unwrap());
        assert!(incoming.arguments.bytes(1, 4).is_empty(), "there is no second argument");
        incoming.place.write(&i64::from(argument * 2).to_ne_bytes());
    }
}

struct Environment {
    closures: Closures,
    memory: Memory,
    pulse: Arc<Pulse>,
    journal: Journal,
    plan: Arc<CallbackPlan>,
    host: Box<Doubler>,
}

impl Environment {
    fn new() -> Environment {
        let journal = Journal::default();
        let pulse = Arc::new(Pulse::new(journal.watch()));
        let host = Box::<Doubler>::default();
        let mut closures = Closures::new(Arc::clone(&pulse));
        // SAFETY: the host is boxed and dropped after `closures`, which come before it in the struct.
        closures.set_desk(unsafe { Desk::new(std::ptr::from_ref::<Doubler>(&host)) });
        closures.mailbox().set_wake(Some(Box::new(|| true)));
        let signature = read_signature("i32(i32)").unwrap();
        let plan = Arc::new(CallbackPlan::compile(&signature, CallbackOptions::default()).unwrap());
        Environment { closures, memory: Memory::default(), pulse, journal, plan, host }
    }

    fn arm(&mut self) -> (u32, Code) {
        let (number, handle) = self.closures.arm(&self.plan, &mut self.memory).unwrap();
        (number, self.code(handle))
    }

    fn code(&self, handle: Handle) -> Code {
        let address = self.memory.resolve(handle).unwrap();
        // SAFETY: the code of a closure that was prepared for this very signature.
        unsafe { std::mem::transmute::<usize, Code>(address) }
    }

    fn next(&self) -> Delivery {
        loop {
            if let Some(delivery) = self.closures.mailbox().take() {
                return delivery;
            }
            std::thread::yield_now();
        }
    }
}

fn on_thread(code: Code, argument: i32) -> JoinHandle<i32> {
    std::thread::spawn(move || code(argument))
}

#[test]
fn a_call_on_the_owners_thread_reaches_the_host_and_returns_its_result() {
    let mut environment = Environment::new();
    let (number, code) = environment.arm();
    assert_eq!((code(21), code(-4)), (42, -8));
    assert_eq!(*environment.host.numbers.borrow(), [number, number]);
}

#[test]
fn a_call_on_another_thread_waits_for_the_answer_in_the_mailbox() {
    let mut environment = Environment::new();
    let (number, code) = environment.arm();
    let waiting = on_thread(code, 5);
    let Delivery::Request(mut request) = environment.next() else { panic!("a request") };
    assert_eq!((request.number, &request.take_packet().unwrap().bytes[..4]), (number, &5i32.to_ne_bytes()[..]));
    assert!(environment.host.numbers.borrow().is_empty(), "the host is of its own thread");
    request.answer(9i64.to_ne_bytes().to_vec());
    assert_eq!(waiting.join().unwrap(), 9);
}

#[test]
fn a_released_callback_gives_other_threads_zero_and_is_noted() {
    let mut environment = Environment::new();
    let (number, code) = environment.arm();
    environment.closures.release(number, &mut environment.memory);
    assert_eq!(on_thread(code, 5).join().unwrap(), 0);
    assert!(matches!(environment.next(), Delivery::Released(noted) if noted == number));
    assert_eq!(environment.closures.live(), 0);
}

#[test]
fn an_address_is_used_again_only_after_its_quarantine() {
    let mut environment = Environment::new();
    let mut seen = HashSet::new();
    for _ in 0..=QUARANTINE {
        let (number, code) = environment.arm();
        assert!(seen.insert(code as usize), "an address came back too early");
        environment.closures.release(number, &mut environment.memory);
    }
    let (_, code) = environment.arm();
    assert!(seen.contains(&(code as usize)), "the oldest is armed again");
    assert_eq!(code(3), 6);
}

#[test]
fn the_end_of_an_environment_lets_waiting_threads_go_on_with_zero_and_leaves_its_code_callable() {
    let mut environment = Environment::new();
    let (_, code) = environment.arm();
    let waiting = on_thread(code, 5);
    let Delivery::Request(request) = environment.next() else { panic!("a request") };
    drop(environment);
    assert_eq!((waiting.join().unwrap(), code(5)), (0, 0));
    assert_eq!(on_thread(code, 5).join().unwrap(), 0);
    request.answer(vec![1; 8]);
}

#[test]
fn a_thread_gives_up_when_one_foreign_call_lasts_too_long() {
    let mut environment = Environment::new();
    let (number, code) = environment.arm();
    environment.closures.mailbox().set_timeout(20);
    let _outer = environment.journal.enter(7);
    assert_eq!(on_thread(code, 5).join().unwrap(), 0);
    assert!(environment.pulse.attention());
    assert_eq!(environment.closures.mailbox().take_stuck(), [Stuck { number, function: 7 }]);
    assert!(environment.closures.mailbox().take().is_none(), "nobody answers a thread that has left");
}

#[test]
fn a_callback_released_while_it_runs_rests_only_when_it_has_returned() {
    let mut environment = Environment::new();
    let (number, _) = environment.arm();
    environment.closures.begin(number);
    environment.closures.release(number, &mut environment.memory);
    assert!(environment.closures.running(number).is_some(), "its plan stays");
    for _ in 0..=2 * QUARANTINE {
        let (other, _) = environment.arm();
        assert_ne!(other, number, "armed again while it runs");
        environment.closures.release(other, &mut environment.memory);
    }
    environment.closures.end(number);
    assert!(environment.closures.running(number).is_none());
}

#[test]
fn closures_stay_callable_when_their_environment_has_ended_and_others_after_it() {
    let mut environment = Environment::new();
    let codes: Vec<Code> = (0..=QUARANTINE).map(|_| environment.arm().1).collect();
    drop(environment);
    for _ in 0..3 {
        let mut later = Environment::new();
        for _ in 0..=QUARANTINE {
            later.arm();
        }
    }
    assert!(codes.iter().all(|code| code(5) == 0));
}

#[test]
fn a_thread_that_waits_survives_that_its_closure_is_given_to_others() {
    let mut environment = Environment::new();
    let (number, code) = environment.arm();
    let waiting = on_thread(code, 5);
    let Delivery::Request(request) = environment.next() else { panic!("a request") };
    environment.closures.release(number, &mut environment.memory);
    for _ in 0..=2 * QUARANTINE {
        let (other, _) = environment.arm();
        environment.closures.release(other, &mut environment.memory);
    }
    request.answer(9i64.to_ne_bytes().to_vec());
    assert_eq!(waiting.join().unwrap(), 9);
}
