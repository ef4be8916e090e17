//! Turns a seed, or the bytes that a fuzzer chose, into the same numbers every time, and a budget into rounds.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The bytes that it was given, and SplitMix64 behind them: every seed gives another good sequence. Owns its state; one thread.
pub(crate) struct Random {
    chosen: std::vec::IntoIter<u8>,
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random { chosen: Vec::new().into_iter(), state: seed }
    }

    /// What a fuzzer changes in the bytes, it changes in the choices.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Random {
        Random { chosen: Vec::from(bytes).into_iter(), state: 0 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        if !self.chosen.as_slice().is_empty() {
            return self.chosen.by_ref().take(8).fold(0, |number, byte| number << 8 | u64::from(byte));
        }
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; of chosen bytes it takes no more than it needs.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let chosen = if limit <= 256 { self.chosen.next().map(u64::from) } else { None };
        (chosen.unwrap_or_else(|| self.next()) % limit as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Runs `round` as often as the budget says, each time with another seed, and names the seed of one that fails.
pub(crate) fn rounds(round: impl Fn(&mut Random)) {
    rounds_of("HOLDFAST_FUZZ_ROUNDS", 20_000, round);
}

/// The same for rounds with threads, of which each takes milliseconds.
pub(crate) fn stress(round: impl Fn(&mut Random)) {
    rounds_of("HOLDFAST_STRESS_ROUNDS", 100, round);
}

fn rounds_of(budget: &str, otherwise: u64, round: impl Fn(&mut Random)) {
    let first = setting("HOLDFAST_FUZZ_SEED", 1);
    for seed in first..first + setting(budget, otherwise) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| round(&mut Random::new(seed)))) {
            eprintln!("seen with HOLDFAST_FUZZ_SEED={seed} {budget}=1");
            resume_unwind(panic);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let numbers = |seed| {
        let mut random = Random::new(seed);
        [random.next(), random.next(), random.next()]
    };
    assert_eq!(numbers(7), numbers(7));
    assert_ne!(numbers(7), numbers(8));
}
