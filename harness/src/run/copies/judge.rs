//! Holds what was heard of the copies of a compound against what they said.

use std::collections::BTreeMap;
use std::time::Instant;

use palisade_load::plane::Trace;

use super::posts::{self, Posted};
use super::{Hearing, Log, Name, TOLD, lines, lock};
use crate::drivers::between::Between;
use crate::drivers::crowd::{self, Crowd};
use crate::latency::Series;
use crate::pairing::copies::{self, Break, Heard, Says, Told};
use crate::pairing::lines::Lines;
use crate::pairing::{Outcome, Tally, assumed};
use crate::record::{CopyFailure, CopyTally, LoadAnswers, Micros, Restart};
use crate::run::part::Part;
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
    until_us: Micros,
    heard: Vec<Heard>,
    strays: usize,
    spurious: Vec<String>,
    unnamed: u64,
    /// What was posted to the city platform, if there is one.
    posted: Option<Posted>,
}

impl Hearing {
    /// What was heard by now, if somebody listened until then. It comes before [`Known::now`]: then whatever was heard had
    /// been said by what is known.
    pub(super) fn by_now(&self, part: &Part<'_>, start: Instant, until_us: Micros) -> ByNow {
        let log = lock(&self.log);
        ByNow {
            until_us,
            heard: log.heard.clone(),
            strays: log.strays,
            spurious: log.spurious.clone(),
            unnamed: log.unnamed,
            posted: posted(part, &log, part.common.clock.at(start)),
        }
    }

    /// What must come to the city platform, which is what is owed an answer and is so loud, and how much later than it came
    /// a post may be acknowledged.
    fn to_city(&self, part: &Part<'_>) -> Option<(Vec<Says>, Micros)> {
        let city = part.city.as_ref()?;
        let owed = |(says, name): (&Says, &Name)| {
            let deadline_us = says.deadline_us.and_then(|_| city.deadline_us(name.severity));
            Says { deadline_us, ..*says }
        };
        Some((self.says.iter().zip(self.names.iter()).map(owed).collect(), city.slow_by_us))
    }
}

/// What was posted to the city platform, if there is one. The start is an instant of the run's clock.
fn posted(part: &Part<'_>, log: &Log, start_us: Micros) -> Option<Posted> {
    Some(posts::heard(&part.city.as_ref()?.posts(), log, start_us))
}

/// All else that a judge of the copies goes by, as it is known at an instant. Instants are µs after the start, if nothing else
/// is said.
pub(super) struct Known<'a> {
    hearing: &'a Hearing,
    part: &'a Part<'a>,
    /// The start on the run's clock.
    start_us: Micros,
    due_us: Box<dyn Fn(u32, usize) -> Micros + 'a>,
    traces: Vec<Trace>,
    breaks: Vec<Break>,
    /// What a proxy saw; nothing where none stands.
    lines: Option<Lines>,
    /// What must come to the city platform, and how much later its acknowledgement may come; nothing where there is none.
    to_city: Option<(Vec<Says>, Micros)>,
}

impl<'a> Known<'a> {
    /// What is known now.
    pub(super) fn now(
        (hearing, part): (&'a Hearing, &'a Part<'a>),
        crowd: &'a Crowd<'a>,
        fleet: &crowd::Fleet,
        start: Instant,
    ) -> Known<'a> {
        let start_us = part.common.clock.at(start);
        let lines = |between: &Between| {
            lines::of(between.copies(), (crowd, &hearing.says, hearing.copies), (start_us, &part.restarts))
        };
        Known {
            hearing,
            part,
            start_us,
            due_us: Box::new(|copy, place| crowd.due_us(copy, place)),
            traces: crowd.traces(),
            breaks: breaks(part, fleet, start_us),
            lines: part.between.as_ref().map(lines),
            to_city: hearing.to_city(part),
        }
    }

    fn answered<'b>(&'b self, heard: &'b [Heard], listened_until_us: Micros) -> copies::Crowd<'b> {
        copies::Crowd {
            says: &self.hearing.says,
            copies: self.hearing.copies,
            due_us: &*self.due_us,
            traces: &self.traces,
            heard,
            breaks: &self.breaks,
            lines: self.lines.as_ref(),
            in_order: true,
            listened_until_us,
        }
    }

    fn upstream<'b>(&'b self, says: &'b [Says], posted: &'b Posted, until_us: Micros) -> copies::Crowd<'b> {
        copies::Crowd { says, in_order: false, ..self.answered(&posted.heard, until_us) }
    }

    /// Until when the last answer or post that has not come may still come in time; nothing when all have come.
    pub(super) fn open_until_us(&self) -> Option<Micros> {
        let log = lock(&self.hearing.log);
        let open_us = self.answered(&log.heard, 0).open_until_us();
        let posted = posted(self.part, &log, self.start_us);
        let (Some((says, slow_by_us)), Some(posted)) = (&self.to_city, posted) else { return open_us };
        // What was posted last may be acknowledged so much later.
        let leg_us = self.upstream(says, &posted, 0).open_until_us();
        open_us.max(leg_us.map(|until| until + slow_by_us))
    }

    /// What became of all of which this was heard.
    pub(super) fn judge(&self, by: ByNow) -> Judged {
        let mut judged = Judged::default();
        let names = &self.hearing.names;
        let answered = self.answered(&by.heard, by.until_us);
        let (by_copy, firsts) = Default::default();
        Count { judged: &mut judged, by_copy, firsts, start_us: self.start_us, part: self.part, names }
            .all(&answered);
        if let (Some((says, _)), Some(posted)) = (&self.to_city, &by.posted) {
            let crowd = self.upstream(says, posted, by.until_us);
            let told =
                |told: &Told| failure((self.part, names), self.start_us, &crowd.says[told.place], told);
            let (leg, took) = posts::judge(&crowd, posted.strays, (&answered, &told));
            (judged.answers.upstream, judged.posted) = (Some(leg), took);
        }
        let answers = &mut judged.answers;
        (answers.heard, answers.unnamed) = (true, by.unnamed);
        answers.all.spurious = by.strays + answered.unsaid();
        answers.spurious = by.spurious;
        judged
    }
}

/// When lines were taken on purpose. The load's start is an instant of the run's clock.
fn breaks(part: &Part<'_>, fleet: &crowd::Fleet, start_us: Micros) -> Vec<Break> {
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
    fleet.shape.storm.iter().map(taken).chain(part.restarts.iter().map(restarted)).collect()
}

/// The first messages that failed, and behind them the first of which that cannot be told.
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
    /// The load's start on the run's clock.
    start_us: Micros,
    part: &'a Part<'a>,
    names: &'a [Name],
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
        self.firsts.take(told.outcome, || failure((self.part, self.names), self.start_us, says, told));
    }

    fn end(self) {
        let harmed =
            self.by_copy.iter().filter(|(_, tally)| tally.answered + tally.undecidable < tally.expected);
        let site = self.part.common.topics.site();
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

/// A message that did not fare as it should, for the journal. The load's start is an instant of the run's clock.
fn failure((part, names): (&Part<'_>, &[Name]), start_us: Micros, says: &Says, told: &Told) -> CopyFailure {
    let name = &names[told.place];
    CopyFailure {
        id: wire_id(&tag_of_copy(&part.common.run, told.copy), says.stimulus),
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
