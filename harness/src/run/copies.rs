//! Hearing what the gateway says of the copies of a compound, and holding it against what they said.

mod lines;
mod posts;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use palisade_load::codec::Publish;
use palisade_load::plane::Trace;
use palisade_load::subscribe::{Ear, Settings};
use palisade_sim::contract::Severity;
use palisade_sim::words::StimulusId;
use serde_json::Value;

use super::city::City;
use super::part::{Ending, Part};
use crate::contract::{Correlate, Decoder, Read};
use crate::drivers::between::{Between, Made};
use crate::drivers::crowd::{self, Crowd};
use crate::latency::Series;
use crate::pairing::copies::{self, Break, Heard, Says, Told};
use crate::pairing::{Outcome, Tally, assumed};
use crate::record::{CopyFailure, CopyTally, LoadAnswers, Micros, Restart};
use crate::shape::Storm;
use crate::wire::id::{mark_of_copy, read_copy, tag_of_copy, wire_id};

/// Copies and messages that are told one by one; all are counted.
const TOLD: usize = 60;
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

/// All that was heard so far.
struct Log {
    run: String,
    reading: Decoder,
    /// The place of each stimulus among what a copy says.
    places: HashMap<StimulusId, usize>,
    names: Arc<Vec<Name>>,
    start: Option<Instant>,
    heard: Vec<Heard>,
    spurious: Vec<String>,
    strays: usize,
    unnamed: u64,
    answers: Arc<AtomicU64>,
    /// Whether a fault made an id of nobody; nothing where no proxy stands between.
    made: Option<Made>,
}

/// One who hears the gateway speak of all copies.
pub(super) struct Hearing {
    ear: Ear,
    log: Arc<Mutex<Log>>,
    says: Vec<Says>,
    names: Arc<Vec<Name>>,
    answers: Arc<AtomicU64>,
    copies: u32,
}

/// What was found out, how long answers took, and how late the one who hears came to what waited for it.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) answers: LoadAnswers,
    pub(super) took: Series,
    /// How long it took until the city platform had them.
    pub(super) posted: Series,
    pub(super) looks: palisade_load::series::Series,
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
    let names: Arc<Vec<Name>> = Arc::new(crowd.sends().iter().map(|send| name(part, *send)).collect());
    let places = says.iter().enumerate().filter(|(_, one)| one.stimulus != NOBODY);
    let answers = Arc::<AtomicU64>::default();
    let log = Log {
        run: part.common.run.clone(),
        reading,
        places: places.map(|(place, one)| (one.stimulus, place)).collect(),
        names: names.clone(),
        start: None,
        heard: vec![Heard::default(); says.len() * fleet.copies() as usize],
        spurious: Vec::new(),
        strays: 0,
        unnamed: 0,
        answers: answers.clone(),
        made: part.between.as_ref().map(Between::made),
    };
    let log = Arc::new(Mutex::new(log));
    let hears = log.clone();
    let to = part.address.resolve().map_err(|error| Deaf::Lost(format!("{}: {error}", part.address)))?;
    let prefix = format!("palisade-copies-{}", part.common.run);
    let settings = Settings { prefix, ..Settings::new(to, part.heard_on.clone(), Vec::new()) };
    let ear =
        Ear::listen(&settings, Box::new(move |publish: &Publish<'_>, at| lock(&hears).take(publish, at)))
            .map_err(|error| Deaf::Lost(error.to_string()))?;
    Ok(Hearing { ear, log, says, names, answers, copies: fleet.copies() })
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

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    /// The place of a message among what a copy says, and among all that copies say.
    fn slot(&self, copy: u32, stimulus: Option<StimulusId>) -> Option<(usize, usize)> {
        let place = *self.places.get(&stimulus?)?;
        let slot = (copy as usize).wrapping_sub(1).saturating_mul(self.names.len()).saturating_add(place);
        (slot < self.heard.len()).then_some((place, slot))
    }

    /// Whether a fault made an id of nobody.
    fn is_made(&self, id: &str) -> bool {
        self.made.as_ref().is_some_and(|made| made(id))
    }

    fn take(&mut self, publish: &Publish<'_>, at: Instant) {
        let Some(start) = self.start.filter(|_| !publish.retain) else { return };
        let json: Value = serde_json::from_slice(publish.payload).unwrap_or(Value::Null);
        let Some(id) = self.reading.id(&json) else {
            self.unnamed += 1;
            return;
        };
        // The compound's own answers are heard elsewhere, and those to other runs are nobody's here.
        let Some((copy, stimulus)) = read_copy(&self.run, &id) else { return };
        self.answers.fetch_add(1, Ordering::Relaxed);
        let Some((place, slot)) = self.slot(copy, stimulus) else {
            if self.is_made(&id) {
                return;
            }
            self.strays += 1;
            if self.spurious.len() < TOLD {
                self.spurious.push(format!("{id} on {}", publish.topic));
            }
            return;
        };
        // Sent again by the broker, which had no acknowledgement when the line broke.
        if publish.dup && self.heard[slot].times > 0 {
            return;
        }
        let read = self.reading.read_copy(&mark_of_copy(copy), publish.topic, &json);
        let differs = self.names[place].differs(&read);
        let after = at.saturating_duration_since(start).as_nanos();
        self.heard[slot].take(u64::try_from(after).unwrap_or(u64::MAX), differs);
    }
}

impl Hearing {
    /// What must come to the city platform: what is owed an answer, and is so loud.
    fn to_city(&self, city: &City) -> Vec<Says> {
        let owed = |(says, name): (&Says, &Name)| {
            let deadline_us = says.deadline_us.and_then(|_| city.deadline_us(name.severity));
            Says { deadline_us, ..*says }
        };
        self.says.iter().zip(self.names.iter()).map(owed).collect()
    }

    /// Instants count from here.
    pub(super) fn begin(&self, start: Instant) {
        lock(&self.log).start = Some(start);
        self.ear.begin(start);
    }

    /// Whether it hears, now and later: after a restart of the gateway it must subscribe again.
    pub(super) fn hears(&self) -> Arc<AtomicBool> {
        self.ear.hears()
    }

    /// Answers that were heard so far.
    pub(super) fn answers(&self) -> Arc<AtomicU64> {
        self.answers.clone()
    }

    /// Waits for what may still come in time, and takes stock.
    pub(super) fn end(
        self,
        part: &Part<'_>,
        (crowd, traces): (&Crowd<'_>, &[Trace]),
        fleet: &crowd::Fleet,
        (start, how): (Instant, &Ending),
    ) -> Judged {
        let due_us = |copy, place| crowd.due_us(copy, place);
        let storms = fleet.shape.storm.iter();
        let taken = |storm: &Storm| Break {
            at_us: storm.at.0.0 * 1_000,
            until_us: (storm.at.0.0 + storm.lasts().0.0) * 1_000,
            gone_until_us: storm.at.0.0 * 1_000,
            whom: storm.class.clone(),
        };
        // A restart takes everybody's line; from its end on each has as long to come back as the compound's devices.
        let at = |us: Micros| us - part.common.clock.at(start);
        let restarted = |done: &Restart| Break {
            at_us: at(done.down_us),
            until_us: at(done.open_us) + assumed().back_us(),
            gone_until_us: at(done.open_us) + assumed().back_us(),
            whom: Vec::new(),
        };
        let breaks: Vec<Break> = storms.map(taken).chain(part.restarts.iter().map(restarted)).collect();
        let now_us = || start.elapsed().as_micros() as Micros;
        let start_us = part.common.clock.at(start);
        let lines = || {
            let between = part.between.as_ref()?;
            Some(lines::of(between.copies(), (crowd, &self.says, self.copies), (start_us, &part.restarts)))
        };
        let base = copies::Crowd {
            says: &self.says,
            copies: self.copies,
            due_us: &due_us,
            traces,
            heard: &[],
            breaks: &breaks,
            lines: None,
            in_order: true,
            listened_until_us: 0,
        };
        let to_city = part.city.as_ref().map(|city| self.to_city(city));
        let upstream = |listened_until_us, lines| {
            let posts = posts::heard(&part.city.as_ref()?.posts(), &lock(&self.log), start_us);
            let crowd =
                copies::Crowd { says: to_city.as_ref()?, listened_until_us, lines, in_order: false, ..base };
            Some((posts, crowd))
        };
        let slow_by_us = part.city.as_ref().map_or(0, |city| city.slow_by_us);
        let mut open_us = Some(Micros::MAX);
        let under_way = if *how == Ending::Whole { lines() } else { None };
        while *how == Ending::Whole && open_us.is_some_and(|until| now_us() <= until) && !part.stop.asked() {
            thread::sleep(LOOK);
            let lines = under_way.as_ref();
            let leg = upstream(0, lines);
            let heard = &lock(&self.log).heard;
            open_us = copies::Crowd { heard, lines, ..base }.open_until_us();
            // What was posted last may be acknowledged so much later.
            open_us = open_us.max(leg.and_then(|(posts, crowd)| {
                Some(copies::Crowd { heard: &posts.heard, ..crowd }.open_until_us()? + slow_by_us)
            }));
        }
        let listened_until_us = now_us();
        let heard = self.ear.end();
        let looks = heard.looks;
        // Whatever was heard has passed by now.
        let lines = lines();
        let lines = lines.as_ref();
        let leg = upstream(listened_until_us, lines);
        let log = lock(&self.log);
        let mut judged = Judged { looks, ..Judged::default() };
        let count =
            Count { judged: &mut judged, by_copy: BTreeMap::new(), start_us, part, names: &self.names };
        let answered = copies::Crowd { heard: &log.heard, lines, listened_until_us, ..base };
        count.all(&answered);
        if let Some((posts, crowd)) = leg {
            let crowd = copies::Crowd { heard: &posts.heard, ..crowd };
            let told = |told: &Told| failure((part, &self.names), start_us, &crowd.says[told.place], told);
            let (leg, took) = posts::judge(&crowd, posts.strays, (&answered, &told));
            (judged.answers.upstream, judged.posted) = (Some(leg), took);
        }
        let answers = &mut judged.answers;
        let unsaid = answered.unsaid();
        (answers.heard, answers.unnamed) = (true, log.unnamed);
        (answers.spurious, answers.all.spurious) = (log.spurious.clone(), log.strays + unsaid);
        // A restart breaks it, and nobody is let in before it hears again.
        let restarted =
            |at_us: &Micros| part.restarts.iter().any(|done| (done.down_us..=done.open_us).contains(at_us));
        let deaf = heard.broke.iter().map(|at| part.common.clock.at(*at)).any(|at_us| !restarted(&at_us));
        let why = match *how == Ending::Whole {
            false => "the run was cut",
            true if deaf => "the connection of the one who hears the answers to them broke",
            true => "",
        };
        (answers.promised, answers.why_not) = (why.is_empty(), why.to_owned());
        judged
    }
}

/// What is counted of all copies.
struct Count<'a> {
    judged: &'a mut Judged,
    by_copy: BTreeMap<u32, Tally>,
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
        let bad = told.outcome.is_some_and(|outcome| outcome != Outcome::Answered);
        if bad && answers.failures.len() < TOLD {
            answers.failures.push(failure((self.part, self.names), self.start_us, says, told));
        }
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
