//! What became of the messages and the connections.

use std::collections::BTreeMap;
use std::time::Duration;

use super::source::Nanos;
use super::trace::{Fate, Told};
use crate::series::Series;

/// Messages of one class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassTally {
    /// Written whole to a socket.
    pub left: u64,
    /// Acknowledged, of QoS 1 and 2.
    pub answered: u64,
    /// Acknowledged with a reason that says no (5.0).
    pub denied: u64,
    /// Left at QoS 1 or 2 and not acknowledged: the connection broke, or the patience ended.
    pub unanswered: u64,
    /// Not taken: their client had no room.
    pub refused: u64,
    /// Taken and still waiting when the plane ended.
    pub unsent: u64,
    /// Taken while their client had no connection: they waited in it.
    pub stored: u64,
    /// Times that one was written again, since its connection had broken without an answer.
    pub repeated: u64,
    /// Taken up by the plane minus intended: the plane's own part of the lateness.
    pub pickup: Series,
    /// Left minus intended: with what the connection and the window of unanswered messages held back.
    pub lateness: Series,
    /// Acknowledged minus left.
    pub service: Series,
    /// Acknowledged minus intended.
    pub response: Series,
}

impl ClassTally {
    /// Adds another thread's figures.
    pub fn merge(&mut self, other: &ClassTally) {
        self.left += other.left;
        self.answered += other.answered;
        self.denied += other.denied;
        self.unanswered += other.unanswered;
        self.refused += other.refused;
        self.unsent += other.unsent;
        self.stored += other.stored;
        self.repeated += other.repeated;
        self.pickup.merge(&other.pickup);
        self.lateness.merge(&other.lateness);
        self.service.merge(&other.service);
        self.response.merge(&other.response);
    }
}

/// Connections of all clients.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    /// Times that a connection stood.
    pub stood: u64,
    /// Times that one broke that the plane had not dropped itself.
    pub broke: u64,
    /// Times that the plane dropped one, in a storm.
    pub dropped: u64,
    /// Why they broke, with counts.
    pub reasons: BTreeMap<String, u64>,
    /// From the first call of `connect` after a loss, or after the start, to CONNACK.
    pub greeting: Series,
    /// From the loss of a connection to the next CONNACK, pauses included.
    pub absence: Series,
    /// From a CONNACK until the last message that had waited for it was acknowledged; at QoS 0, until it had left.
    pub drained: Series,
}

impl Links {
    fn merge(&mut self, other: &Links) {
        self.stood += other.stood;
        self.broke += other.broke;
        self.dropped += other.dropped;
        other.reasons.iter().for_each(|(why, n)| *self.reasons.entry(why.clone()).or_default() += n);
        self.greeting.merge(&other.greeting);
        self.absence.merge(&other.absence);
        self.drained.merge(&other.drained);
    }
}

/// What a plane did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Messages by class.
    pub classes: BTreeMap<u8, ClassTally>,
    /// Connections.
    pub links: Links,
    /// Calls of `write` that took bytes.
    pub writes: u64,
    /// How long the threads were ready to run and had no processor, all together, from the start on.
    pub waited: Duration,
    /// The nice value of the thread that the kernel prefers least; none when no thread has begun.
    pub nice: Option<i32>,
    /// From the start to the end of the last thread.
    pub lasted: Duration,
    /// What happened to messages with a tag and was not told yet.
    pub(super) told: Vec<Told>,
}

impl Outcome {
    pub(super) fn class(&mut self, class: u8) -> &mut ClassTally {
        self.classes.entry(class).or_default()
    }

    pub(super) fn left(&mut self, class: u8, due: Nanos, now: Nanos) {
        let tally = self.class(class);
        tally.left += 1;
        tally.lateness.take_ns(now.saturating_sub(due));
    }

    pub(super) fn tell(&mut self, tag: Option<u32>, fate: Fate, at: Nanos) {
        self.told.extend(tag.map(|tag| Told { tag, fate, at }));
    }

    /// Adds another thread's figures.
    pub fn merge(&mut self, other: &Outcome) {
        other.classes.iter().for_each(|(class, tally)| self.class(*class).merge(tally));
        self.links.merge(&other.links);
        self.writes += other.writes;
        self.waited += other.waited;
        self.nice = self.nice.max(other.nice);
        self.lasted = self.lasted.max(other.lasted);
    }

    /// The same with all classes as one, and nothing that is to be told.
    pub(super) fn in_one(&self) -> Outcome {
        Outcome {
            classes: BTreeMap::from([(0, self.all())]),
            links: self.links.clone(),
            told: Vec::new(),
            ..*self
        }
    }

    /// All classes together.
    pub fn all(&self) -> ClassTally {
        let mut all = ClassTally::default();
        self.classes.values().for_each(|tally| all.merge(tally));
        all
    }

    /// Why the plane could not keep its own schedule, when it could not: the caller marks the run invalid.
    pub fn too_late(&self, bound: Duration) -> Option<String> {
        let all = self.all();
        let p99 = Duration::from_micros(all.pickup.percentile_us(99.0)?);
        let waited = Duration::from_millis(self.waited.as_millis() as u64);
        let nice = match self.nice.unwrap_or_default() {
            nice @ ..0 => format!(" at nice {nice}"),
            _ => ", which this process may not prefer to others (CAP_SYS_NICE or `ulimit -e` would let it),"
                .into(),
        };
        let late = format!(
            "the load plane took up 1 % of its messages {p99:?} late or later; the bound is {bound:?}; its threads{nice} \
             waited {waited:?} for a processor"
        );
        let full = format!("{} messages were not sent: their clients had no room for them", all.refused);
        if p99 > bound { Some(late) } else { (all.refused > 0).then_some(full) }
    }
}
