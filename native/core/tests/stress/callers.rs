//! Turns threads of C into callers, while the environment answers, releases, arms anew, is kept by C, and ends.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use holdfast_core::closure::trampoline::{Desk, Host, Incoming};
use holdfast_core::closure::{CallbackOptions, CallbackPlan, Closures, Delivery, Pulse, Request};
use holdfast_core::memory::Memory;
use holdfast_core::signature::read_signature;
use holdfast_core::sys::crash::Journal;

use super::random::{Random, stress};

const CALLERS: usize = 3;
const PLACES: usize = 4;

/// Where C keeps code: also code that was released meanwhile.
#[derive(Default)]
struct Stage {
    codes: [AtomicUsize; PLACES],
    over: AtomicBool,
}

/// Tells the callers to stop, also when the test fails.
struct Ending<'s>(&'s Stage);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Relaxed);
    }
}

/// Never zero, which is what C gets when nobody answers.
fn answer_to(argument: i32) -> i32 {
    argument.wrapping_mul(3) | 1
}

struct Answering;

impl Host for Answering {
    fn deliver(&self, mut incoming: Incoming<'_>) {
        let argument = i32::from_ne_bytes(incoming.arguments.bytes(0, 4).try_into().unwrap());
        incoming.place.write(&i64::from(answer_to(argument)).to_ne_bytes());
    }
}

/// An environment without JavaScript. `_host` is dropped after `closures`, whose desk leads to it.
struct Environment {
    closures: Closures,
    memory: Memory,
    journal: Journal,
    plan: Arc<CallbackPlan>,
    numbers: [u32; PLACES],
    released: HashSet<u32>,
    answered: usize,
    _host: Box<Answering>,
}

impl Environment {
    fn new(signature: &str, options: CallbackOptions) -> Environment {
        let journal = Journal::default();
        let mut closures = Closures::new(Arc::new(Pulse::new(journal.watch())));
        let host = Box::new(Answering);
        // SAFETY: the host is boxed and dropped after `closures`, which come before it in the struct.
        closures.set_desk(unsafe { Desk::new(std::ptr::from_ref::<Answering>(&host)) });
        closures.mailbox().set_wake(Some(Box::new(|| true)));
        let plan = Arc::new(CallbackPlan::compile(&read_signature(signature).unwrap(), options).unwrap());
        let (memory, numbers, released) = (Memory::default(), [0; PLACES], HashSet::new());
        Environment { closures, memory, journal, plan, numbers, released, answered: 0, _host: host }
    }

    /// Arms a callback and gives C its code.
    fn arm(&mut self, place: usize, stage: &Stage) {
        let (number, handle) = self.closures.arm(&self.plan, &mut self.memory).unwrap();
        self.numbers[place] = number;
        self.released.remove(&number);
        stage.codes[place].store(self.memory.resolve(handle).unwrap(), Relaxed);
    }

    fn release(&mut self, place: usize) {
        self.closures.release(self.numbers[place], &mut self.memory);
        self.released.insert(self.numbers[place]);
    }

    /// As the JavaScript thread does: who asks for a callback that was released meanwhile gets zero.
    fn answer(&mut self, mut request: Request) {
        let bytes = request.take_packet().unwrap().bytes;
        if self.closures.armed(request.number, Some(request.generation)).is_none() {
            return request.answer(Vec::new());
        }
        let argument = i32::from_ne_bytes(*bytes.first_chunk().unwrap());
        self.answered += 1;
        request.answer(i64::from(answer_to(argument)).to_ne_bytes().to_vec());
    }

    fn look(&mut self) {
        match self.closures.mailbox().take() {
            Some(Delivery::Request(request)) => self.answer(request),
            Some(Delivery::Released(number)) => assert!(self.released.contains(&number), "{number} was not released"),
            None => thread::yield_now(),
        }
    }

    /// C keeps this thread for longer than the callers wait.
    fn linger(&mut self) {
        self.closures.mailbox().set_timeout(1);
        let outer = self.journal.enter(7);
        thread::sleep(Duration::from_millis(120));
        self.journal.leave(outer);
        self.closures.mailbox().set_timeout(60_000);
        for stuck in self.closures.mailbox().take_stuck() {
            assert_eq!(stuck.function, 7);
        }
    }
}

fn code(address: usize) -> extern "C" fn(i32) -> i32 {
    // SAFETY: the code of a closure that was prepared for this very signature, and stays callable after its release and
    // its environment's end (S19); in one round fewer are released than rest.
    unsafe { std::mem::transmute::<usize, extern "C" fn(i32) -> i32>(address) }
}

/// One thread of C. Returns how many of its calls were answered.
fn call_around(stage: &Stage, mut random: Random, caller: usize) -> usize {
    let (mut answered, mut late) = (0, 0);
    for turn in 0.. {
        // Some calls come when the environment is gone.
        late += usize::from(stage.over.load(Relaxed));
        if late > 20 {
            break;
        }
        let argument = (turn * CALLERS + caller) as i32;
        match code(stage.codes[random.below(PLACES)].load(Relaxed))(argument) {
            0 => {}
            answer => {
                assert_eq!(answer, answer_to(argument), "the answer to another call");
                answered += 1;
            }
        }
    }
    answered
}

#[test]
fn every_answer_reaches_its_caller_and_nobody_waits_for_ever() {
    stress(|random| {
        let stage = &Stage::default();
        let lingers = random.once_in(8);
        thread::scope(|scope| {
            let ending = Ending(stage);
            let mut environment = Environment::new("i32(i32)", CallbackOptions::default());
            (0..PLACES).for_each(|place| environment.arm(place, stage));
            let start = |caller| {
                let random = Random::new(random.next());
                scope.spawn(move || call_around(stage, random, caller))
            };
            let callers: Vec<_> = (0..CALLERS).map(start).collect();
            for turn in 0..300 {
                let place = random.below(PLACES);
                match random.below(12) {
                    0 => {
                        environment.release(place);
                        thread::yield_now();
                        environment.arm(place, stage);
                    }
                    1 => assert_eq!(code(stage.codes[place].load(Relaxed))(5), answer_to(5)),
                    2 if lingers && turn > 290 => environment.linger(),
                    _ => environment.look(),
                }
            }
            let answered = environment.answered;
            drop(environment);
            drop(ending);
            let seen: usize = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
            // A caller that gave up may do so while its answer is under way.
            assert!(seen == answered || (lingers && seen <= answered), "{seen} of {answered} answers arrived");
        });
    });
}

/// What a caller that does not wait sends: which of its messages this is, and which caller.
fn send_all(address: usize, caller: usize, messages: usize) {
    let code = code(address);
    for number in 0..messages {
        code((number * CALLERS + caller) as i32);
    }
}

#[test]
fn messages_that_nobody_waits_for_come_once_and_in_their_senders_order() {
    stress(|random| {
        let stage = &Stage::default();
        // More than the queue holds, so that senders wait for room; in some rounds the environment ends before all came.
        let messages = 400 + random.below(200);
        let wanted = if random.once_in(2) { messages * CALLERS } else { random.below(messages) };
        let options = CallbackOptions { nonblocking: true, ..CallbackOptions::default() };
        thread::scope(|scope| {
            let mut environment = Environment::new("void(i32)", options);
            environment.arm(0, stage);
            let address = stage.codes[0].load(Relaxed);
            (0..CALLERS).for_each(|caller| drop(scope.spawn(move || send_all(address, caller, messages))));
            let mut next = [0; CALLERS];
            for _ in 0..wanted {
                let mut request = loop {
                    match environment.closures.mailbox().take() {
                        Some(Delivery::Request(request)) => break request,
                        Some(Delivery::Released(number)) => panic!("{number} was not released"),
                        None => thread::yield_now(),
                    }
                };
                let bytes = request.take_packet().unwrap().bytes;
                let message = i32::from_ne_bytes(*bytes.first_chunk().unwrap()) as usize;
                assert_eq!(message / CALLERS, next[message % CALLERS], "lost, doubled or out of order");
                next[message % CALLERS] += 1;
            }
        });
    });
}
