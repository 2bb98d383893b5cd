//! Pairing: which observation answers which stimulus, and what became of every answer that was expected.
//!
//! Pure: it knows neither sockets nor clocks. Each expected answer gets exactly one [`Outcome`], the first that fits
//! in the order of the enum, so the seven counts sum to what was expected.
//!
//! What a device says because of a command is a stimulus like those of the tape.
//!
//! An observation is matched by the id that it carries, `<run>-<stimulus>`. One without an id is matched by key
//! (device and signal) and order: to the earliest message of its key that has left, is unanswered and is still in
//! time; else to the earliest unanswered one; else it is a duplicate of the last one that left less than a deadline
//! ago; else nothing asked for it. A message counts as gone from its intended instant on, since the sender stamps
//! `left` after the write, when the answer may be here already.
//!
//! A contract names the ways of each of its rows, in an order of its own (`correlate`). All answers are tried in the
//! first way of every row, those that are left over in the second, and so on; at one place ids come before keys and
//! keys before windows. Without `id` a row's ids are not looked at. `order` decides among several open messages that a way
//! before it leaves; without it they are undecidable. With `window` an answer that names a device answers the one open
//! message of that device, whatever signal it names. An id that has not the form of ours is the gateway's own and no
//! reason to look no further; one of another run is sorted out at the first place at which a row looks at ids.
//!
//! Where faults are at work, [`Ways`] tells which events the gateway had, and when; see there.
//!
//! A message whose device had no connection when it was due is the gateway's affair: its lateness does not speak
//! against the harness, and if it was never sent it is missed.

mod absence;
mod assumed;
mod commands;
pub mod copies;
mod deaf;
pub mod lines;
mod match_up;
mod outages;
mod recovery;
mod storms;
mod tally;
#[cfg(test)]
mod tests;
mod upstream;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::contract::Severity;
use palisade_sim::words::{DeviceIx, StimulusId};

pub use assumed::assumed;
pub use commands::{Came, Commands, Due, Heard, Rule, Said, To, Told, owed, owed_for, pair_commands};
pub use deaf::Deaf;
pub use outages::{Outage, Outages};
pub use recovery::{Cause, Disturbance, Episode, disturbances, episodes};
pub use storms::{Swept, swept};
pub use tally::Tally;
pub use upstream::{Posts, acknowledged, acknowledged_us};
pub use ways::{Fate, Span, Ways};

use crate::record::{Expected, Left, Micros, Observation};

/// What became of an expected answer. The first that fits counts, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It was never sent although its device had a connection, or the run was cut before its deadline.
    Undecidable,
    /// Nothing came, or its device had no connection to send it over.
    Missed,
    /// Another device, signal or severity came.
    Wrong,
    /// It came before the answer to an earlier-sent message of the same device.
    OutOfOrder,
    /// It came more than once.
    Duplicate,
    /// It came after its deadline.
    Late,
    /// It came once, in time, in order, as it should.
    Answered,
}

impl Outcome {
    /// All of them, in order.
    pub const ALL: [Outcome; 7] = [
        Outcome::Undecidable,
        Outcome::Missed,
        Outcome::Wrong,
        Outcome::OutOfOrder,
        Outcome::Duplicate,
        Outcome::Late,
        Outcome::Answered,
    ];

    /// Whether it is held against the gateway: neither as it should be nor open.
    pub fn failed(self) -> bool {
        !matches!(self, Outcome::Answered | Outcome::Undecidable)
    }

    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Undecidable => "undecidable",
            Outcome::Missed => "missed",
            Outcome::Wrong => "wrong",
            Outcome::OutOfOrder => "out_of_order",
            Outcome::Duplicate => "duplicate",
            Outcome::Late => "late",
            Outcome::Answered => "answered",
        }
    }
}

/// What the tape knows of a stimulus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Name of the device.
    pub device: String,
    /// The signal's word.
    pub signal: String,
    /// True when nothing happened and the device was fooled.
    pub nuisance: bool,
}

/// What is to be paired: one part (`floor` or `main`) of one run.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The run's tag.
    pub run: &'a str,
    /// Answers that the gateway owes.
    pub expected: &'a [Expected],
    /// What was sent.
    pub left: &'a [Left],
    /// What came back.
    pub observed: &'a [Observation],
    /// What the tape knows of each stimulus.
    pub facts: &'a BTreeMap<StimulusId, Fact>,
    /// When connections of devices were down.
    pub outages: &'a Outages,
    /// What faults left of the ways of devices.
    pub ways: &'a Ways,
    /// Until when somebody listened, µs on the run's clock.
    pub listened_until_us: Micros,
}

/// How an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By the id that it carried.
    Id,
    /// By device, signal and order.
    Key,
    /// By device alone, within the time that the contract gives.
    Window,
}

/// An expected answer and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The stimulus.
    pub stimulus: StimulusId,
    /// The device.
    pub device: DeviceIx,
    /// What became of it.
    pub outcome: Outcome,
    /// How loudly it was to be passed on.
    pub severity: Severity,
    /// When it should have left, µs.
    pub intended_us: Micros,
    /// How long after `intended_us` it was in time, µs.
    pub deadline_us: Micros,
    /// When it left, µs.
    pub left_us: Option<Micros>,
    /// When the gateway had it, µs; known only where the proxy of a fault looked.
    pub reached_us: Option<Micros>,
    /// When the first answer came, µs.
    pub observed_us: Option<Micros>,
    /// How many answers came.
    pub answers: usize,
    /// How they were found.
    pub by: Option<By>,
    /// What came instead, when it is wrong: `device signal severity`.
    pub instead: Option<String>,
    /// The earlier message that it overtook.
    pub overtook: Option<StimulusId>,
    /// True when its device had no connection when it was due or left.
    pub link_down: bool,
}

impl Answer {
    /// When it left, µs, and no later than its answer came: the sender stamps after the write, so the stamp may be
    /// some ten microseconds behind the answer.
    pub fn departed_us(&self) -> Option<Micros> {
        let seen = self.observed_us.unwrap_or(Micros::MAX).max(self.intended_us);
        self.left_us.map(|left| left.min(seen))
    }
}

/// Why an observation answers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtraKind {
    /// No stimulus of this run asked for it.
    NoSuchStimulus,
    /// It carries the tag of another run.
    OtherRun,
    /// The broker replayed a retained message.
    RetainedReplay,
    /// The gateway said that a device is offline, and it was.
    DeviceOffline,
    /// A fault had altered an event on its way, and the gateway passed on what it had.
    Altered,
}

impl ExtraKind {
    /// Whether it is held against the gateway.
    pub fn is_spurious(self) -> bool {
        matches!(self, ExtraKind::NoSuchStimulus | ExtraKind::OtherRun)
    }

    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            ExtraKind::NoSuchStimulus => "no_such_stimulus",
            ExtraKind::OtherRun => "other_run",
            ExtraKind::RetainedReplay => "retained_replay",
            ExtraKind::DeviceOffline => "device_offline",
            ExtraKind::Altered => "altered",
        }
    }
}

/// An observation that answers nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Extra {
    /// Why.
    pub kind: ExtraKind,
    /// What was said.
    pub observation: Observation,
}

/// The result of pairing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairing {
    /// One for each expected answer, in order of (intended, stimulus).
    pub answers: Vec<Answer>,
    /// What was said without being asked, in order of reception.
    pub extras: Vec<Extra>,
    /// Stimuli without an incident that were passed on as a warning or an alarm.
    pub false_alarms: Vec<StimulusId>,
    /// Stimuli whose order decided which one is answered.
    pub unsure: BTreeSet<StimulusId>,
    /// Observations matched by id.
    pub by_id: usize,
    /// Observations matched by key and order.
    pub by_key: usize,
    /// Observations that were matched by device and time alone.
    pub by_window: usize,
}

impl Pairing {
    /// How many answers had this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.answers.iter().filter(|a| a.outcome == outcome).count()
    }

    /// All counts.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            spurious: self.spurious(),
            false_alarm: self.false_alarms.len(),
            retained_replay: self.extras.iter().filter(|e| e.kind == ExtraKind::RetainedReplay).count(),
            ..Tally::default()
        };
        self.answers.iter().for_each(|a| tally.add(a.outcome));
        tally
    }

    /// How many observations had no stimulus of this run; replays of retained messages and true words about lost
    /// connections are not among them.
    pub fn spurious(&self) -> usize {
        self.extras.iter().filter(|e| e.kind.is_spurious()).count()
    }
}

/// Pairs one part of a run. The order in which entries are stored does not change the result.
pub fn pair(given: Given<'_>) -> Pairing {
    let mut pairing = pair_in_any_order(given);
    mark_overtakers(&mut pairing.answers, &pairing.unsure);
    pairing
}

/// The same where answers need not keep the order of the messages.
pub fn pair_in_any_order(given: Given<'_>) -> Pairing {
    let matched = match_up::match_up(given);
    let mut answers: Vec<Answer> =
        matched.slots.iter().filter_map(|slot| judge(slot, &matched.observed, given)).collect();
    answers.sort_by_key(|a| (a.intended_us, a.stimulus));
    let unsure = matched.slots.iter().filter(|slot| slot.by_order).map(|slot| slot.stimulus).collect();
    let false_alarms = false_alarms(&matched, given.facts);
    Pairing {
        answers,
        extras: matched.extras,
        false_alarms,
        unsure,
        by_id: matched.by_id,
        by_key: matched.by_key,
        by_window: matched.by_window,
    }
}

/// Everything but `out_of_order`, which needs the neighbours.
fn judge(slot: &match_up::Slot<'_>, observed: &[&Observation], given: Given<'_>) -> Option<Answer> {
    let expected = slot.expected?;
    let fact = given.facts.get(&slot.stimulus);
    let first = slot.answers.first().map(|&i| observed[i].received_us);
    let deadline = expected.intended_us + expected.deadline_us;
    let instead =
        slot.answers.iter().map(|&i| observed[i]).find(|o| differs(o, expected, fact, slot.by)).map(describe);
    let sent_by = slot.left_us.unwrap_or(deadline).max(expected.intended_us);
    let link_down = given.outages.touches(expected.device, expected.intended_us, sent_by);
    let outcome = match first {
        _ if slot.left_us.is_none() && !link_down => Outcome::Undecidable,
        None if given.listened_until_us < deadline || slot.ambiguous => Outcome::Undecidable,
        None => Outcome::Missed,
        Some(_) if instead.is_some() => Outcome::Wrong,
        Some(_) if slot.answers.len() > allowed(slot, given) => Outcome::Duplicate,
        Some(at) if at > deadline => Outcome::Late,
        Some(_) => Outcome::Answered,
    };
    Some(Answer {
        stimulus: slot.stimulus,
        device: expected.device,
        outcome,
        severity: expected.severity,
        intended_us: expected.intended_us,
        deadline_us: expected.deadline_us,
        left_us: slot.left_us,
        reached_us: given.ways.reached_us(slot.stimulus),
        observed_us: first,
        answers: slot.answers.len(),
        by: slot.by,
        instead,
        overtook: None,
        link_down,
    })
}

/// How often it may be answered: as often as the gateway had it, where its quality of service lets it come more than once.
/// Where no proxy counted that, it may have had each one that was sent.
fn allowed(slot: &match_up::Slot<'_>, given: Given<'_>) -> usize {
    match (slot.qos, given.ways.passes(slot.stimulus)) {
        (Some(2), _) => 1,
        (_, 0) => 1 + given.ways.resends(slot.stimulus),
        (_, passes) => passes,
    }
}

/// An answer that was found by device and time alone has a word of the gateway's own, which is compared with nothing.
fn differs(seen: &Observation, expected: &Expected, fact: Option<&Fact>, by: Option<By>) -> bool {
    let word = |f: &Fact| by != Some(By::Window) && f.signal != seen.signal;
    fact.is_some_and(|f| f.device != seen.device || word(f))
        || seen.severity.is_some_and(|s| s != expected.severity)
}

fn describe(seen: &Observation) -> String {
    let or = |text: &str, empty: &str| if text.is_empty() { empty.to_owned() } else { text.to_owned() };
    let severity = seen.severity.map_or("no severity".to_owned(), |s| format!("{s:?}").to_lowercase());
    format!("{} {} {severity}", or(&seen.device, "no device"), or(&seen.signal, "no signal"))
}

/// An answer overtakes when it came before the answer to a message of the same device that left earlier, or that the
/// gateway had earlier, where that is known. Where the order decided which message is answered, it cannot be judged.
fn mark_overtakers(answers: &mut [Answer], unsure: &BTreeSet<StimulusId>) {
    let mut by_device: BTreeMap<DeviceIx, Vec<(Micros, Micros, usize)>> = BTreeMap::new();
    for (i, a) in answers.iter().enumerate().filter(|(_, a)| !unsure.contains(&a.stimulus)) {
        if let (Some(left), Some(seen)) = (a.reached_us.or(a.left_us), a.observed_us) {
            by_device.entry(a.device).or_default().push((left, seen, i));
        }
    }
    for sent in by_device.values_mut() {
        sent.sort_unstable();
        let mut slowest: Option<(Micros, usize)> = None;
        for same_instant in sent.chunk_by(|a, b| a.0 == b.0) {
            for &(_, seen, i) in same_instant {
                if let Some((_, earlier)) = slowest.filter(|(slowest_seen, _)| *slowest_seen > seen) {
                    answers[i].overtook = Some(answers[earlier].stimulus);
                    answers[i].outcome = answers[i].outcome.min(Outcome::OutOfOrder);
                }
            }
            let last = same_instant.iter().map(|&(_, seen, i)| (seen, i)).max();
            slowest = slowest.max(last);
        }
    }
}

fn false_alarms(matched: &match_up::Matched<'_>, facts: &BTreeMap<StimulusId, Fact>) -> Vec<StimulusId> {
    let loud = |slot: &match_up::Slot<'_>| {
        slot.answers.iter().any(|&i| {
            let severity = matched.observed[i].severity.or(slot.expected.map(|e| e.severity));
            severity.is_some_and(|s| s >= Severity::Warning)
        })
    };
    let fooled = |slot: &&match_up::Slot<'_>| facts.get(&slot.stimulus).is_some_and(|f| f.nuisance);
    matched.slots.iter().filter(fooled).filter(|slot| loud(slot)).map(|slot| slot.stimulus).collect()
}
