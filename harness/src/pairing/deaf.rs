//! When the harness itself kept devices from hearing the gateway: in storms, behind faults on their lines, and while a fault
//! of their own has them start anew. What the gateway tells them then cannot come, or comes late, and that is not its doing.

use std::collections::BTreeMap;

use palisade_sim::words::DeviceIx;

use super::Outages;
use super::assumed::assumed;
use crate::record::{Afflicted, Befell, Micros, Storm};

/// Words of faults after which nothing passes any more until the device has a fresh connection.
const ENDS: [&str; 3] = ["cut", "reset", "half_open"];

/// Stretches in which devices could not hear, from and to, µs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deaf {
    by_device: BTreeMap<DeviceIx, Vec<(Micros, Micros)>>,
}

impl Deaf {
    /// What the journal tells of one part.
    pub fn of(
        (befell, afflicted, storms): (&[&Befell], &[&Afflicted], &[&Storm]),
        outages: &Outages,
    ) -> Deaf {
        let mut deaf = Deaf::default();
        for one in befell {
            let ends = ENDS.contains(&one.done.as_str());
            let until_us = match one.amount {
                _ if ends => outages.next_up(one.device, one.at_us).unwrap_or(Micros::MAX),
                _ if one.way != "down" => continue,
                Some(ns) if one.done == "held" => one.at_us + i64::try_from(ns / 1_000).unwrap_or(0),
                // A device that could not read what came makes a connection anew, or reads what comes next.
                _ => one.at_us + assumed().back_us(),
            };
            deaf.add(one.device, one.at_us, until_us);
        }
        for one in afflicted {
            if one.kind == "duplicate_id" {
                deaf.add(one.device, one.from_us, one.until_us.unwrap_or(Micros::MAX));
            }
            for (from, to) in &one.away {
                deaf.add(one.device, *from, outages.next_up(one.device, *to).unwrap_or(*to));
            }
        }
        for storm in storms {
            for kept in &storm.back {
                let back = outages.next_up(kept.device, kept.back_us);
                let until_us = back.unwrap_or(kept.back_us + assumed().back_us());
                deaf.add(kept.device, storm.at_us - assumed().under_way_us(), until_us);
            }
        }
        deaf
    }

    fn add(&mut self, device: DeviceIx, from_us: Micros, until_us: Micros) {
        self.by_device.entry(device).or_default().push((from_us, until_us));
    }

    /// Whether one of these devices could not hear at some instant between two.
    pub fn one_of(
        &self,
        devices: impl IntoIterator<Item = DeviceIx>,
        from_us: Micros,
        to_us: Micros,
    ) -> bool {
        let touches = |(from, until): &(Micros, Micros)| *from <= to_us && from_us <= *until;
        devices.into_iter().filter_map(|device| self.by_device.get(&device)).flatten().any(touches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Kept, Link};

    const ROOM: DeviceIx = DeviceIx(1);

    /// Whether the device, whose line was down from 5 s to 6 s, could not hear at these seconds.
    fn check(befell: &[&Befell], afflicted: &[&Afflicted], storms: &[&Storm], seconds: &[i64]) -> Vec<bool> {
        let link = |at_us, up| Link { at_us, part: "main".into(), device: ROOM, up };
        let outages = Outages::of(&[link(5_000_000, false), link(6_000_000, true)], |_| "room".into());
        let deaf = Deaf::of((befell, afflicted, storms), &outages);
        seconds.iter().map(|s| deaf.one_of([ROOM], s * 1_000_000, s * 1_000_000)).collect()
    }

    fn befell(done: &str, way: &str, amount: Option<u64>) -> Befell {
        let (part, way, done) = ("main".into(), way.into(), done.into());
        let (fault, device, line, connection, offset) = (1, ROOM, None, 0, 0);
        Befell { at_us: 5_000_000, part, fault, device, line, connection, way, offset, done, amount }
    }

    #[test]
    fn a_line_that_broke_is_deaf_until_it_is_made_anew() {
        assert_eq!(check(&[&befell("cut", "up", None)], &[], &[], &[4, 5, 6, 7]), [false, true, true, false]);
        // Nobody is told that nothing passes, so that it may never be made anew.
        let never = Befell { at_us: 7_000_000, ..befell("half_open", "down", None) };
        assert_eq!(check(&[&never], &[], &[], &[6, 7, 900]), [false, true, true]);
    }

    #[test]
    fn what_is_held_on_the_way_to_a_device_is_deaf_for_as_long_and_the_other_way_is_not() {
        let held = |way| befell("held", way, Some(3_000_000_000));
        assert_eq!(check(&[&held("down")], &[], &[], &[4, 5, 8, 9]), [false, true, true, false]);
        assert_eq!(check(&[&held("up")], &[], &[], &[4, 5, 8, 9]), [false; 4]);
        assert_eq!(check(&[&befell("flipped", "up", Some(3))], &[], &[], &[5]), [false]);
        assert_eq!(check(&[&befell("flipped", "down", Some(3))], &[], &[], &[5]), [true]);
    }

    #[test]
    fn a_storm_and_a_fault_of_its_own_keep_a_device_from_hearing_and_an_outage_alone_does_not() {
        let (part, cause) = ("main".to_owned(), "storm".to_owned());
        let back = vec![Kept { device: ROOM, back_us: 5_500_000 }];
        let storm = Storm { number: 1, part, at_us: 5_000_000, cause, back };
        assert_eq!(check(&[], &[], &[&storm], &[3, 5, 6, 7]), [false, true, true, false]);
        let reboots = Afflicted {
            number: 1,
            part: "main".into(),
            device: ROOM,
            kind: "reboot".into(),
            text: String::new(),
            from_us: 0,
            until_us: None,
            away: vec![(4_000_000, 5_500_000)],
        };
        assert_eq!(check(&[], &[&reboots], &[], &[3, 4, 6, 7]), [false, true, true, false]);
        // Whoever loses a device's line without a reason of ours answers for it.
        assert_eq!(check(&[], &[], &[], &[5, 6]), [false, false]);
    }
}
