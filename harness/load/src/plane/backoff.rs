//! Chance: a draw is a function of the seed, the client and a counter, so that one client more does not change another
//! one's pauses.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::settings::Backoff;

/// A share from 0 up to, not including, 1.
pub(super) fn share(seed: u64, client: u32, counter: u32) -> f64 {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(u64::from(client) << 32 | u64::from(counter));
    f64::from(dice.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

impl Backoff {
    /// The pause after `failures` failures in a row, from 1.
    pub(super) fn pause(&self, failures: u32, share: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20));
        doubled.min(self.longest).mul_f64(0.5 + share / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_drawn_from_the_upper_half() {
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_millis(350) };
        let check =
            |failures, share, ms| assert_eq!(backoff.pause(failures, share), Duration::from_millis(ms));
        check(1, 0.0, 50);
        check(2, 0.0, 100);
        check(3, 0.0, 175);
        check(30, 1.0, 350);
    }

    #[test]
    fn each_client_has_its_own_chance() {
        assert_eq!(share(1, 2, 3), share(1, 2, 3));
        assert_ne!(share(1, 2, 3), share(1, 3, 3));
        assert_ne!(share(1, 2, 3), share(1, 2, 4));
        assert_ne!(share(1, 2, 3), share(2, 2, 3));
        let mean: f64 = (0..1_000).map(|client| share(7, client, 0)).sum::<f64>() / 1_000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
