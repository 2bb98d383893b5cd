//! What the proxy sees of the lines of copies. Thousands of them speak, so that it is kept in memory and asked for at the
//! end, and no line of the journal tells it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use palisade_load::codec::Publish;
use palisade_sim::words::{DeviceIx, StimulusId};

use crate::record::{Micros, digest};
use crate::wire::id::read_copy;

/// What is held so soon after something else was, µs, belongs to it.
const TOGETHER_US: Micros = 100_000;

/// The line of a device of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// Which copy, from 1.
    pub copy: u32,
    /// Its device, as the compound has it.
    pub device: DeviceIx,
}

/// What a fault did on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Befallen {
    /// When.
    pub at_us: Micros,
    /// The fault, by its place in the file, from 1.
    pub fault: usize,
    /// How long it held bytes; nothing when it did anything else to them, or to the connection.
    pub held_ns: Option<u64>,
}

/// An event left the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// When.
    pub at_us: Micros,
    /// [`event_digest`] of it as it passed.
    pub digest: u64,
}

/// All that was seen. Instants are those of the run's clock.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// Events, by copy and stimulus of the id that they carried: how each came first.
    pub passed: HashMap<(u32, StimulusId), Passage>,
    /// The same of those that came again, in order.
    pub passed_again: HashMap<(u32, StimulusId), Vec<Passage>>,
    /// What faults did, in order.
    pub befallen: HashMap<Line, Vec<Befallen>>,
    /// When the gateway had taken a connection, in order.
    pub stood: HashMap<Line, Vec<Micros>>,
    /// Ids that events carried and that name nothing of a copy.
    pub made: HashSet<String>,
}

/// What an event is compared by.
pub fn event_digest(topic: &str, payload: &[u8]) -> u64 {
    digest(&[topic.as_bytes(), payload].join(&0))
}

fn us(ns: u64) -> Micros {
    Micros::try_from(ns / 1_000).unwrap_or(Micros::MAX / 2)
}

impl Lines {
    pub(super) fn passed(&mut self, run: &str, at_us: Micros, id: &str, publish: &Publish<'_>) {
        match read_copy(run, id) {
            Some((copy, Some(stimulus))) => {
                let passage = Passage { at_us, digest: event_digest(publish.topic, publish.payload) };
                match self.passed.entry((copy, stimulus)) {
                    Entry::Vacant(first) => _ = first.insert(passage),
                    Entry::Occupied(_) => {
                        self.passed_again.entry((copy, stimulus)).or_default().push(passage);
                    }
                }
            }
            _ => {
                self.made.insert(id.to_owned());
            }
        }
    }

    /// Whether an event came to the gateway with this id.
    pub(super) fn came(&self, run: &str, id: &str) -> bool {
        let known =
            |(copy, stimulus): (u32, Option<StimulusId>)| Some(self.passed.contains_key(&(copy, stimulus?)));
        self.made.contains(id) || read_copy(run, id).and_then(known).unwrap_or(false)
    }

    pub(super) fn befell(&mut self, line: Line, what: Befallen) {
        let all = self.befallen.entry(line).or_default();
        let held = all.last_mut().zip(what.held_ns).and_then(|(last, ns)| {
            let (until_us, more_us) = (last.at_us + us(last.held_ns?), what.at_us + us(ns));
            let together = last.fault == what.fault && what.at_us <= until_us + TOGETHER_US;
            together.then_some((last, more_us.max(until_us)))
        });
        match held {
            Some((last, until_us)) => last.held_ns = Some((until_us - last.at_us).unsigned_abs() * 1_000),
            None => all.push(what),
        }
    }

    pub(super) fn stands(&mut self, line: Line, at_us: Micros) {
        self.stood.entry(line).or_default().push(at_us);
    }
}

#[cfg(test)]
mod tests {
    use palisade_load::codec::{Many, QoS};

    use super::*;

    const LINE: Line = Line { copy: 2, device: DeviceIx(4) };

    #[test]
    fn events_are_kept_by_the_id_that_they_carry_and_ids_of_nobody_apart() {
        let mut lines = Lines::default();
        let mut pass = |at_us, id: &str, topic: &str, payload: &[u8]| {
            let (dup, retain, qos, packet_id) = (false, false, QoS::AtLeastOnce, 1);
            let publish = Publish { dup, qos, retain, topic, packet_id, properties: Many::NONE, payload };
            lines.passed("r", at_us, id, &publish);
        };
        pass(5, "rc2-7", "t", b"whole");
        pass(6, "rc2-7", "t", b"whoLe");
        pass(7, "rc2-7", "u", b"whole");
        pass(8, "rc2-x", "t", b"whole");
        pass(9, "r-7", "t", b"whole");
        let key = (2, StimulusId(7));
        let first = Passage { at_us: 5, digest: event_digest("t", b"whole") };
        assert_eq!((lines.passed.len(), lines.passed.get(&key)), (1, Some(&first)));
        let again = &lines.passed_again[&key];
        assert_eq!(again.iter().map(|one| one.at_us).collect::<Vec<_>>(), [6, 7]);
        assert!(again.iter().all(|one| one.digest != first.digest), "payload and topic are compared");
        assert_eq!(lines.made, HashSet::from(["rc2-x".to_owned(), "r-7".to_owned()]));
        let came = |id| lines.came("r", id);
        assert!(came("rc2-7") && came("rc2-x") && !came("rc2-8") && !came("rc2-y"));
    }

    #[test]
    fn what_is_held_together_is_kept_once_and_nothing_else_is_merged() {
        let mut lines = Lines::default();
        let ms = |ms: u64| Some(ms * 1_000_000);
        for (at_ms, fault, held_ns) in [
            (0, 1, ms(50)),
            (120, 1, ms(50)),
            (130, 1, ms(5)),
            (300, 1, ms(50)),
            (310, 2, ms(50)),
            (320, 2, None),
            (330, 2, ms(1)),
        ] {
            lines.befell(LINE, Befallen { at_us: at_ms * 1_000, fault, held_ns });
        }
        let kept: Vec<_> =
            lines.befallen[&LINE].iter().map(|one| (one.at_us / 1_000, one.fault, one.held_ns)).collect();
        assert_eq!(
            kept,
            [(0, 1, ms(170)), (300, 1, ms(50)), (310, 2, ms(50)), (320, 2, None), (330, 2, ms(1))]
        );
    }
}
