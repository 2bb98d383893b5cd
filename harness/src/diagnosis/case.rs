//! From a record to symptoms: what was owed and did not come, came twice, late, or with something wrong in it.

use std::collections::BTreeMap;

use super::record::{End, Heard, Record, Said, Sent};
use super::told::Told;

/// How long an alarm may be on its way to the city platform, and a command behind an answer, µs.
pub const UNDER_WAY_US: i64 = 1_000_000;

/// An answer or a command that takes longer than this is late, µs: several times what a loaded machine adds.
pub const LATE_US: i64 = 200_000;
/// A connection that lived this much longer than a message leaves no excuse for an acknowledgement that never came, µs.
const ACK_PATIENCE_US: i64 = 1_200_000;
/// How far outside of the time between message and answer a gateway's clock may be, ms: no more than a clock that is kept,
/// and less than the weakest defect of a clock.
const CLOCK_MS: i64 = 4_000;
/// How long after a break a device's will may come, µs.
const WILL_US: i64 = 1_500_000;
/// Memory that a gateway may need more at the end than at the beginning, bytes.
const GROWTH: u64 = 8_000_000;
/// The least agreement of an answer with a message, by the weights in [`likeness`].
const LIKENESS: u32 = 7;

/// A field of an answer that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The id.
    Id,
    /// The device in the payload.
    Device,
    /// The device in the topic.
    Topic,
    /// The signal.
    Signal,
    /// How loudly.
    Kind,
    /// When it happened.
    Ts,
    /// When the gateway says that it said it.
    Clock,
}

/// Something that is not as it should be. Numbers are places in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// A message that was never answered.
    Missed(usize),
    /// A message, and its second or later answer.
    Twice(usize, usize),
    /// A message that was answered late.
    Late(usize),
    /// A message that was answered after a later one of its device.
    Overtaken(usize),
    /// A message, its answer, and the field that is wrong.
    Wrong(usize, usize, Field),
    /// Something that nobody can read, and the message whose id stands in it.
    Unreadable(usize, Option<usize>),
    /// Something that answers no message.
    Spurious(usize),
    /// Something old that the broker had kept.
    Retained(usize),
    /// An alarm of a zone that was bypassed, and its answer.
    Bypassed(usize, usize),
    /// A message that was never acknowledged.
    Unacknowledged(usize),
    /// A message that was acknowledged late.
    AcknowledgedLate(usize),
    /// A broken connection of which nothing was said.
    WillMissing(usize),
    /// What says that a device is offline, and it is not.
    FalseOffline(usize),
    /// What says again that a device vanished.
    OfflineTwice(usize),
    /// An alarm that the duty room heard and the city platform did not.
    NotForwarded(usize),
    /// Something about commands.
    Command(Told),
    /// Memory grew by so many bytes.
    Grew(u64),
}

/// A record with what follows from it.
#[derive(Debug)]
pub struct Case<'a> {
    /// The record.
    pub record: &'a Record,
    /// Messages that are owed an answer, in order.
    pub owed: Vec<usize>,
    /// Messages that the gateway acts on as if it owed an answer: those, and the alarms of bypassed zones when it forgets bypasses;
    /// without the alarms after a bypass when it ends none.
    pub taken: Vec<usize>,
    /// Of each message, its answers in order.
    pub answers: Vec<Vec<usize>>,
    /// Of each message, the later copies of it.
    pub copies: Vec<Vec<usize>>,
    /// What is wrong.
    pub symptoms: Vec<Symptom>,
}

impl<'a> Case<'a> {
    /// Reads a record.
    pub fn of(record: &'a Record) -> Case<'a> {
        let mut copies = vec![Vec::new(); record.sent.len()];
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        let mut owed = Vec::new();
        let mut bypassed = Vec::new();
        for (i, sent) in record.sent.iter().enumerate() {
            match first.get(sent.id.as_str()) {
                Some(original) => copies[*original].push(i),
                None if record.is_bypassed(sent) => bypassed.push(i),
                None => owed.push(i),
            }
            first.entry(&sent.id).or_insert(i);
        }
        let answers = vec![Vec::new(); record.sent.len()];
        let mut case = Case { record, owed, taken: Vec::new(), answers, copies, symptoms: Vec::new() };
        case.hear(&bypassed);
        case.taken = case.what_it_takes(bypassed);
        case.answered();
        case.acknowledged();
        case.wills();
        case.forwarded();
        let told = Told::all(&case);
        case.symptoms.extend(told.into_iter().map(Symptom::Command));
        case.memory();
        case
    }

    /// Whether the gateway acts on a message as if it owed an answer.
    pub fn takes(&self, sent: usize) -> bool {
        self.taken.binary_search(&sent).is_ok()
    }

    /// Whether a message is owed an answer.
    pub fn owes(&self, sent: usize) -> bool {
        self.owed.binary_search(&sent).is_ok()
    }

    /// When the first answer to a message came.
    pub fn answered_us(&self, sent: usize) -> Option<i64> {
        self.answers[sent].first().map(|heard| self.record.heard[*heard].at_us)
    }

    /// How long a message waited for its answer, µs, counted from when it could be heard.
    pub fn waited_us(&self, sent: usize) -> Option<i64> {
        let from = self.record.hearable_from(self.record.sent[sent].at_us);
        self.answered_us(sent).map(|heard| heard - from)
    }

    /// Gives each thing that was heard to the message that it answers.
    fn hear(&mut self, bypassed: &[usize]) {
        for (h, heard) in self.record.heard.iter().enumerate() {
            if heard.retained {
                self.symptoms.push(Symptom::Retained(h));
                continue;
            }
            let Some(said) = &heard.said else {
                let whose = self.owed.iter().copied().find(|i| holds(&heard.raw, &self.record.sent[*i].id));
                whose.iter().for_each(|i| self.answers[*i].push(h));
                self.symptoms.push(Symptom::Unreadable(h, whose));
                continue;
            };
            if said.signal == "device_offline" {
                continue;
            }
            match self.whose(heard, said, bypassed) {
                Some(i) if bypassed.contains(&i) => {
                    self.answers[i].push(h);
                    self.symptoms.push(Symptom::Bypassed(i, h));
                }
                Some(i) => {
                    if self.is_answered(i) {
                        self.symptoms.push(Symptom::Twice(i, h));
                    }
                    self.answers[i].push(h);
                    let wrong = wrong_fields(&self.record.sent[i], heard, said);
                    self.symptoms.extend(wrong.map(|field| Symptom::Wrong(i, h, field)));
                }
                None => self.symptoms.push(Symptom::Spurious(h)),
            }
        }
    }

    /// Whether something was heard that is taken to be this message's answer.
    pub fn is_answered(&self, i: usize) -> bool {
        !self.answers[i].is_empty()
    }

    /// The message that an answer is most like; of several, the one that still waits, and then the latest.
    fn whose(&self, heard: &Heard, said: &Said, bypassed: &[usize]) -> Option<usize> {
        let candidates = self.owed.iter().chain(bypassed).copied();
        let before = candidates.filter(|i| self.record.sent[*i].at_us <= heard.at_us);
        let rated = before.map(|i| (likeness(&self.record.sent[i], heard, said), !self.is_answered(i), i));
        rated.filter(|(likeness, ..)| *likeness >= LIKENESS).max().map(|(.., i)| i)
    }

    fn what_it_takes(&self, bypassed: Vec<usize>) -> Vec<usize> {
        let mut taken = self.owed.clone();
        if bypassed.iter().any(|i| self.is_answered(*i) || self.is_told(*i)) {
            taken.extend(bypassed);
            taken.sort_unstable();
        }
        let was_bypassed = |i: &usize| self.record.was_bypassed(&self.record.sent[*i]);
        if !taken.iter().filter(|i| was_bypassed(i)).any(|i| self.is_answered(*i) || self.is_cause(*i)) {
            taken.retain(|i| !was_bypassed(i));
        }
        taken
    }

    /// Whether something is commanded because of a message.
    fn is_cause(&self, sent: usize) -> bool {
        self.record.orders.iter().any(|order| order.cause.as_ref() == Some(&self.record.sent[sent].id))
    }

    /// Whether something is commanded because of the alarm of a bypassed zone, or because of its end while no alarm from before the
    /// bypass is open, of which we do not know that its end was heard.
    fn is_told(&self, alarm: usize) -> bool {
        let sent = &self.record.sent;
        let of_zone = |i: &usize| sent[*i].device == sent[alarm].device;
        let heard = |i: &usize| {
            let (is_alarm, is_over) = (sent[*i].kind == "alarm", self.is_answered(*i));
            of_zone(i) && !self.record.is_bypassed(&sent[*i]) && (is_alarm || is_over)
        };
        let is_open = (0..alarm).rev().find(heard).is_some_and(|i| sent[i].kind == "alarm");
        let end = (alarm + 1..sent.len()).find(of_zone).filter(|i| sent[*i].kind == "restore" && !is_open);
        self.is_cause(alarm) || end.is_some_and(|end| self.is_cause(end))
    }

    fn answered(&mut self) {
        let mut found = Vec::new();
        for i in self.owed.iter().copied() {
            let sent = &self.record.sent[i];
            let Some(heard_us) = self.answered_us(i) else {
                found.push(Symptom::Missed(i));
                continue;
            };
            let is_late = self.waited_us(i).is_some_and(|waited| waited > LATE_US);
            if is_late && !self.record.is_disturbed(sent.at_us, heard_us) {
                found.push(Symptom::Late(i));
            }
        }
        found.extend(self.overtaken());
        self.symptoms.extend(found);
    }

    /// Messages whose answer came after the answer to a later one of their device.
    fn overtaken(&self) -> Vec<Symptom> {
        let mut soonest: BTreeMap<&str, usize> = BTreeMap::new();
        let mut found = Vec::new();
        for i in self.owed.iter().rev().copied() {
            let Some(heard) = self.answers[i].first().copied() else { continue };
            let soonest = soonest.entry(&self.record.sent[i].device).or_insert(usize::MAX);
            if *soonest < heard {
                found.push(Symptom::Overtaken(i));
            }
            *soonest = (*soonest).min(heard);
        }
        found
    }

    fn acknowledged(&mut self) {
        for (i, sent) in self.record.sent.iter().enumerate().filter(|(_, sent)| sent.qos > 0) {
            let ends = self.record.links.get(sent.link).map_or(0, |link| link.to_us);
            match sent.acked_us {
                Some(at) if at - sent.at_us > LATE_US && !self.record.is_disturbed(sent.at_us, at) => {
                    self.symptoms.push(Symptom::AcknowledgedLate(i));
                }
                None if ends - sent.at_us > ACK_PATIENCE_US => self.symptoms.push(Symptom::Unacknowledged(i)),
                _ => {}
            }
        }
    }

    fn wills(&mut self) {
        let offline = |heard: &Heard| heard.said.as_ref().is_some_and(|said| said.signal == "device_offline");
        let mut said: Vec<(usize, &Heard)> = self
            .record
            .heard
            .iter()
            .enumerate()
            .filter(|(_, heard)| offline(heard) && !heard.retained)
            .collect();
        for (l, link) in self.record.links.iter().enumerate().filter(|(_, link)| link.end == End::Broken) {
            let due = link.to_us..link.to_us + WILL_US;
            match said.iter().position(|(_, heard)| heard.topic == link.device && due.contains(&heard.at_us))
            {
                Some(place) => drop(said.remove(place)),
                None => self.symptoms.push(Symptom::WillMissing(l)),
            }
        }
        let again = |heard: &Heard| {
            let mut broken = self.record.links.iter().filter(|link| link.end == End::Broken);
            broken.any(|l| l.device == heard.topic && (l.to_us..l.to_us + WILL_US).contains(&heard.at_us))
        };
        let symptom =
            |(h, heard)| if again(heard) { Symptom::OfflineTwice(h) } else { Symptom::FalseOffline(h) };
        let found: Vec<Symptom> = said.into_iter().map(symptom).collect();
        self.symptoms.extend(found);
    }

    /// What the duty room hears of as an alarm, the city platform must hear of as well.
    fn forwarded(&mut self) {
        let Some(posts) = &self.record.forwarded else { return };
        let came: Vec<&Said> = posts.iter().filter_map(|post| post.said.as_ref()).collect();
        // What is said about when a process is killed may have been under way to the platform, and the next one says again what
        // the duty room lacks without knowing what became of it there.
        let lives = &self.record.lives;
        let killed = |at_us: i64| {
            let next = |i: usize| {
                lives.get(i + 1).map_or(i64::MAX, |life| life.from_us.saturating_add(UNDER_WAY_US))
            };
            let mut about = lives.iter().enumerate().map(|(i, life)| (life.to_us - UNDER_WAY_US)..=next(i));
            about.any(|about| about.contains(&at_us))
        };
        let heard = self.record.heard.iter().enumerate();
        let heard = heard.filter(|(_, heard)| !heard.retained && !killed(heard.at_us));
        let mut owed: Vec<(usize, &Said)> = Vec::new();
        for (h, said) in heard.filter_map(|(h, heard)| Some((h, heard.said.as_ref()?))) {
            // One that the duty room hears again is one alarm.
            if said.kind == "alarm" && !owed.iter().any(|(_, other)| *other == said) {
                owed.push((h, said));
            }
        }
        let lacking = owed.iter().filter(|(_, said)| !came.contains(said));
        self.symptoms.extend(lacking.map(|(h, _)| Symptom::NotForwarded(*h)).collect::<Vec<_>>());
    }

    fn memory(&mut self) {
        let Some(life) = self.record.lives.first() else { return };
        let within = |at: &i64| (life.from_us..life.to_us).contains(at);
        let sizes: Vec<u64> =
            self.record.memory.iter().filter(|(at, _)| within(at)).map(|(_, bytes)| *bytes).collect();
        let grown = sizes.last().zip(sizes.first()).map_or(0, |(last, first)| last.saturating_sub(*first));
        if grown > GROWTH {
            self.symptoms.push(Symptom::Grew(grown));
        }
    }
}

/// Whether an id stands in a text as a whole, and not as the beginning of another one.
fn holds(raw: &str, id: &str) -> bool {
    raw.contains(&format!("\"{id}\""))
}

/// How much an answer agrees with a message: id, time and signal weigh 3, kind, device and topic 1.
fn likeness(sent: &Sent, heard: &Heard, said: &Said) -> u32 {
    let wrong = wrong_fields(sent, heard, said);
    let weight = |field| match field {
        Field::Id | Field::Ts | Field::Signal => 3,
        Field::Device | Field::Topic | Field::Kind => 1,
        // Every answer of a gateway with a wrong clock has it wrong.
        Field::Clock => 0,
    };
    12 - wrong.map(weight).sum::<u32>()
}

/// The fields in which an answer differs from its message.
fn wrong_fields<'b>(
    sent: &'b Sent,
    heard: &'b Heard,
    said: &'b Said,
) -> impl Iterator<Item = Field> + use<'b> {
    let span = sent.wall_ms - CLOCK_MS..=heard.wall_ms + CLOCK_MS;
    [
        (Field::Id, said.id.as_deref() == Some(&sent.id)),
        (Field::Device, said.device.as_deref() == Some(&sent.device)),
        (Field::Topic, heard.topic == sent.device),
        (Field::Signal, said.signal == sent.signal),
        (Field::Kind, said.kind == sent.kind),
        (Field::Ts, said.ts == Some(sent.ts)),
        (Field::Clock, said.clock.is_none_or(|clock| span.contains(&clock))),
    ]
    .into_iter()
    .filter(|(_, right)| !right)
    .map(|(field, _)| field)
}
