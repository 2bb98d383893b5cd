//! Chance: every draw is a function of (seed, connection, fault, way, purpose, counter).

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::Way;

/// What a number is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Whether a connection is befallen at all; the same for both ways.
    Connection,
    /// When it happens; the same for both ways, which break together.
    Moment,
    /// Whether a chunk is befallen.
    Chunk,
    /// How much.
    Size,
    /// Bytes that nobody sent.
    Bytes,
}

/// The dice of one fault on one way of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    pub(super) seed: u64,
    pub(super) connection: u64,
    pub(super) fault: usize,
    pub(super) way: Way,
}

impl Dice {
    fn stream(&self, purpose: Purpose, counter: u64) -> ChaCha8Rng {
        let both = matches!(purpose, Purpose::Connection | Purpose::Moment);
        let way = if both { 0 } else { 1 + self.way as u64 };
        let place = (self.fault as u64) << 16 | way << 8 | purpose as u64;
        let mut key = [0; 32];
        let words = [self.seed, self.connection, place, counter];
        for (slot, word) in key.chunks_exact_mut(8).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }

    /// Evenly from 0 up to, not including, 1.
    pub(super) fn unit(&self, purpose: Purpose, counter: u64) -> f64 {
        (self.stream(purpose, counter).next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly from 0 to `n`, both included.
    pub(super) fn up_to(&self, purpose: Purpose, counter: u64, n: u64) -> u64 {
        ((self.unit(purpose, counter) * (n as f64 + 1.0)) as u64).min(n)
    }

    /// So many bytes.
    pub(super) fn bytes(&self, counter: u64, n: usize) -> Vec<u8> {
        let mut bytes = vec![0; n];
        self.stream(Purpose::Bytes, counter).fill_bytes(&mut bytes);
        bytes
    }

    /// How many bits stay as they are before the next one that is turned over, when each is turned with the
    /// probability `p`.
    pub(super) fn spared_bits(&self, counter: u64, p: f64) -> u64 {
        (libm::log1p(-self.unit(Purpose::Size, counter)) / libm::log1p(-p)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DICE: Dice = Dice { seed: 7, connection: 3, fault: 1, way: Way::Up };

    #[test]
    fn a_draw_depends_on_each_word_of_its_key() {
        let check = |other: Dice, purpose, counter| {
            assert_ne!(other.unit(purpose, counter), DICE.unit(Purpose::Chunk, 5), "{other:?} {purpose:?}");
        };
        assert_eq!(DICE.unit(Purpose::Chunk, 5), DICE.unit(Purpose::Chunk, 5));
        check(Dice { seed: 8, ..DICE }, Purpose::Chunk, 5);
        check(Dice { connection: 4, ..DICE }, Purpose::Chunk, 5);
        check(Dice { fault: 0, ..DICE }, Purpose::Chunk, 5);
        check(Dice { way: Way::Down, ..DICE }, Purpose::Chunk, 5);
        check(DICE, Purpose::Size, 5);
        check(DICE, Purpose::Chunk, 6);
        let down = Dice { way: Way::Down, ..DICE };
        assert_eq!(down.unit(Purpose::Connection, 0), DICE.unit(Purpose::Connection, 0));
    }

    #[test]
    fn bits_between_two_errors_have_the_mean_of_their_rate() {
        let mean = |p: f64| (0..4_000).map(|i| DICE.spared_bits(i, p) as f64 + 1.0).sum::<f64>() / 4_000.0;
        for p in [0.5, 0.01, 1e-5] {
            assert!((mean(p) * p - 1.0).abs() < 0.08, "{p}: {}", mean(p));
        }
        assert_eq!(DICE.spared_bits(0, 1.0), 0);
    }
}
