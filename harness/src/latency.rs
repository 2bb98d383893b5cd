//! Latency: three HdrHistograms a path, in microseconds.
//!
//! *Lateness* (left minus intended) judges the harness; *service* (observed minus left) and *response* (observed
//! minus intended) judge the gateway. Messages have an intended instant, so a stall shows in the tail of `response`
//! instead of pausing the clock.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::pairing::{Answer, Outcome};
use crate::record::Micros;

/// Samples below which a p99.9 is not told.
pub const ENOUGH_FOR_P999: u64 = 10_000;

/// The three histograms of one path, µs, three significant digits.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Left minus intended.
    pub lateness: Histogram<u64>,
    /// Observed minus left.
    pub service: Histogram<u64>,
    /// Observed minus intended.
    pub response: Histogram<u64>,
}

impl Default for Path {
    fn default() -> Path {
        Path { lateness: empty(), service: empty(), response: empty() }
    }
}

/// Longest sample that is told apart, µs: an hour. What is longer counts as an hour.
const LONGEST_US: u64 = 3_600_000_000;

fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).expect("1 µs to an hour with three digits is allowed")
}

impl Path {
    /// Takes in one answer. A wrong answer is no answer and has no latency; a missed one has none either.
    pub fn take(&mut self, answer: &Answer) {
        let Some(left) = answer.left_us else { return };
        record(&mut self.lateness, left - answer.intended_us);
        let Some(seen) = answer.observed_us.filter(|_| answer.outcome != Outcome::Wrong) else { return };
        record(&mut self.service, seen - left);
        record(&mut self.response, seen - answer.intended_us);
    }

    /// The three with their names.
    pub fn named(&self) -> [(&'static str, &Histogram<u64>); 3] {
        [("lateness", &self.lateness), ("service", &self.service), ("response", &self.response)]
    }
}

/// Adds a sample. What is below zero (an early timer, two threads that race to the journal) counts as zero.
fn record(into: &mut Histogram<u64>, micros: Micros) {
    into.saturating_record(u64::try_from(micros).unwrap_or(0));
}

/// Paths by device class, and all together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    /// By the class's word.
    pub by_class: BTreeMap<String, Path>,
    /// All classes.
    pub all: Path,
}

impl Latency {
    /// Takes in all answers; `class_of` names the class of each.
    pub fn of<'a>(answers: &[Answer], class_of: impl Fn(&Answer) -> &'a str) -> Latency {
        let mut latency = Latency::default();
        for answer in answers {
            latency.by_class.entry(class_of(answer).to_owned()).or_default().take(answer);
            latency.all.take(answer);
        }
        latency
    }
}

/// A percentile in ms; nothing without samples.
pub fn percentile_ms(of: &Histogram<u64>, percent: f64) -> Option<f64> {
    (!of.is_empty()).then(|| of.value_at_percentile(percent).min(of.max()) as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use palisade_sim::contract::Severity;
    use palisade_sim::words::{DeviceIx, StimulusId};

    use super::*;

    fn answer(left: Option<Micros>, seen: Option<Micros>, outcome: Outcome) -> Answer {
        Answer {
            stimulus: StimulusId(0),
            device: DeviceIx(0),
            outcome,
            severity: Severity::Alarm,
            intended_us: 1_000,
            deadline_us: 2_000_000,
            left_us: left,
            observed_us: seen,
            answers: usize::from(seen.is_some()),
            by: None,
            instead: None,
            overtook: None,
        }
    }

    #[test]
    fn each_histogram_measures_its_own_stretch() {
        let mut path = Path::default();
        path.take(&answer(Some(1_300), Some(2_000), Outcome::Answered));
        assert_eq!([path.lateness.max(), path.service.max(), path.response.max()], [300, 700, 1_000]);
    }

    #[test]
    fn what_did_not_come_or_came_wrong_has_no_response() {
        let mut path = Path::default();
        path.take(&answer(Some(1_300), None, Outcome::Missed));
        path.take(&answer(Some(1_300), Some(2_000), Outcome::Wrong));
        path.take(&answer(None, None, Outcome::Undecidable));
        assert_eq!([path.lateness.len(), path.service.len(), path.response.len()], [2, 0, 0]);
    }

    #[test]
    fn an_answer_seen_before_its_message_was_noted_counts_as_zero() {
        let mut path = Path::default();
        path.take(&answer(Some(1_300), Some(1_200), Outcome::Answered));
        assert_eq!((path.service.max(), path.response.max()), (0, 200));
    }

    #[test]
    fn a_stall_shows_in_response_although_service_is_short() {
        // Ten messages due every 10 ms; the sender was held up for 100 ms and sent them all at once.
        let answers: Vec<Answer> = (0..10)
            .map(|i| Answer {
                intended_us: i * 10_000,
                ..answer(Some(100_000 + i), Some(101_000 + i), Outcome::Answered)
            })
            .collect();
        let latency = Latency::of(&answers, |_| "beam");
        assert!(percentile_ms(&latency.all.service, 99.0) < Some(1.1));
        assert!(percentile_ms(&latency.by_class["beam"].response, 99.0) > Some(100.0));
    }

    #[test]
    fn a_percentile_is_never_above_the_longest_sample() {
        let mut h = empty();
        h.record(123_457).unwrap_or_default();
        assert_eq!(percentile_ms(&h, 99.0), Some(123.457));
        assert_eq!(percentile_ms(&empty(), 99.0), None);
    }
}
