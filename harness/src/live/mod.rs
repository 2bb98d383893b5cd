//! What a run has come to so far, followed from its journal while it is written: for a terminal ([`screen`]) and for a
//! monitoring system ([`metrics`]).
//!
//! Nothing here is on the way of a message: the journal's file is read, also by another process, so that whoever watches
//! a run cannot disturb it. Answers are found by the ids that they carry; those without one are counted and not timed,
//! and nothing is judged: that is the report's.

pub mod follow;
pub mod metrics;
pub mod screen;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use palisade_sim::words::{DeviceIx, StimulusId};

use crate::latency::Series;
use crate::record::{Entry, Expected, Micros, Pulse, Start, WindowEntry};
use crate::wire::id;

/// Seconds of which the rate is kept.
pub const SECONDS: usize = 120;
/// Remarks that are kept.
const REMARKS: usize = 50;

/// Pulses nearer to each other tell no rate, µs.
const PULSE_LEAST_US: Micros = 500_000;

/// A run so far.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// What the run is; nothing before its first line.
    pub start: Option<Start>,
    /// The window that is driven.
    pub window: Option<WindowEntry>,
    /// Windows of this part that have begun.
    pub windows: usize,
    /// The latest instant that the journal names, µs on the run's clock.
    pub at_us: Micros,
    /// Messages that left.
    pub left: u64,
    /// Answers that came.
    pub answers: u64,
    /// Answers that carry no id of this run.
    pub strangers: u64,
    /// Answers to a message that had one.
    pub again: u64,
    /// Times that a fault befell a connection.
    pub faults: u64,
    /// Restarts of the gateway.
    pub restarts: u64,
    /// Commands that devices got.
    pub commands: u64,
    /// Alarms that the city platform got.
    pub forwarded: u64,
    /// Expected answers that came in time.
    pub in_time: u64,
    /// Expected answers that came after their deadline.
    pub late: u64,
    /// Left minus intended, of messages of this part.
    pub lateness: Series,
    /// Answer minus intended, of messages of this part.
    pub response: Series,
    /// Messages and answers of each second, the newest last.
    pub seconds: VecDeque<Second>,
    /// Devices without a connection.
    pub down: BTreeSet<DeviceIx>,
    /// How far the copies of the compound are, the newest last; nothing where it is driven alone.
    pub pulses: VecDeque<Pulse>,
    /// Remarks, the newest last: when and what.
    pub remarks: VecDeque<(Micros, String)>,
    /// Whether the run has come to its end.
    pub ended: bool,
    part: String,
    due: BTreeMap<StimulusId, Due>,
}

/// What happened in a second of the run's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Which.
    pub second: i64,
    /// Messages that left.
    pub left: u64,
    /// Answers that came.
    pub answers: u64,
}

#[derive(Clone, Debug)]
struct Due {
    intended_us: Micros,
    deadline_us: Micros,
    left: bool,
    answered: bool,
}

/// Expected answers that have not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Still in time.
    pub waiting: u64,
    /// Past their deadline.
    pub overdue: u64,
    /// Not due yet.
    pub to_come: u64,
}

/// What an entry was that has a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// A message left so much after its instant, µs.
    Left(Micros),
    /// An answer came so much after its message's instant, µs.
    Answered(Micros),
}

impl Live {
    /// Takes in the next line of the journal.
    pub fn take(&mut self, entry: Entry) -> Option<Timed> {
        match entry {
            Entry::Start(start) => self.start = Some(start),
            Entry::Window(window) => self.window(window),
            Entry::Expected(expected) => self.expect(&expected),
            Entry::Left(left) if left.part == self.part => return self.left(left.stimulus, left.left_us),
            Entry::Observed(seen) if seen.part == self.part => {
                return self.seen(seen.correlation.as_deref(), seen.received_us);
            }
            Entry::Link(link) => {
                self.reach(link.at_us);
                if link.up {
                    self.down.remove(&link.device)
                } else {
                    self.down.insert(link.device)
                };
            }
            Entry::Befell(one) if one.part == self.part => self.faults += 1,
            Entry::Restart(one) if one.part == self.part => self.restarts += 1,
            Entry::Pulse(pulse) => {
                self.reach(pulse.at_us);
                self.pulses.push_back(pulse);
                if self.pulses.len() > SECONDS {
                    self.pulses.pop_front();
                }
            }
            Entry::Command(_) => self.commands += 1,
            Entry::Forwarded(_) => self.forwarded += 1,
            Entry::Note(note) => {
                self.reach(note.at_us);
                self.remarks.push_back((note.at_us, note.text));
                if self.remarks.len() > REMARKS {
                    self.remarks.pop_front();
                }
            }
            Entry::End(end) => {
                self.reach(end.at_us);
                self.ended = true;
            }
            _ => {}
        }
        None
    }

    /// The part that is driven: `floor` or `main`.
    pub fn part(&self) -> &str {
        &self.part
    }

    /// Expected answers that have not come until `now_us`.
    pub fn open(&self, now_us: Micros) -> Open {
        let mut open = Open::default();
        for due in self.due.values().filter(|due| !due.answered) {
            *match now_us {
                now if now < due.intended_us => &mut open.to_come,
                now if now <= due.deadline_us => &mut open.waiting,
                _ => &mut open.overdue,
            } += 1;
        }
        open
    }

    /// Messages and answers of the copies, for each second between one pulse and the next. A last one may follow too soon
    /// to tell a rate.
    pub fn load(&self) -> Vec<(u64, u64)> {
        let pairs = self.pulses.iter().zip(self.pulses.iter().skip(1));
        fn lasted((one, next): &(&Pulse, &Pulse)) -> Micros {
            next.at_us - one.at_us
        }
        let of = |(one, next): (&Pulse, &Pulse)| {
            let us = lasted(&(one, next)) as f64;
            let a_second = |from: u64, to: u64| (to.saturating_sub(from) as f64 * 1e6 / us).round() as u64;
            let answers = [one, next].map(|pulse| pulse.answers.unwrap_or_default());
            (a_second(one.left, next.left), a_second(answers[0], answers[1]))
        };
        pairs.filter(|pair| lasted(pair) >= PULSE_LEAST_US).map(of).collect()
    }

    /// Expected answers of this part.
    pub fn expected(&self) -> usize {
        self.due.len()
    }

    /// The floor's figures are not the gateway's: the main part begins anew.
    fn window(&mut self, window: WindowEntry) {
        self.begin(&window.part);
        self.windows += 1;
        self.window = Some(window);
    }

    fn expect(&mut self, expected: &Expected) {
        self.begin(&expected.part);
        let Expected { stimulus, intended_us, deadline_us, .. } = *expected;
        let due = Due { intended_us, deadline_us: intended_us + deadline_us, left: false, answered: false };
        self.due.insert(stimulus, due);
    }

    fn begin(&mut self, part: &str) {
        if self.part == part {
            return;
        }
        *self = Live {
            start: self.start.take(),
            at_us: self.at_us,
            remarks: std::mem::take(&mut self.remarks),
            part: part.to_owned(),
            ..Live::default()
        };
    }

    fn left(&mut self, stimulus: StimulusId, at_us: Micros) -> Option<Timed> {
        self.left += 1;
        self.second(at_us).left += 1;
        let due = self.due.get_mut(&stimulus).filter(|due| !due.left)?;
        due.left = true;
        let lateness_us = (at_us - due.intended_us).max(0);
        self.lateness.take(lateness_us);
        Some(Timed::Left(lateness_us))
    }

    fn seen(&mut self, correlation: Option<&str>, at_us: Micros) -> Option<Timed> {
        self.answers += 1;
        self.second(at_us).answers += 1;
        let run = self.start.as_ref().map_or("", |start| start.run.as_str());
        let stimulus = correlation.and_then(|text| id::read(run, text)).flatten();
        let Some(due) = stimulus.and_then(|id| self.due.get_mut(&id)) else {
            self.strangers += 1;
            return None;
        };
        if std::mem::replace(&mut due.answered, true) {
            self.again += 1;
            return None;
        }
        *if at_us <= due.deadline_us { &mut self.in_time } else { &mut self.late } += 1;
        let response_us = (at_us - due.intended_us).max(0);
        self.response.take(response_us);
        Some(Timed::Answered(response_us))
    }

    fn reach(&mut self, at_us: Micros) {
        self.at_us = self.at_us.max(at_us);
    }

    /// The second of an instant. Entries of several threads come a little out of order.
    fn second(&mut self, at_us: Micros) -> &mut Second {
        self.reach(at_us);
        let second = at_us.div_euclid(1_000_000);
        let last = self.seconds.back().map_or(second - 1, |s| s.second);
        for second in last + 1..=second {
            self.seconds.push_back(Second { second, ..Second::default() });
        }
        while self.seconds.len() > SECONDS {
            self.seconds.pop_front();
        }
        let ahead = (last.max(second) - second) as usize;
        let at = self.seconds.len().saturating_sub(1 + ahead);
        &mut self.seconds[at]
    }
}
