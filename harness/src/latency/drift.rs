//! Whether answers take longer the longer a gateway runs: what a soak shows.
//!
//! The responses of each device class are put into stretches of equal length, and the drift is the slope that the medians
//! of the stretches have in common: a class is compared with itself only, so that another mix of classes is no drift.

use std::collections::BTreeMap;

use super::trend::{Trend, median, trend_within};
use crate::record::Micros;

/// A run is cut into so many stretches.
const STRETCHES: i64 = 60;
/// None of them is shorter than this, µs.
const SHORTEST_US: Micros = 1_000_000;

/// How the time to an answer goes on over a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// ms a minute; nothing when there are fewer than 8 such medians.
    pub trend: Option<Trend>,
    /// Answers that it is made of.
    pub answers: usize,
    /// From the first of them to the last, by when they were due, µs.
    pub lasted_us: Micros,
}

/// The drift of answers: device class, when the message was due, µs, and how long its answer took, ms.
pub fn drift<'a>(answers: impl Iterator<Item = (&'a str, Micros, f64)>) -> Drift {
    let mut by_class: BTreeMap<&str, Vec<(Micros, f64)>> = BTreeMap::new();
    for (class, due, ms) in answers {
        by_class.entry(class).or_default().push((due, ms));
    }
    let due = || by_class.values().flatten().map(|(due, _)| *due);
    let (Some(first), Some(last)) = (due().min(), due().max()) else { return Drift::default() };
    let length = ((last - first) / STRETCHES + 1).max(SHORTEST_US);
    let minutes = |stretch: i64| (stretch as f64 + 0.5) * length as f64 / 60e6;
    let medians = |answers: &Vec<(Micros, f64)>| -> Vec<(f64, f64)> {
        let mut stretches: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for (due, ms) in answers {
            stretches.entry((due - first) / length).or_default().push(*ms);
        }
        let middle = |(stretch, mut ms): (i64, Vec<f64>)| {
            ms.sort_by(f64::total_cmp);
            (minutes(stretch), median(&ms))
        };
        stretches.into_iter().map(middle).collect()
    };
    let groups: Vec<Vec<(f64, f64)>> = by_class.values().map(medians).collect();
    let groups: Vec<&[(f64, f64)]> = groups.iter().map(Vec::as_slice).collect();
    Drift {
        trend: trend_within(&groups),
        answers: by_class.values().map(Vec::len).sum(),
        lasted_us: last - first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten minutes with a message each second, cameras first and beams later, answered after so many ms.
    fn soak(took_ms: impl Fn(&str, i64) -> f64) -> Drift {
        let all = (0..600).map(|second| {
            // The slow class comes ever more often.
            let class = if (second * 7) % 600 < second { "beam" } else { "camera" };
            (class, second * 1_000_000, took_ms(class, second))
        });
        drift(all)
    }

    #[test]
    fn a_gateway_that_slows_down_drifts_by_what_it_slows_down_and_a_mix_that_changes_does_not() {
        let usual = |class: &str| if class == "beam" { 140.0 } else { 2.0 };
        let steady = soak(|class, second| usual(class) + ((second * 37) % 11) as f64 / 10.0);
        let trend = steady.trend.expect("enough stretches");
        assert!(!trend.grows() && trend.slope.abs() < 0.05, "{trend:?}");
        assert_eq!((steady.answers, steady.lasted_us), (600, 599_000_000));
        // 0.1 ms a second, and one answer in twenty takes half a second more.
        let odd = |second: i64| if second % 20 == 3 { 500.0 } else { 0.0 };
        let slows = soak(|class, second| usual(class) + 0.1 * second as f64 + odd(second));
        let trend = slows.trend.expect("enough stretches");
        assert!(trend.grows() && (trend.slope - 6.0).abs() < 0.3, "{trend:?}");
    }

    #[test]
    fn few_answers_have_no_drift() {
        assert_eq!(drift(std::iter::empty()), Drift::default());
        let few = (0..5).map(|i| ("beam", i * 60_000_000, 1.0));
        assert!(drift(few).trend.is_none());
    }
}
