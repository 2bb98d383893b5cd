//! Holds what was heard of the copies of a compound against what they said.

use std::collections::BTreeMap;
use std::time::Instant;

use palisade_load::plane::Trace;

use super::posts::{self, Posted};
use super::{Ledger, Leg, Log, TOLD};
use crate::drivers::crowd::{self, Crowd};
use crate::latency::Series;
use crate::pairing::copies::{self, Break, Heard, Says, Told};
use crate::pairing::lines::Lines;
use crate::pairing::{Outcome, Tally, assumed};
use crate::record::{CopyFailure, CopyTally, LoadAnswers, Micros, Restart};
use crate::shape::Storm;
use crate::wire::id::{mark_of_copy, tag_of_copy, wire_id};

/// What was found out, how long answers took, and how late the one who hears came to what waited for it.
#[derive(Default)]
pub(in crate::run) struct Judged {
    pub(in crate::run) answers: LoadAnswers,
    pub(in crate::run) took: Series,
    /// How long it took until the city platform had them.
    pub(in crate::run) posted: Series,
    pub(in crate::run) looks: palisade_load::series::Series,
}

/// All that was heard until an instant.
pub(super) struct ByNow {
    /// The instant, µs after the start.
    pub(super) until_us: Micros,
    log: Log,
    /// What was posted to the city platform, if there is one.
    posted: Option<Posted>,
}

impl Ledger {
    /// All that was heard, if somebody listened until that instant. It comes before [`Known::now`]: then whatever was heard is
    /// known to have been said.
    pub(super) fn by_now(&self, until_us: Micros) -> ByNow {
        let log = self.log().clone();
        ByNow { until_us, posted: self.posted(&log), log }
    }

    fn posted(&self, log: &Log) -> Option<Posted> {
        let (leg, start) = self.leg.as_ref().zip(log.start)?;
        Some(posts::heard(&leg.posts.by_now(), self, self.common.clock.at(start)))
    }
}

/// All else that a judge of the copies goes by, as it is known at an instant. Instants are µs after the start, if nothing else
/// is said.
pub(super) struct Known<'a> {
    ledger: &'a Ledger,
    /// The start on the run's clock.
    start_us: Micros,
    due_us: Box<dyn Fn(u32, usize) -> Micros + 'a>,
    traces: Vec<Trace>,
    breaks: Vec<Break>,
    /// What a proxy saw; nothing where none stands.
    lines: Option<Lines>,
    /// What faults and restarts did is not known.
    pub(super) unsure: bool,
}

impl<'a> Known<'a> {
    /// What is known now.
    pub(super) fn now(
        ledger: &'a Ledger,
        (crowd, fleet): (&'a Crowd<'a>, &crowd::Fleet),
        start: Instant,
        (lines, restarts): (Option<Lines>, &[Restart]),
    ) -> Known<'a> {
        let start_us = ledger.common.clock.at(start);
        Known {
            ledger,
            start_us,
            due_us: Box::new(|copy, place| crowd.due_us(copy, place)),
            traces: crowd.traces(),
            breaks: breaks((&fleet.shape.storm, restarts), start_us),
            lines,
            unsure: false,
        }
    }

    fn answered<'b>(&'b self, heard: &'b [Heard], listened_until_us: Micros) -> copies::Crowd<'b> {
        copies::Crowd {
            says: &self.ledger.says,
            copies: self.ledger.copies,
            due_us: &*self.due_us,
            traces: &self.traces,
            heard,
            breaks: &self.breaks,
            lines: self.lines.as_ref(),
            in_order: true,
            listened_until_us,
            unsure: self.unsure,
        }
    }

    /// What is posted is known as late as its acknowledgement may be.
    fn upstream<'b>(&'b self, leg: &'b Leg, posted: &'b Posted, until_us: Micros) -> copies::Crowd<'b> {
        let answered = self.answered(&posted.heard, until_us - leg.slow_by_us);
        copies::Crowd { says: &leg.says, in_order: false, ..answered }
    }

    /// Until when the last answer or post that has not come may still come in time; nothing when all have come.
    pub(super) fn open_until_us(&self) -> Option<Micros> {
        let by_now = self.ledger.by_now(0);
        let open_us = self.answered(&by_now.log.heard, 0).open_until_us();
        let leg = self.ledger.leg.as_ref().zip(by_now.posted.as_ref());
        let leg_us = leg
            .and_then(|(leg, posted)| Some(self.upstream(leg, posted, 0).open_until_us()? + leg.slow_by_us));
        open_us.max(leg_us)
    }

    /// What became of all of which this was heard.
    pub(super) fn judge(&self, by: ByNow) -> Judged {
        let mut judged = Judged::default();
        let answered = self.answered(&by.log.heard, by.until_us);
        let (by_copy, firsts) = Default::default();
        Count { judged: &mut judged, by_copy, firsts, known: self }.all(&answered);
        if let Some((leg, posted)) = self.ledger.leg.as_ref().zip(by.posted.as_ref()) {
            let crowd = self.upstream(leg, posted, by.until_us);
            let told = |told: &Told| self.failure(&crowd.says[told.place], told);
            let (leg, took) = posts::judge(&crowd, posted.strays, (&answered, &told));
            (judged.answers.upstream, judged.posted) = (Some(leg), took);
        }
        let answers = &mut judged.answers;
        (answers.heard, answers.unnamed) = (true, by.log.unnamed);
        answers.all.spurious = by.log.strays + answered.unsaid();
        answers.spurious = by.log.spurious;
        judged
    }

    /// A message that did not fare as it should, for the journal.
    fn failure(&self, says: &Says, told: &Told) -> CopyFailure {
        let (name, start_us) = (&self.ledger.names[told.place], self.start_us);
        CopyFailure {
            id: wire_id(&tag_of_copy(&self.ledger.common.run, told.copy), says.stimulus),
            outcome: told.outcome.map_or("taken", Outcome::word).to_owned(),
            device: format!("{}{}", name.device, mark_of_copy(told.copy)),
            class: says.class.word().to_owned(),
            signal: name.signal.clone(),
            qos: says.qos,
            due_us: start_us + told.due_us,
            owed_from_us: Some(start_us + told.from_us),
            deadline_us: says.deadline_us.unwrap_or_default(),
            left_us: told.left_us.map(|us| start_us + us),
            reached_us: told.reached_us.map(|us| start_us + us),
            again: told.again,
            heard_us: told.heard_us.map(|us| start_us + us),
            answers: told.answers,
            answered: None,
        }
    }
}

/// When lines were taken on purpose. The load's start is an instant of the run's clock.
fn breaks((storms, restarts): (&[Storm], &[Restart]), start_us: Micros) -> Vec<Break> {
    let taken = |storm: &Storm| Break {
        at_us: storm.at.0.0 * 1_000,
        until_us: (storm.at.0.0 + storm.lasts().0.0) * 1_000,
        gone_until_us: storm.at.0.0 * 1_000,
        whom: storm.class.clone(),
    };
    // A restart takes everybody's line; from its end on each has as long to come back as the compound's devices.
    let restarted = |done: &Restart| Break {
        at_us: done.down_us - start_us,
        until_us: done.open_us - start_us + assumed().back_us(),
        gone_until_us: done.open_us - start_us + assumed().back_us(),
        whom: Vec::new(),
    };
    storms.iter().map(taken).chain(restarts.iter().map(restarted)).collect()
}

/// The first messages that failed, and behind them the first that cannot be judged.
#[derive(Default)]
pub(super) struct Firsts {
    failed: Vec<CopyFailure>,
    open: Vec<CopyFailure>,
}

impl Firsts {
    /// Takes one in, unless it is as it should be or there are enough.
    pub(super) fn take(&mut self, outcome: Option<Outcome>, one: impl FnOnce() -> CopyFailure) {
        let firsts = match outcome {
            None | Some(Outcome::Answered) => return,
            Some(Outcome::Undecidable) => &mut self.open,
            Some(_) => &mut self.failed,
        };
        if firsts.len() < TOLD {
            firsts.push(one());
        }
    }

    pub(super) fn all(self) -> Vec<CopyFailure> {
        self.failed.into_iter().chain(self.open).take(TOLD).collect()
    }
}

/// What is counted of all copies.
struct Count<'a> {
    judged: &'a mut Judged,
    by_copy: BTreeMap<u32, Tally>,
    firsts: Firsts,
    known: &'a Known<'a>,
}

impl Count<'_> {
    fn all(mut self, crowd: &copies::Crowd<'_>) {
        crowd.each(|told| self.take(&crowd.says[told.place], told));
        self.end();
    }

    fn take(&mut self, says: &Says, told: &Told) {
        let answers = &mut self.judged.answers;
        let of_class = answers.by_class.entry(says.class.word().to_owned()).or_default();
        let of_copy = self.by_copy.entry(told.copy).or_default();
        for tally in [&mut answers.all, of_class, of_copy] {
            match told.outcome {
                Some(outcome) => tally.add(outcome),
                None => tally.taken += 1,
            }
        }
        if let (Some(heard), Some(outcome)) = (told.heard_us, told.outcome)
            && outcome != Outcome::Wrong
        {
            self.judged.took.take((heard - told.from_us).max(0));
        }
        self.firsts.take(told.outcome, || self.known.failure(says, told));
    }

    fn end(self) {
        let harmed =
            self.by_copy.iter().filter(|(_, tally)| tally.answered + tally.undecidable < tally.expected);
        let site = self.known.ledger.common.topics.site();
        let told = harmed.map(|(copy, outcomes)| CopyTally {
            copy: *copy,
            site: format!("{site}{}", mark_of_copy(*copy)),
            outcomes: *outcomes,
        });
        let all: Vec<CopyTally> = told.collect();
        self.judged.answers.failures = self.firsts.all();
        self.judged.answers.harmed = all.len() as u32;
        self.judged.answers.copies = all.into_iter().take(TOLD).collect();
    }
}
