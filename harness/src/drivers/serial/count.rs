//! What was seen on a line: polls, answers, and how often each unit was asked.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::faults::Fault;
use crate::record::{Interval, Line, Micros, UnitPolls};
use crate::wire::modbus::frame::EXCEPTION;
use crate::wire::modbus::meaning::Request;
use crate::wire::modbus::{Frame, LineRate};

/// Intervals longer than this are pauses of the master, µs.
const LONGEST_INTERVAL_US: u64 = 60_000_000;

/// Counts of one line.
#[derive(Debug, Default)]
pub(super) struct Counts {
    polls: u64,
    answers: u64,
    exceptions: u64,
    broken: u64,
    strangers: u64,
    broadcasts: u64,
    unsent: u64,
    faults: BTreeMap<Fault, u64>,
    units: BTreeMap<(u8, u8), Unit>,
}

#[derive(Debug)]
struct Unit {
    polls: u64,
    /// When a request with this start was seen last, µs.
    last_us: BTreeMap<u16, Micros>,
    intervals: Histogram<u64>,
    /// Computed, from the look at the inputs to the end of the longest answer.
    answer_us: Micros,
}

impl Unit {
    fn new() -> Option<Unit> {
        let intervals = Histogram::new_with_bounds(1, LONGEST_INTERVAL_US, 3).ok()?;
        Some(Unit { polls: 0, last_us: BTreeMap::new(), intervals, answer_us: 0 })
    }
}

impl Counts {
    /// A request was seen whose first byte came at an instant.
    pub(super) fn request(&mut self, frame: &Frame, at_us: Micros) {
        self.polls += 1;
        let Ok(Request::Read { start, .. }) = Request::decode(frame.pdu()) else { return };
        let Some(unit) = self.unit(frame) else { return };
        unit.polls += 1;
        if let Some(before) = unit.last_us.insert(start, at_us) {
            unit.intervals.saturating_record(u64::try_from(at_us - before).unwrap_or(0));
        }
    }

    /// It was answered; the answer's characters end so long after the look at the inputs.
    pub(super) fn answer(&mut self, frame: &Frame, answer: &Frame, lasting_us: Micros) {
        self.answers += 1;
        if answer.function() & EXCEPTION != 0 {
            self.exceptions += 1;
        } else if let Some(unit) = self.units.get_mut(&(frame.unit(), frame.function())) {
            unit.answer_us = unit.answer_us.max(lasting_us);
        }
    }

    /// Bytes that are no frame.
    pub(super) fn broken(&mut self) {
        self.broken += 1;
    }

    /// A request for a unit that is not on the line.
    pub(super) fn stranger(&mut self) {
        self.strangers += 1;
    }

    /// A request for all units.
    pub(super) fn broadcast(&mut self) {
        self.broadcasts += 1;
    }

    /// An answer that nobody took.
    pub(super) fn unsent(&mut self) {
        self.unsent += 1;
    }

    /// A fault that was played.
    pub(super) fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_insert(0) += 1;
    }

    /// The figures so far, without the places of devices.
    pub(super) fn figures(&self, line: &str, rate: LineRate, at_us: Micros, part: &str) -> Line {
        let units = self.units.iter().map(|((unit, function), seen)| UnitPolls {
            unit: *unit,
            function: *function,
            polls: seen.polls,
            interval: (!seen.intervals.is_empty()).then(|| Interval {
                p50_us: seen.intervals.value_at_quantile(0.5) as Micros,
                p90_us: seen.intervals.value_at_quantile(0.9) as Micros,
                max_us: seen.intervals.max() as Micros,
            }),
            answer_us: seen.answer_us,
        });
        Line {
            at_us,
            part: part.to_owned(),
            line: line.to_owned(),
            rate: rate.word(),
            polls: self.polls,
            answers: self.answers,
            exceptions: self.exceptions,
            broken: self.broken,
            strangers: self.strangers,
            broadcasts: self.broadcasts,
            unsent: self.unsent,
            faults: self.faults.iter().map(|(fault, n)| (fault.word().to_owned(), *n)).collect(),
            units: units.collect(),
            places: Vec::new(),
        }
    }

    fn unit(&mut self, frame: &Frame) -> Option<&mut Unit> {
        match self.units.entry((frame.unit(), frame.function())) {
            std::collections::btree_map::Entry::Occupied(seen) => Some(seen.into_mut()),
            std::collections::btree_map::Entry::Vacant(free) => Unit::new().map(|unit| free.insert(unit)),
        }
    }
}
