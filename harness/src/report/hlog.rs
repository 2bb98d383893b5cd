//! Histograms as HdrHistogram interval logs, which other HdrHistogram tools read and merge. Values are microseconds.
//!
//! `lateness.hlog`, `service.hlog`, `response.hlog` hold the main part, `floor-*.hlog` the floor, `load-*.hlog` the
//! copies of the compound, `upstream-response.hlog` the leg to the city platform; one file for each
//! device class lies in `histograms/`.

use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::IntervalLogWriterBuilder;

use super::assemble::Assembled;
use super::write::bug;
use crate::exit::Failure;
use crate::latency::{Latency, Series};

/// When the samples were taken.
#[derive(Clone, Copy)]
pub(super) struct When {
    /// Start of the run, s after the epoch.
    pub(super) began_unix_s: f64,
    /// How long it was, s.
    pub(super) lasted_s: f64,
}

/// All logs: name and content.
pub(super) fn all(assembled: &Assembled, when: When) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut files = Vec::new();
    for (prefix, latency) in [("", &assembled.main.latency), ("floor-", &assembled.floor.latency)] {
        part(prefix, latency, when, &mut files)?;
    }
    if let Some(series) = &assembled.upstream {
        files.push(("upstream-response.hlog".to_owned(), log(series, when)?));
    }
    Ok(files)
}

/// Logs of the copies' messages: `load-acknowledged.hlog` and so on.
pub(super) fn of_load(assembled: &Assembled, when: When) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let file = |(name, series): (&String, &Series)| Ok((format!("load-{name}.hlog"), log(series, when)?));
    assembled.load.iter().map(file).collect()
}

fn part(
    prefix: &str,
    latency: &Latency,
    when: When,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), Failure> {
    for (path, series) in latency.all.named() {
        files.push((format!("{prefix}{path}.hlog"), log(series, when)?));
    }
    for (class, paths) in &latency.by_class {
        for (path, series) in paths.named() {
            files.push((format!("histograms/{prefix}{class}.{path}.hlog"), log(series, when)?));
        }
    }
    Ok(())
}

fn log(series: &Series, when: When) -> Result<Vec<u8>, Failure> {
    let began = SystemTime::UNIX_EPOCH + Duration::try_from_secs_f64(when.began_unix_s).unwrap_or_default();
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut writer = IntervalLogWriterBuilder::new()
        .add_comment("[Palisade, values in microseconds]")
        .with_start_time(began)
        .with_base_time(began)
        .begin_log_with(&mut bytes, &mut serializer)
        .map_err(|e| bug("a histogram log", e))?;
    let lasted = Duration::try_from_secs_f64(when.lasted_s).unwrap_or_default();
    writer
        .write_histogram(series.histogram(), Duration::ZERO, lasted, None)
        .map_err(|e| bug("a histogram log", format!("{e:?}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use base64::Engine as _;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    #[test]
    fn a_log_is_read_back_with_every_sample() {
        let mut series = Series::default();
        [0, 1, 12_345, 12_345, 3_000_000].into_iter().for_each(|us| series.take(us));
        let bytes = log(&series, When { began_unix_s: 1_790_000_000.25, lasted_s: 61.5 }).unwrap();
        let entries: Vec<LogEntry<'_>> = IntervalLogIterator::new(&bytes).map(Result::unwrap).collect();
        let interval = entries.iter().find_map(|e| match e {
            LogEntry::Interval(interval) => Some(interval),
            _ => None,
        });
        let encoded = interval.unwrap().encoded_histogram();
        let packed = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
        let read: hdrhistogram::Histogram<u64> =
            Deserializer::new().deserialize(&mut packed.as_slice()).unwrap();
        assert_eq!(&read, series.histogram());
        assert_eq!(read.count_at(12_345), 2);
    }
}
