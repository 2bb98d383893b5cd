//! Chance: every draw is a function of (seed, agent, purpose, counter).
//!
//! No stream is shared, so adding an agent changes nobody else's draws.
//! `ChaCha8` is portable and fixed by its specification; distributions are worked out here through `libm`,
//! because `rand_distr` draws other numbers when another crate of the workspace turns a feature on.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// A stable number for an agent or a device, made from its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgentKey(pub u64);

impl AgentKey {
    /// The key of a name such as `resident/b03-1-0502/2`.
    pub const fn of(name: &str) -> AgentKey {
        AgentKey(fnv1a(name.as_bytes()))
    }
}

const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

/// The run's seed, from which every draw is made.
#[derive(Clone, Copy, Debug)]
pub struct Dice {
    seed: u64,
}

impl Dice {
    /// Dice for one run.
    pub const fn new(seed: u64) -> Dice {
        Dice { seed }
    }

    /// The stream of `agent` for `purpose`; `counter` tells repeated uses apart (a day, a trip, an attempt).
    pub fn draw(&self, agent: AgentKey, purpose: &str, counter: u64) -> Draw {
        let mut key = [0u8; 32];
        for (slot, word) in
            key.chunks_exact_mut(8).zip([self.seed, agent.0, fnv1a(purpose.as_bytes()), counter])
        {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        Draw(ChaCha8Rng::from_seed(key))
    }
}

/// A stream of numbers for one agent and purpose.
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `[low, high)`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform in `0..n`; zero when `n` is zero.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// One of the items, or nothing when there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Normal, by Box and Muller.
    pub fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        mean + sd * radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// Normal, drawn again until it falls in `[low, high]` (at most 64 times, then clamped).
    pub fn normal_within(&mut self, mean: f64, sd: f64, low: f64, high: f64) -> f64 {
        (0..64)
            .map(|_| self.normal(mean, sd))
            .find(|x| (low..=high).contains(x))
            .unwrap_or(mean.clamp(low, high))
    }

    /// Exponential with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// Log-normal, given its median and the standard deviation of its logarithm.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(self.normal(0.0, sigma))
    }

    /// Poisson with the given mean (product method in slices of at most 30, so that it never underflows).
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let (mut left, mut count) = (mean.max(0.0), 0);
        while left > 0.0 {
            let part = left.min(30.0);
            left -= part;
            let floor = libm::exp(-part);
            let mut product = self.unit();
            while product > floor {
                count += 1;
                product *= self.unit();
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: AgentKey = AgentKey::of("resident/b01-1-0101/0");

    #[test]
    fn the_same_words_draw_the_same_numbers() {
        let dice = Dice::new(7);
        assert_eq!(dice.draw(WHO, "leave", 0).bits(), dice.draw(WHO, "leave", 0).bits());
        assert_ne!(dice.draw(WHO, "leave", 0).bits(), dice.draw(WHO, "leave", 1).bits());
        assert_ne!(dice.draw(WHO, "leave", 0).bits(), Dice::new(8).draw(WHO, "leave", 0).bits());
        assert_ne!(dice.draw(WHO, "leave", 0).bits(), dice.draw(WHO, "return", 0).bits());
    }

    #[test]
    fn distributions_have_their_mean() {
        let mut draw = Dice::new(1).draw(WHO, "test", 0);
        let n = 20_000;
        let mut mean =
            |f: &mut dyn FnMut(&mut Draw) -> f64| (0..n).map(|_| f(&mut draw)).sum::<f64>() / f64::from(n);
        assert!((mean(&mut |d| d.normal(5.0, 2.0)) - 5.0).abs() < 0.06);
        assert!((mean(&mut |d| d.exponential(3.0)) - 3.0).abs() < 0.08);
        assert!((mean(&mut |d| f64::from(d.poisson(45.0))) - 45.0).abs() < 0.2);
        assert!((mean(&mut |d| d.unit()) - 0.5).abs() < 0.01);
    }
}
