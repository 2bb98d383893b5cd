//! Lengths of time, as an HdrHistogram in microseconds: mergeable, so threads and shards add up exactly.

use std::fmt;

use hdrhistogram::Histogram;

/// Longest sample that is told apart, µs: an hour. What is longer counts as an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// Samples of one length of time, with three significant digits.
#[derive(Clone, PartialEq)]
pub struct Series {
    histogram: Histogram<u64>,
}

/// Not all of its thousands of buckets.
impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |percent| self.percentile_us(percent).unwrap_or_default();
        write!(
            f,
            "{} samples, {} / {} / {} µs (p50 / p99 / longest)",
            self.count(),
            at(50.0),
            at(99.0),
            at(100.0)
        )
    }
}

impl Default for Series {
    fn default() -> Series {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3)
            .expect("1 µs to an hour with three digits is allowed");
        Series { histogram }
    }
}

impl Series {
    /// Adds a sample, rounded up to whole microseconds: nothing looks faster than it was.
    pub fn take_ns(&mut self, ns: u64) {
        self.histogram.saturating_record(ns.div_ceil(1_000));
    }

    /// Adds all samples of another series.
    pub fn merge(&mut self, other: &Series) {
        self.histogram += &other.histogram;
    }

    /// Samples.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// A percentile (0 to 100), µs; nothing without samples.
    pub fn percentile_us(&self, percent: f64) -> Option<u64> {
        (!self.histogram.is_empty()).then(|| self.histogram.value_at_percentile(percent))
    }

    /// The histogram, µs.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }
}
