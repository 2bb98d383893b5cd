//! Latency: three HdrHistograms a path, in microseconds.
//!
//! *Lateness* (left minus intended) judges the harness; *service* (observed minus left) and *response* (observed
//! minus intended) judge the gateway. Messages have an intended instant, so a stall shows in the tail of `response`
//! instead of pausing the clock.

pub mod drift;
pub mod polled;
pub mod queue;
pub mod trend;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};

use crate::pairing::{Answer, Outcome};
use crate::record::Micros;

/// Samples below which a p99.9 is not told.
pub const ENOUGH_FOR_P999: u64 = 10_000;

/// Samples of one length of time: a histogram with three significant digits, and the longest sample exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    histogram: Histogram<u64>,
    longest_us: u64,
}

/// Longest sample that is told apart, µs: an hour. What is longer counts as an hour.
const LONGEST_US: u64 = 3_600_000_000;

impl Default for Series {
    fn default() -> Series {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3)
            .expect("1 µs to an hour with three digits is allowed");
        Series { histogram, longest_us: 0 }
    }
}

impl Series {
    /// Adds a sample. What is below zero (an early timer, two threads that race to the journal) counts as zero.
    pub fn take(&mut self, micros: Micros) {
        let micros = u64::try_from(micros).unwrap_or(0);
        self.histogram.saturating_record(micros);
        self.longest_us = self.longest_us.max(micros);
    }

    /// Adds all samples of another series.
    pub fn merge(&mut self, other: &Series) {
        self.histogram += &other.histogram;
        self.longest_us = self.longest_us.max(other.longest_us);
    }

    /// Samples.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// A percentile (0 to 100), ms, never above the longest sample; nothing without samples.
    pub fn percentile_ms(&self, percent: f64) -> Option<f64> {
        let value = self.histogram.value_at_percentile(percent).min(self.longest_us);
        (!self.histogram.is_empty()).then(|| value as f64 / 1000.0)
    }

    /// How many samples are longer than `bound_ms`, to the three digits that are kept.
    pub fn above_ms(&self, bound_ms: f64) -> u64 {
        let above = |us: u64| us.min(self.longest_us) as f64 / 1000.0 > bound_ms;
        let recorded = self.histogram.iter_recorded().filter(|v| above(v.value_iterated_to()));
        recorded.map(|v| v.count_at_value()).sum()
    }

    /// The longest sample, ms.
    pub fn max_ms(&self) -> Option<f64> {
        (!self.histogram.is_empty()).then(|| self.longest_us as f64 / 1000.0)
    }

    /// A histogram of µs as text: HdrHistogram's compressed V2 form in base64. Nothing is lost; nothing only when the
    /// histogram is one that cannot be written, which one of these bounds can.
    pub fn pack(histogram: &Histogram<u64>) -> Option<String> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(histogram, &mut bytes).ok()?;
        Some(STANDARD.encode(bytes))
    }

    /// The series of such a text; its longest sample has the three digits of the others. Nothing when it is none.
    pub fn unpack(text: &str) -> Option<Series> {
        let bytes = STANDARD.decode(text).ok()?;
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).ok()?;
        let longest_us = histogram.max();
        Some(Series { histogram, longest_us })
    }

    /// The histogram, µs.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }
}

/// The three series of one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// Left minus intended.
    pub lateness: Series,
    /// Observed minus left.
    pub service: Series,
    /// Observed minus intended.
    pub response: Series,
}

impl Path {
    /// Takes in one answer. A message whose device had no connection says nothing about the harness's lateness, but
    /// its response counts from its intended instant all the same. A wrong answer is no answer and has no latency; a missed one has none either.
    pub fn take(&mut self, answer: &Answer) {
        let Some(left) = answer.departed_us() else { return };
        if !answer.link_down {
            self.lateness.take(left - answer.intended_us);
        }
        let Some(seen) = answer.observed_us.filter(|_| answer.outcome != Outcome::Wrong) else { return };
        self.service.take(seen - left);
        self.response.take(seen - answer.intended_us);
    }

    /// The three with their names.
    pub fn named(&self) -> [(&'static str, &Series); 3] {
        [("lateness", &self.lateness), ("service", &self.service), ("response", &self.response)]
    }
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
    /// Takes in one answer of a device of `class`.
    pub fn take(&mut self, class: &str, answer: &Answer) {
        if !self.by_class.contains_key(class) {
            self.by_class.insert(class.to_owned(), Path::default());
        }
        if let Some(path) = self.by_class.get_mut(class) {
            path.take(answer);
        }
        self.all.take(answer);
    }
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
            reached_us: None,
            observed_us: seen,
            answers: usize::from(seen.is_some()),
            by: None,
            instead: None,
            overtook: None,
            link_down: false,
        }
    }

    #[test]
    fn a_series_that_was_packed_merges_as_if_it_had_not() {
        let (mut one, mut two) = (Series::default(), Series::default());
        [0, 3, 250, 90_000].into_iter().for_each(|us| one.take(us));
        [7, 250, 3_000_000].into_iter().for_each(|us| two.take(us));
        let packed = Series::pack(two.histogram()).expect("it can be written");
        let again = Series::unpack(&packed).expect("it can be read");
        assert_eq!(again.histogram(), two.histogram());
        let (mut whole, mut shards) = (one.clone(), one);
        whole.merge(&two);
        shards.merge(&again);
        assert_eq!(whole.histogram(), shards.histogram());
        assert_eq!(Series::unpack("no histogram"), None);
    }

    #[test]
    fn each_histogram_measures_its_own_stretch() {
        let mut path = Path::default();
        path.take(&answer(Some(1_300), Some(2_000), Outcome::Answered));
        assert_eq!(
            [path.lateness.max_ms(), path.service.max_ms(), path.response.max_ms()],
            [Some(0.3), Some(0.7), Some(1.0)]
        );
    }

    #[test]
    fn what_did_not_come_or_came_wrong_has_no_response() {
        let mut path = Path::default();
        path.take(&answer(Some(1_300), None, Outcome::Missed));
        path.take(&answer(Some(1_300), Some(2_000), Outcome::Wrong));
        path.take(&answer(None, None, Outcome::Undecidable));
        assert_eq!([path.lateness.count(), path.service.count(), path.response.count()], [2, 0, 0]);
    }

    #[test]
    fn an_answer_seen_before_its_message_was_noted_counts_as_zero() {
        let mut path = Path::default();
        path.take(&answer(Some(1_300), Some(1_200), Outcome::Answered));
        assert_eq!((path.service.max_ms(), path.response.max_ms()), (Some(0.0), Some(0.2)));
    }

    #[test]
    fn a_stamp_behind_the_answer_is_not_the_harness_late() {
        let mut path = Path::default();
        path.take(&answer(Some(1_900), Some(1_200), Outcome::Answered));
        assert_eq!((path.lateness.max_ms(), path.service.max_ms()), (Some(0.2), Some(0.0)));
    }

    #[test]
    fn a_message_without_a_connection_counts_in_response_but_not_in_lateness() {
        let mut path = Path::default();
        path.take(&Answer { link_down: true, ..answer(Some(901_000), Some(902_000), Outcome::Answered) });
        assert_eq!((path.lateness.count(), path.response.max_ms()), (0, Some(901.0)));
    }

    #[test]
    fn samples_above_a_bound_are_counted() {
        let mut series = Series::default();
        [9_000, 10_000, 10_700, 12_000].into_iter().for_each(|us| series.take(us));
        assert_eq!((series.above_ms(10.1), series.above_ms(20.0)), (2, 0));
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
        let mut latency = Latency::default();
        answers.iter().for_each(|a| latency.take("beam", a));
        assert!(latency.all.service.percentile_ms(99.0) < Some(1.1));
        assert!(latency.by_class["beam"].response.percentile_ms(99.0) > Some(100.0));
    }

    #[test]
    fn a_percentile_is_never_above_the_longest_sample() {
        let mut series = Series::default();
        series.take(123_457);
        assert_eq!(series.percentile_ms(99.0), Some(123.457));
        assert_eq!(Series::default().percentile_ms(99.0), None);
    }
}
