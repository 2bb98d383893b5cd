//! What the proxy sees of the lines of copies. Thousands of them speak, so that it is kept in memory and asked for at the
//! end, and no line of the journal tells it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use palisade_sim::words::{DeviceIx, StimulusId};

use crate::record::{Micros, digest};
use crate::wire::id::read_copy;

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
    /// On which connection, by its number.
    pub connection: u64,
    /// The fault, by its place in the file, from 1.
    pub fault: usize,
    /// How long it held bytes, the last time, too; nothing when it did anything else to them, or to the connection.
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

/// All that is known. Instants are those of the run's clock.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// What was seen to come.
    pub came: Came,
    /// What faults did on each line, in order.
    pub befallen: HashMap<Line, Vec<Befallen>>,
}

/// What the proxy's threads saw.
#[derive(Clone, Debug, Default)]
pub struct Came {
    /// Events, by copy and stimulus of the id that they carried: how each came first.
    pub passed: HashMap<(u32, StimulusId), Passage>,
    /// The same of those that came again, in order.
    pub passed_again: HashMap<(u32, StimulusId), Vec<Passage>>,
    /// When the gateway had taken a connection, and its number, in order.
    pub stood: HashMap<Line, Vec<(Micros, u64)>>,
    /// Ids that events carried and that name nothing of a copy.
    pub made: HashSet<String>,
}

/// What an event is compared by.
pub fn event_digest(topic: &str, payload: &[u8]) -> u64 {
    digest(&[topic.as_bytes(), payload].join(&0))
}

fn us(ns: u64) -> Micros {
    Micros::try_from(ns.div_ceil(1_000)).unwrap_or(Micros::MAX / 2)
}

impl Came {
    pub(super) fn passed(&mut self, run: &str, id: &str, passage: Passage) {
        match read_copy(run, id) {
            Some((copy, Some(stimulus))) => match self.passed.entry((copy, stimulus)) {
                Entry::Vacant(first) => _ = first.insert(passage),
                Entry::Occupied(_) => {
                    self.passed_again.entry((copy, stimulus)).or_default().push(passage);
                }
            },
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

    pub(super) fn stands(&mut self, line: Line, connection: (Micros, u64)) {
        self.stood.entry(line).or_default().push(connection);
    }

    /// When a device had a fresh connection after something befell the one that it had: what harmed a greeting is not over
    /// when that is answered.
    pub fn fresh_us(&self, line: Line, befallen: &Befallen) -> Option<Micros> {
        let stood = self.stood.get(&line)?;
        let fresh =
            |(at_us, number): &&(Micros, u64)| *at_us > befallen.at_us && *number > befallen.connection;
        stood.iter().find(fresh).map(|(at_us, _)| *at_us)
    }
}

/// Adds what a fault did on a line to what befell it before. Chunks that one fault held are kept as one stretch, from the
/// first to the last: there may be millions of them, and how long an event was on its way is known from when it came.
pub(super) fn befell(all: &mut Vec<Befallen>, what: Befallen) {
    let same = |one: &&mut Befallen| one.fault == what.fault && one.held_ns.is_some();
    match what.held_ns.and_then(|ns| Some((ns, all.iter_mut().find(same)?))) {
        Some((ns, held)) => {
            let until_us = what.at_us + us(ns);
            let held_ns = (until_us - held.at_us).max(0).unsigned_abs() * 1_000;
            held.held_ns = held.held_ns.max(Some(held_ns));
        }
        None => all.push(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_kept_by_the_id_that_they_carry_and_ids_of_nobody_apart() {
        let mut lines = Came::default();
        let mut pass = |at_us, id: &str, topic: &str, payload: &[u8]| {
            lines.passed("r", id, Passage { at_us, digest: event_digest(topic, payload) });
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
    fn a_harm_lasts_until_the_next_connection_stands_and_not_its_own() {
        let (mut came, line) = (Came::default(), Line { copy: 1, device: DeviceIx(0) });
        for stood in [(10, 3), (40, 7), (90, 8)] {
            came.stands(line, stood);
        }
        let fresh =
            |at_us, connection| came.fresh_us(line, &Befallen { at_us, connection, fault: 1, held_ns: None });
        assert_eq!([fresh(5, 3), fresh(20, 3), fresh(35, 7)], [Some(40), Some(40), Some(90)]);
        assert_eq!([fresh(95, 7), fresh(50, 8)], [None, None]);
    }

    #[test]
    fn what_a_fault_held_is_one_stretch_and_nothing_else_is_merged() {
        let mut all = Vec::new();
        let ms = |ms: u64| Some(ms * 1_000_000);
        for (at_ms, fault, held_ns) in [
            (0, 1, ms(50)),
            (120, 1, ms(50)),
            (130, 1, ms(5)),
            (140, 1, None),
            (300, 1, ms(50)),
            (310, 2, ms(50)),
            (320, 2, None),
            (330, 2, ms(1)),
        ] {
            befell(&mut all, Befallen { at_us: at_ms * 1_000, connection: 0, fault, held_ns });
        }
        let kept: Vec<_> = all.iter().map(|one| (one.at_us / 1_000, one.fault, one.held_ns)).collect();
        assert_eq!(kept, [(0, 1, ms(350)), (140, 1, None), (310, 2, ms(50)), (320, 2, None)]);
    }
}
