//! How often a gateway may say that a device is gone, and until when: once for each time that it was.

use std::collections::{BTreeMap, BTreeSet};

use super::assumed::assumed;
use super::{Outages, Ways};
use crate::record::Micros;

/// How much earlier than the harness a gateway may notice that a connection is gone, µs.
const NOTICED_EARLIER_US: Micros = 2_000_000;

/// A stretch in which a gateway may well believe that a device is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Absence {
    /// Since when.
    pub(super) from_us: Micros,
    /// When the device was back; nothing when it never was.
    pub(super) until_us: Option<Micros>,
    /// Which of the device's connections a fault harmed; nothing when it is known by its outage alone.
    pub(super) connection: Option<u64>,
    /// Whether it came and went all the time, as a device does that shares its name with another one.
    pub(super) restless: bool,
}

impl Absence {
    fn lasts_at(&self, at_us: Micros) -> bool {
        let grace = assumed().offline_grace_us();
        self.from_us <= at_us + NOTICED_EARLIER_US && self.until_us.is_none_or(|until| at_us <= until + grace)
    }
}

/// What of one absence may still be said.
#[derive(Debug)]
struct Open {
    absence: Absence,
    /// Connections that were lost on the way back: each has a last will of its own.
    connections: BTreeSet<u64>,
    said: usize,
}

/// What gateways may still say about devices that went away.
#[derive(Debug, Default)]
pub(super) struct Absences(BTreeMap<String, Vec<Open>>);

impl Absences {
    /// An outage and the fault that caused it end together, and are one absence.
    pub(super) fn of(outages: &Outages, ways: &Ways) -> Absences {
        let mut all: BTreeMap<String, Vec<Open>> = BTreeMap::new();
        let told = ways.absences().iter().flat_map(|(name, all)| all.iter().map(move |one| (name, *one)));
        for (name, absence) in outages.absences().chain(told) {
            let of_device = all.entry(name.clone()).or_default();
            let same = |open: &&mut Open| {
                open.absence.until_us == absence.until_us && open.absence.restless == absence.restless
            };
            match of_device.iter_mut().find(same) {
                Some(open) => {
                    open.absence.from_us = open.absence.from_us.min(absence.from_us);
                    open.connections.extend(absence.connection);
                }
                None => {
                    let connections = absence.connection.into_iter().collect();
                    of_device.push(Open { absence, connections, said: 0 });
                }
            }
        }
        all.values_mut().for_each(|all| all.sort_by_key(|open| open.absence.from_us));
        Absences(all)
    }

    /// Whether it is true that the device went away, and was not said as often as it was true. A gateway that was
    /// restarted meanwhile finds out anew.
    pub(super) fn explain(&mut self, device: &str, at_us: Micros, ways: &Ways) -> bool {
        let of_device = self.0.get_mut(device).into_iter().flatten();
        let mut open = of_device.filter(|open| {
            let of = &open.absence;
            let restarts = ways.restarts_within(of.from_us, at_us);
            of.lasts_at(at_us) && (of.restless || open.said < open.connections.len().max(1) + restarts)
        });
        let found = open.next();
        found.map(|open| open.said += 1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use palisade_sim::words::DeviceIx;

    use super::*;
    use crate::record::Link;

    const GRACE: Micros = 10_000_000;

    fn link(at_us: Micros, up: bool) -> Link {
        Link { at_us, part: "main".into(), device: DeviceIx(1), up }
    }

    /// Which of these words about the device are true.
    fn check(links: &[Link], words: &[Micros]) -> Vec<bool> {
        let outages = Outages::of(links, |_| "beam".into());
        let ways = Ways::default();
        let mut absences = Absences::of(&outages, &ways);
        words.iter().map(|at| absences.explain("beam", *at, &ways)).collect()
    }

    #[test]
    fn an_outage_is_said_once_and_until_some_time_after_its_end() {
        assert_eq!(assumed().offline_grace_us(), GRACE, "the instants below are those of the shipped figure");
        let outage = [link(20_000_000, false), link(21_000_000, true)];
        assert_eq!(check(&outage, &[20_500_000]), [true]);
        assert_eq!(check(&outage, &[20_500_000, 20_600_000]), [true, false], "once");
        assert_eq!(check(&outage, &[18_000_001]), [true], "noticed before the device noticed");
        assert_eq!(check(&outage, &[17_999_999]), [false], "before it");
        assert_eq!(check(&outage, &[21_000_000 + GRACE]), [true]);
        assert_eq!(check(&outage, &[21_000_001 + GRACE]), [false], "long after it");
    }

    #[test]
    fn each_outage_has_its_word_and_one_that_never_ends_has_one() {
        let two = [
            link(20_000_000, false),
            link(21_000_000, true),
            link(23_000_000, false),
            link(24_000_000, true),
        ];
        assert_eq!(check(&two, &[20_500_000, 23_500_000, 23_600_000]), [true, true, false]);
        assert_eq!(check(&[link(20_000_000, false)], &[900_000_000, 900_000_001]), [true, false]);
        assert_eq!(check(&[], &[20_000_000]), [false]);
    }
}
