//! Hearing what the gateway says of the copies of a compound, and holding it against what they said.

mod judge;
mod lines;
mod posts;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use palisade_load::codec::Publish;
use palisade_load::subscribe::{Ear, Settings};
use palisade_sim::contract::Severity;
use palisade_sim::words::StimulusId;
use serde_json::Value;

pub(super) use self::judge::Judged;
use self::judge::Known;
use super::city::{City, CopyPosts};
use super::part::{Ending, Part};
use crate::contract::{Correlate, Decoder, Read};
use crate::drivers::between::{Between, Made};
use crate::drivers::crowd::{self, Crowd};
use crate::drivers::fleet::Common;
use crate::pairing::copies::{Heard, Says};
use crate::pairing::{Outcome, Tally};
use crate::record::{LoadAnswers, Micros};
use crate::wire::id::{mark_of_copy, read_copy};

/// Copies and messages that are told one by one; all are counted.
const TOLD: usize = 60;
/// The same of what is told in the middle of a run.
const TOLD_SO_FAR: usize = 10;
/// How long after a message has left that is known: the plane tells it when it has looked at its sockets.
const TOLD_WITHIN: Duration = Duration::from_millis(50);
/// How often a wait looks whether all have come.
const LOOK: Duration = Duration::from_millis(50);

/// What one thing that copies say is called.
struct Name {
    device: String,
    signal: String,
    severity: Severity,
}

impl Name {
    /// Whether what was read is about something else.
    fn differs(&self, read: &Read) -> bool {
        read.device != self.device
            || read.signal != self.signal
            || read.severity.is_some_and(|severity| severity != self.severity)
    }
}

/// What copies say, what the gateway owes for it, and what was heard of that so far.
pub(super) struct Ledger {
    common: Common,
    reading: Decoder,
    says: Vec<Says>,
    names: Vec<Name>,
    /// The place of each stimulus among what a copy says.
    places: HashMap<StimulusId, usize>,
    copies: u32,
    /// Whether a fault made an id of nobody; nothing where no proxy stands between.
    made: Option<Made>,
    /// The way to the city platform, if there is one.
    leg: Option<Leg>,
    answers: AtomicU64,
    log: Mutex<Log>,
}

/// The way to the city platform.
struct Leg {
    /// What must come to it: what is owed an answer, and is so loud.
    says: Vec<Says>,
    /// How long after it came a post may be acknowledged; it is known from then on.
    slow_by_us: Micros,
    posts: CopyPosts,
}

/// All that was heard so far.
#[derive(Clone)]
struct Log {
    start: Option<Instant>,
    heard: Vec<Heard>,
    spurious: Vec<String>,
    strays: usize,
    unnamed: u64,
}

/// One who hears the gateway speak of all copies.
pub(super) struct Hearing {
    ear: Ear,
    ledger: Arc<Ledger>,
}

/// Begins to listen; or why nothing can be known of the answers to copies.
pub(super) fn listen(part: &Part<'_>, fleet: &crowd::Fleet, crowd: &Crowd<'_>) -> Result<Hearing, Deaf> {
    if part.heard_on.is_empty() {
        return Err(Deaf::Unheard("the gateway's answers come over no broker".into()));
    }
    let says: Vec<Says> = crowd.sends().iter().map(|send| says(part, *send)).collect();
    if says.iter().all(|says| says.deadline_us.is_none()) {
        let owed = part.common.contract.reaction.iter().any(|row| row.correlate.contains(&Correlate::Id));
        let why =
            if owed { "no answer is owed to what they say" } else { "the contract's answers carry no ids" };
        return Err(Deaf::Unheard(why.into()));
    }
    let reading = part.reading.clone().ok_or_else(|| Deaf::Unheard("nothing reads the answers".into()))?;
    let names: Vec<Name> = crowd.sends().iter().map(|send| name(part, *send)).collect();
    let places = says.iter().enumerate().filter(|(_, one)| one.stimulus != NOBODY);
    let log = Log {
        start: None,
        heard: vec![Heard::default(); says.len() * fleet.copies() as usize],
        spurious: Vec::new(),
        strays: 0,
        unnamed: 0,
    };
    let ledger = Arc::new(Ledger {
        common: part.common.clone(),
        reading,
        places: places.map(|(place, one)| (one.stimulus, place)).collect(),
        leg: part.city.as_ref().map(|city| leg(city, &says, &names)),
        says,
        names,
        copies: fleet.copies(),
        made: part.between.as_ref().map(Between::made),
        answers: AtomicU64::new(0),
        log: Mutex::new(log),
    });
    let hears = ledger.clone();
    let to = part.address.resolve().map_err(|error| Deaf::Lost(format!("{}: {error}", part.address)))?;
    let prefix = format!("palisade-copies-{}", part.common.run);
    let settings = Settings { prefix, ..Settings::new(to, part.heard_on.clone(), Vec::new()) };
    let ear = Ear::listen(&settings, Box::new(move |publish: &Publish<'_>, at| hears.take(publish, at)))
        .map_err(|error| Deaf::Lost(error.to_string()))?;
    Ok(Hearing { ear, ledger })
}

/// Why nobody hears.
pub(super) enum Deaf {
    /// Nothing can be known, which the report says.
    Unheard(String),
    /// The gateway did not let anybody listen.
    Lost(String),
}

/// A sign of life is no stimulus.
const NOBODY: StimulusId = StimulusId(u32::MAX);

fn says(part: &Part<'_>, send: crate::schedule::Send) -> Says {
    let row = part.tape.devices.get(send.device.index());
    let class = row.map_or(palisade_sim::contract::Class::DutyRoom, |row| row.class);
    let id = send.what.stimulus().and_then(|id| part.tape.stimuli.get(id.index()));
    let contract = &part.common.contract;
    let by_id = |signal: &palisade_sim::contract::Signal| {
        let row = contract.reaction(class, &signal.word(), signal.severity())?;
        row.correlate.contains(&Correlate::Id).then(|| contract.deadline_of(row).0.0 * 1_000)
    };
    let device = row.map_or("", |row| row.id.as_str());
    Says {
        stimulus: send.what.id().unwrap_or(NOBODY),
        device: send.device,
        class,
        qos: part.common.qos(class, device, row.map_or(1, |row| row.qos)),
        deadline_us: id.and_then(|stimulus| by_id(&stimulus.signal)),
    }
}

fn name(part: &Part<'_>, send: crate::schedule::Send) -> Name {
    let row = part.tape.devices.get(send.device.index());
    let signal = send.what.stimulus().and_then(|id| part.tape.stimuli.get(id.index())).map(|s| &s.signal);
    Name {
        device: row.map_or_else(String::new, |row| row.id.to_string()),
        signal: signal.map_or_else(String::new, |signal| signal.word()),
        severity: signal.map_or(Severity::Info, |signal| signal.severity()),
    }
}

fn leg(city: &City, says: &[Says], names: &[Name]) -> Leg {
    let owed = |(says, name): (&Says, &Name)| {
        let deadline_us = says.deadline_us.and_then(|_| city.deadline_us(name.severity));
        Says { deadline_us, ..*says }
    };
    Leg { says: says.iter().zip(names).map(owed).collect(), slow_by_us: city.slow_by_us, posts: city.posts() }
}

impl Ledger {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers that were heard so far.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// The place of a message among what a copy says, and among all that copies say.
    fn slot(&self, copy: u32, stimulus: Option<StimulusId>) -> Option<(usize, usize)> {
        let place = *self.places.get(&stimulus?)?;
        let copy = (copy as usize).wrapping_sub(1);
        (copy < self.copies as usize).then(|| (place, copy * self.says.len() + place))
    }

    /// Whether a fault made an id of nobody.
    fn is_made(&self, id: &str) -> bool {
        self.made.as_ref().is_some_and(|made| made(id))
    }

    fn take(&self, publish: &Publish<'_>, at: Instant) {
        let Some(start) = self.log().start.filter(|_| !publish.retain) else { return };
        let json: Value = serde_json::from_slice(publish.payload).unwrap_or(Value::Null);
        let Some(id) = self.reading.id(&json) else {
            self.log().unnamed += 1;
            return;
        };
        // The compound's own answers are heard elsewhere, and those to other runs are nobody's here.
        let Some((copy, stimulus)) = read_copy(&self.common.run, &id) else { return };
        self.answers.fetch_add(1, Ordering::Relaxed);
        let Some((place, slot)) = self.slot(copy, stimulus) else {
            if !self.is_made(&id) {
                let mut log = self.log();
                log.strays += 1;
                if log.spurious.len() < TOLD {
                    log.spurious.push(format!("{id} on {}", publish.topic));
                }
            }
            return;
        };
        let read = self.reading.read_copy(&mark_of_copy(copy), publish.topic, &json);
        let differs = self.names[place].differs(&read);
        let after = at.saturating_duration_since(start).as_nanos();
        let heard = &mut self.log().heard[slot];
        // Sent again by the broker, which had no acknowledgement when the line broke.
        if !publish.dup || heard.times == 0 {
            heard.take(u64::try_from(after).unwrap_or(u64::MAX), differs);
        }
    }

    /// What can be said of answers to the copies in the middle of a run, and at which instant of its clock; nothing before its
    /// start. Where it is disturbed, what faults and restarts do is not looked at.
    pub(super) fn so_far(
        &self,
        crowd: &Crowd<'_>,
        fleet: &crowd::Fleet,
        disturbed: bool,
    ) -> Option<(Micros, Judged)> {
        let start = self.log().start?;
        let by_now = self.by_now(elapsed_us(start));
        let at_us = self.common.clock.at(start) + by_now.until_us;
        thread::sleep(TOLD_WITHIN);
        let mut known = Known::now(self, (crowd, fleet), start, (None, &[]));
        known.unsure = disturbed;
        let mut judged = known.judge(by_now);
        let answers = &mut judged.answers;
        let at_s = at_us as f64 / 1e6;
        answers.why_not = format!("the run was cut, and this is how it stood at {at_s:.1} s");
        if disturbed {
            answers.why_not += ": what faults and restarts did to the others was not known yet";
        }
        let upstream = answers.upstream.iter_mut().map(|leg| &mut leg.failures);
        for failures in [&mut answers.failures].into_iter().chain(upstream) {
            failures.retain(|one| one.outcome != Outcome::Undecidable.word());
            failures.truncate(TOLD_SO_FAR);
        }
        answers.copies.truncate(TOLD_SO_FAR);
        Some((at_us, judged))
    }
}

impl Hearing {
    /// Instants count from here.
    pub(super) fn begin(&self, start: Instant) {
        self.ledger.log().start = Some(start);
        self.ear.begin(start);
    }

    /// Whether it hears, now and later: after a restart of the gateway it must subscribe again.
    pub(super) fn hears(&self) -> Arc<AtomicBool> {
        self.ear.hears()
    }

    /// What is written down of it.
    pub(super) fn ledger(&self) -> Arc<Ledger> {
        self.ledger.clone()
    }

    /// Waits for what may still come in time, and takes stock.
    pub(super) fn end(
        self,
        part: &Part<'_>,
        said_by: (&Crowd<'_>, &crowd::Fleet),
        (start, how): (Instant, &Ending),
    ) -> Judged {
        let Hearing { ear, ledger } = self;
        let known = || {
            let between = part.between.as_ref();
            let start_us = part.common.clock.at(start);
            let lines = |between: &Between| {
                let told = (said_by.0, &ledger.says[..], ledger.copies);
                lines::of(between.copies(), told, (start_us, &part.restarts))
            };
            Known::now(&ledger, said_by, start, (between.map(lines), &part.restarts))
        };
        if *how == Ending::Whole {
            let known = known();
            let mut open_us = Some(Micros::MAX);
            while open_us.is_some_and(|until| elapsed_us(start) <= until) && !part.stop.asked() {
                thread::sleep(LOOK);
                open_us = known.open_until_us();
            }
        }
        let until_us = elapsed_us(start);
        let heard = ear.end();
        let by_now = ledger.by_now(until_us);
        // Whatever was heard has passed by now.
        let mut judged = known().judge(by_now);
        // A restart breaks it, and nobody is let in before it hears again.
        let restarted =
            |at_us: &Micros| part.restarts.iter().any(|done| (done.down_us..=done.open_us).contains(at_us));
        let deaf = heard.broke.iter().map(|at| part.common.clock.at(*at)).any(|at_us| !restarted(&at_us));
        let why = match *how == Ending::Whole {
            false => "the run was cut",
            true if deaf => "the connection of the one who hears the answers to them broke",
            true => "",
        };
        (judged.answers.promised, judged.answers.why_not) = (why.is_empty(), why.to_owned());
        judged.looks = heard.looks;
        judged
    }
}

fn elapsed_us(start: Instant) -> Micros {
    start.elapsed().as_micros() as Micros
}

/// What was found out, in a sentence.
pub(super) fn sentence(answers: &LoadAnswers) -> String {
    if !answers.heard {
        return format!("answers to the copies are not judged: {}", answers.why_not);
    }
    let all = &answers.all;
    let mut said =
        format!("answers to the copies: {} owed, {} as they should be", all.expected, all.answered);
    let bad = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Answered);
    let counts = bad.map(|outcome| (all.of(outcome), outcome.word().replace('_', " ")));
    let more = [
        (all.spurious, "of nothing that was said".to_owned()),
        (all.taken, "taken by faults or gone with their line".to_owned()),
    ];
    for (n, what) in counts.chain(more).filter(|(n, _)| *n > 0) {
        said += &format!(", {n} {what}");
    }
    if answers.harmed > 0 {
        said += &format!("; {} copies are concerned", answers.harmed);
    }
    if !answers.promised {
        said += &format!("; not assessed, since {}", answers.why_not);
    }
    if let Some(leg) = &answers.upstream {
        let Tally { expected, answered, .. } = leg.all;
        said += &format!("; {answered} of {expected} of them reached the city platform once and in time");
    }
    said
}
