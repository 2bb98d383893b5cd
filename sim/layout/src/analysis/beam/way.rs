//! Bodies that cross a zone: does every ray break at once, and for long enough?
//!
//! A body is a box on its way across: `depth` along the way, `height` tall, its lower side `lift` above the wall's top. It
//! stands in a ray for `depth / speed` when it crosses at right angles, which is the shortest way through; all rays
//! break together when its lower side is not above the lowest and its upper side not below the highest. So, with an
//! interruption time τ and independent sizes,
//!
//! `P(miss | v) = 1 - P(lift ≤ lowest, lift + height ≥ highest) P(depth ≥ v τ)`,
//!
//! and `P(miss)` is its mean over the speeds of that way. The twin solves the same box on its segment; a test there
//! crosses zones at many speeds and compares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Unreadable;
use crate::words::Spread;

/// A way of crossing, and how bodies are on it. All of it is assumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// Its name in the answer.
    pub id: String,
    /// What somebody does.
    pub name: String,
    /// The same in Chinese.
    pub name_zh: String,
    /// Share of all who cross, 0..1.
    pub share: f64,
    /// Length along the way, m.
    pub depth_m: Spread,
    /// From the lower to the upper side, m.
    pub height_m: Spread,
    /// Lower side above the wall's top, m.
    pub lift_m: Spread,
    /// Speed across the rays, m/s.
    pub speed_m_s: Spread,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ways {
    way: Vec<Way>,
}

/// The ways that are shipped.
///
/// # Errors
/// Never: a test reads them.
pub fn ways() -> Result<Vec<Way>, Unreadable> {
    let read: Ways = toml::from_str(include_str!("../../../../../assets/beams/ways.toml"))
        .map_err(|e| Unreadable(format!("assets/beams/ways.toml: {e}")))?;
    Ok(read.way)
}

/// What a zone makes of bodies: its lowest and highest ray, and how long all must be broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trip {
    /// Lowest ray above the wall's top, m.
    pub lowest_m: f64,
    /// Highest ray above the wall's top, m.
    pub highest_m: f64,
    /// Interruption time, s.
    pub interruption_s: f64,
}

/// How one way comes out at a zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WayAnswer {
    /// The way.
    pub way: String,
    /// Share of all who cross, 0..1. Assumed.
    pub share: f64,
    /// Probability that such a body breaks all rays at once.
    pub breaks_all: f64,
    /// Probability that the zone says nothing.
    pub miss: f64,
    /// The same at each of the answer's speeds.
    pub miss_at: Vec<f64>,
}

impl Trip {
    /// Probability that a body of a way breaks all rays at once, for however short.
    pub fn breaks_all(&self, way: &Way) -> f64 {
        // Above the lowest ray it breaks less than all; where the highest ray comes to lie just over the tallest
        // or the shortest body the integrand has a kink.
        let kinks = [self.lowest_m, self.highest_m - way.height_m.low, self.highest_m - way.height_m.high];
        way.lift_m.mean_of(&kinks, |lift| {
            let low_enough = f64::from(u8::from(lift <= self.lowest_m));
            low_enough * way.height_m.from(self.highest_m - lift)
        })
    }

    /// Probability that the zone says nothing to a body of a way at a speed, m/s.
    pub fn miss_at(&self, way: &Way, speed_m_s: f64) -> f64 {
        let long_enough = way.depth_m.from(speed_m_s * self.interruption_s);
        (1.0 - self.breaks_all(way) * long_enough).clamp(0.0, 1.0)
    }

    /// Probability that the zone says nothing to a body of a way, over its speeds.
    pub fn miss(&self, way: &Way) -> f64 {
        let depth = way.depth_m;
        let kinks = [depth.low, depth.mean, depth.high].map(|d| d / self.interruption_s.max(1e-6));
        let long_enough = way.speed_m_s.mean_of(&kinks, |speed| depth.from(speed * self.interruption_s));
        (1.0 - self.breaks_all(way) * long_enough).clamp(0.0, 1.0)
    }

    /// The same over all ways by their shares.
    pub fn miss_of_all(&self, ways: &[Way]) -> f64 {
        let all: f64 = ways.iter().map(|way| way.share).sum();
        ways.iter().map(|way| way.share * self.miss(way)).sum::<f64>() / all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPRIGHT: [Spread; 3] = [Spread::point(0.25), Spread::point(0.9), Spread::point(0.0)];

    fn way([depth_m, height_m, lift_m]: [Spread; 3], speed_m_s: Spread) -> Way {
        let (id, name, name_zh) = ("w".into(), String::new(), String::new());
        Way { id, name, name_zh, share: 1.0, depth_m, height_m, lift_m, speed_m_s }
    }

    fn trip(interruption_ms: f64) -> Trip {
        Trip { lowest_m: 0.1, highest_m: 0.3, interruption_s: interruption_ms / 1000.0 }
    }

    #[test]
    fn a_body_of_a_quarter_metre_is_too_fast_beyond_the_published_speeds() {
        for (ms, fastest) in [(40.0, 6.25), (100.0, 2.5), (250.0, 1.0), (500.0, 0.5)] {
            let way = way(UPRIGHT, Spread::point(1.0));
            assert_eq!(trip(ms).miss_at(&way, fastest - 1e-9), 0.0, "{ms} ms");
            assert_eq!(trip(ms).miss_at(&way, fastest + 1e-9), 1.0, "{ms} ms");
        }
    }

    #[test]
    fn all_rays_must_lie_within_the_body() {
        let with = |height: f64, lift: f64| {
            let way =
                way([Spread::point(0.25), Spread::point(height), Spread::point(lift)], Spread::point(1.0));
            trip(50.0).breaks_all(&way)
        };
        assert_eq!((with(0.29, 0.0), with(0.31, 0.0)), (0.0, 1.0), "under the highest ray");
        assert_eq!((with(0.9, 0.11), with(0.9, 0.09)), (0.0, 1.0), "over the lowest ray");
        assert_eq!((with(0.21, 0.08), with(0.21, 0.1)), (0.0, 1.0), "just both");
    }

    /// Evenly spread sizes have sums that can be written down: a normal so wide that it is flat between its ends.
    #[test]
    fn flat_distributions_give_areas() {
        let flat = |low: f64, high: f64| Spread { mean: (low + high) / 2.0, sd: 1e4, low, high };
        let way = way([flat(0.2, 0.4), flat(0.2, 0.4), flat(0.0, 0.2)], flat(1.0, 8.0));
        // lift uniform to 0.1 of 0.2; height at least 0.3 - lift: mean of (0.4 - 0.3 + lift) / 0.2 over lift 0..0.1.
        assert!((trip(50.0).breaks_all(&way) - 0.5 * (0.15 / 0.2)).abs() < 1e-6);
        // depth >= 0.05 v: all up to 4 m/s, then falling to none at 8.
        let long_enough = (3.0 + 4.0 * 0.5) / 7.0;
        assert!((trip(50.0).miss(&way) - (1.0 - 0.375 * long_enough)).abs() < 1e-6);
    }

    #[test]
    fn the_shipped_ways_are_sound_and_a_longer_setting_misses_more() {
        let ways = ways().expect("the shipped ways");
        assert!((ways.iter().map(|w| w.share).sum::<f64>() - 1.0).abs() < 1e-9);
        for way in &ways {
            for spread in [way.depth_m, way.height_m, way.lift_m, way.speed_m_s] {
                assert!(
                    spread.low <= spread.mean && spread.mean <= spread.high && spread.sd >= 0.0,
                    "{way:?}"
                );
            }
            let misses: Vec<f64> = [40.0, 50.0, 100.0, 250.0, 500.0].map(|ms| trip(ms).miss(way)).to_vec();
            assert!(misses.windows(2).all(|w| w[0] <= w[1] + 1e-9), "{misses:?}");
            assert!((0.0..=1.0).contains(&misses[0]) && misses[4] > misses[0], "{misses:?}");
        }
    }
}
