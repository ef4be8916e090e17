//! Turns environments of several threads into rivals for the pool: calls made, freed under, taken back and left behind.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use holdfast_core::plan::Layout;
use holdfast_core::signature::read_type;

use super::front::{Argument, Field, Front, Function, Handle, everywhere};
use super::random::{Random, stress};

const ENVIRONMENTS: usize = 3;

/// One environment with its pending calls and its blocks. Dropped in the middle of both, or after their end.
struct Life<'f> {
    front: &'f mut Front,
    bell: Receiver<()>,
    memset: Function,
    usleep: Function,
    tickets: Vec<u32>,
    blocks: Vec<Handle>,
}

impl Life<'_> {
    fn new(front: &mut Front) -> Life<'_> {
        let (ring, bell) = channel();
        let ring = move || {
            // The environment may have ended, and with it the other side.
            let _ = ring.send(());
        };
        front.runtime.listen(Box::new(ring), 2);
        let memset = front.bind("memset", "ptr(ptr,i32,usize)");
        let usleep = front.bind("usleep", "i32(u32)");
        Life { front, bell, memset, usleep, tickets: Vec::new(), blocks: Vec::new() }
    }

    fn create(&mut self) {
        let layout = Layout::of(&read_type("[64]u8").unwrap()).unwrap();
        let memory = self.front.runtime.memory();
        self.blocks.push(memory.create(64, layout.into(), Vec::new(), Vec::new(), |_, _, _| Ok(())).unwrap());
    }

    fn free(&mut self, which: usize) {
        let handle = self.blocks.swap_remove(which);
        self.front.runtime.memory().free(handle, None).unwrap();
    }

    fn submit(&mut self, random: &mut Random) {
        let word = Argument::Word;
        if self.blocks.is_empty() || random.once_in(4) {
            self.front.write(&self.usleep, &[word(random.below(300) as u64)]);
        } else {
            let block = *random.pick(&self.blocks);
            self.front.write(&self.memset, &[Argument::Handle(block), word(7), word(64)]);
        }
        let ticket = self.front.runtime.submit(&[]);
        assert_ne!(ticket, 0, "refused with {}", self.front.frame().get(Field::Status));
        self.tickets.push(ticket);
    }

    fn take_back(&mut self, which: usize) {
        if self.front.runtime.cancel(self.tickets[which]).unwrap() {
            self.tickets.swap_remove(which);
        }
    }

    /// Takes the results that have come. Each comes once, and of a call that was not taken back.
    fn collect(&mut self) {
        for ticket in self.front.runtime.completed() {
            let found = self.tickets.iter().position(|known| *known == ticket);
            self.tickets.swap_remove(found.unwrap());
            self.front.choose(ticket);
            self.front.runtime.collect(&[]);
            assert_eq!(self.front.frame().get(Field::Status), 0);
        }
    }

    fn act(&mut self, random: &mut Random) {
        match random.below(8) {
            0 if self.blocks.len() < 8 => self.create(),
            1 if !self.blocks.is_empty() => self.free(random.below(self.blocks.len())),
            2 if !self.tickets.is_empty() => self.take_back(random.below(self.tickets.len())),
            3 | 4 => self.collect(),
            _ => self.submit(random),
        }
    }

    /// Waits for all, and looks whether anything is held.
    fn end(mut self) {
        while !self.tickets.is_empty() {
            self.collect();
            if !self.tickets.is_empty() {
                self.bell.recv_timeout(Duration::from_secs(60)).unwrap();
            }
        }
        (0..self.blocks.len()).for_each(|_| self.free(0));
        let counters = self.front.runtime.memory().counters();
        assert_eq!((self.front.runtime.pending(), counters.pins, counters.blocks), (0, 0, 0));
    }
}

fn live(front: &mut Front, mut random: Random) {
    let mut life = Life::new(front);
    for _ in 0..80 {
        life.act(&mut random);
    }
    if random.once_in(2) {
        life.end();
    }
}

#[test]
fn environments_that_share_threads_lose_no_call_and_keep_no_memory() {
    stress(|random| {
        thread::scope(|scope| {
            for _ in 0..ENVIRONMENTS {
                let seed = random.next();
                scope.spawn(move || everywhere(|front| live(front, Random::new(seed))));
            }
        });
    });
}
