//! What faults of devices make of a plan: what is never said, what is said again, and in which form.

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::words::{DeviceIx, StimulusId};
use serde_json::Value;

use super::device::{Ail, Ailing};
use crate::record::Micros;
use crate::schedule::{Plan, Send, What};

/// A message of the tape that a device does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// The message.
    pub stimulus: StimulusId,
    /// The device.
    pub device: DeviceIx,
    /// When it was due, µs after the plan's start.
    pub at_us: Micros,
    /// The device's fault, by its place in the file, from 1.
    pub fault: usize,
}

/// All devices that do something wrong in a part of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Afflicted {
    ailing: BTreeMap<DeviceIx, Vec<Ailing>>,
}

impl Afflicted {
    /// These devices.
    pub fn new(ailing: Vec<Ailing>) -> Afflicted {
        let mut all = Afflicted::default();
        for one in ailing {
            all.ailing.entry(one.device).or_default().push(one);
        }
        all
    }

    /// Each device's faults.
    pub fn all(&self) -> impl Iterator<Item = &Ailing> {
        self.ailing.values().flatten()
    }

    fn at(&self, device: DeviceIx, at_us: Micros) -> impl Iterator<Item = &Ailing> {
        self.ailing.get(&device).into_iter().flatten().filter(move |one| one.holds(at_us))
    }

    /// The plan as those devices carry it out, and what they do not say.
    pub fn plan(&self, plan: &Plan) -> (Plan, Vec<Unsaid>) {
        let (mut sends, mut unsaid, mut again) = (Vec::new(), Vec::new(), 0);
        let mut stuck: BTreeSet<(DeviceIx, usize)> = BTreeSet::new();
        for send in &plan.sends {
            match (self.keeps(*send, plan.ends_us, &mut stuck), send.what) {
                (None, _) => sends.push(*send),
                (Some(fault), What::Stimulus(stimulus)) => {
                    unsaid.push(Unsaid { stimulus, device: send.device, at_us: send.at_us, fault });
                    continue;
                }
                (Some(_), _) => continue,
            }
            let What::Stimulus(of) = send.what else { continue };
            let chatter = self.at(send.device, send.at_us).find_map(|one| match one.ail {
                Ail::Chatter { times, every } => Some((times, every.0.0 * 1_000)),
                _ => None,
            });
            let (times, every_us) = chatter.unwrap_or_default();
            for round in 1..=i64::from(times) {
                let at_us = send.at_us + round * every_us;
                if at_us < plan.ends_us {
                    sends.push(Send { at_us, device: send.device, what: What::Again { of, number: again } });
                    again += 1;
                }
            }
        }
        sends.sort_unstable();
        (Plan { sends, ..plan.clone() }, unsaid)
    }

    /// The fault because of which a device keeps a message to itself.
    fn keeps(&self, send: Send, ends_us: Micros, stuck: &mut BTreeSet<(DeviceIx, usize)>) -> Option<usize> {
        let (device, at_us) = (send.device, send.at_us);
        for one in self.at(device, at_us) {
            let keeps = match one.ail {
                Ail::Silent => true,
                // The first thing in its time is said, and it stays so.
                Ail::Stuck => matches!(send.what, What::Stimulus(_)) && !stuck.insert((device, one.number)),
                Ail::Reboot { .. } => {
                    one.away(ends_us).iter().any(|(from, to)| (*from..*to).contains(&at_us))
                }
                _ => false,
            };
            if keeps {
                return Some(one.number);
            }
        }
        None
    }

    /// Whether the contract still speaks of what a device says at an instant.
    pub fn is_owed(&self, device: DeviceIx, at_us: Micros) -> bool {
        !self.at(device, at_us).any(|one| matches!(one.ail, Ail::OldFirmware { .. }))
    }

    /// By how much a device's clock is ahead at an instant, ms.
    pub fn clock_ms(&self, device: DeviceIx, at_us: Micros) -> i64 {
        let offsets = self.at(device, at_us).map(|one| match one.ail {
            Ail::Clock { ahead, behind } => ahead.map_or(0, |t| t.0.0) - behind.map_or(0, |t| t.0.0),
            _ => 0,
        });
        offsets.sum()
    }

    /// An event as a device's firmware writes it at an instant.
    pub fn payload(&self, device: DeviceIx, at_us: Micros, payload: String) -> String {
        let lacks: Vec<&String> = self
            .at(device, at_us)
            .filter_map(|one| if let Ail::OldFirmware { without } = &one.ail { Some(without) } else { None })
            .flatten()
            .collect();
        match serde_json::from_str::<Value>(&payload) {
            Ok(Value::Object(mut event)) if !lacks.is_empty() => {
                lacks.into_iter().for_each(|field| drop(event.remove(field)));
                Value::Object(event).to_string()
            }
            _ => payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use palisade_sim::model::scenario::Duration;

    use super::*;

    const SECOND: Micros = 1_000_000;

    fn ailing(device: u32, ail: Ail, from_s: i64, until_s: i64) -> Ailing {
        let (from_us, until_us) = (from_s * SECOND, until_s * SECOND);
        Ailing { device: DeviceIx(device), number: 1, ail, from_us, until_us }
    }

    /// Two devices that say something each second, and are alive at half past.
    fn plan() -> Plan {
        let mut sends = Vec::new();
        for second in 0..10_u32 {
            for device in 0..2 {
                let (device, at_us) = (DeviceIx(device), i64::from(second) * SECOND);
                let what = What::Stimulus(StimulusId(second * 2 + device.0));
                sends.push(Send { at_us, device, what });
                sends.push(Send {
                    at_us: at_us + SECOND / 2,
                    device,
                    what: What::Heartbeat(u64::from(second)),
                });
            }
        }
        sends.sort_unstable();
        Plan { windows: Vec::new(), sends, ends_us: 10 * SECOND }
    }

    /// What of device 1 is still said: messages by second, heartbeats, repetitions; and what is not.
    fn check(ail: Ail, said: &[i64], beats: usize, again: usize, unsaid: usize) {
        let afflicted = Afflicted::new(vec![ailing(1, ail.clone(), 2, 6)]);
        let (plan, kept) = afflicted.plan(&plan());
        let of = |what: fn(&What) -> bool| {
            let mine = plan.sends.iter().filter(move |s| s.device == DeviceIx(1) && what(&s.what));
            mine.map(|s| s.at_us / SECOND).collect::<Vec<_>>()
        };
        assert_eq!(of(|what| matches!(what, What::Stimulus(_))), said, "{ail:?}");
        assert_eq!(of(|what| matches!(what, What::Heartbeat(_))).len(), beats, "{ail:?}");
        assert_eq!(of(|what| matches!(what, What::Again { .. })).len(), again, "{ail:?}");
        assert_eq!(kept.len(), unsaid, "{ail:?}");
        let other = plan.sends.iter().filter(|s| s.device == DeviceIx(0)).count();
        assert_eq!(other, 20, "{ail:?} befalls its device only");
    }

    #[test]
    fn each_fault_keeps_or_repeats_what_it_says() {
        let seconds = |s: f64| Duration::seconds(s);
        let all: Vec<i64> = (0..10).collect();
        check(Ail::Silent, &[0, 1, 6, 7, 8, 9], 6, 0, 4);
        check(Ail::Stuck, &[0, 1, 2, 6, 7, 8, 9], 10, 0, 3);
        check(Ail::Chatter { times: 3, every: seconds(0.1) }, &all, 10, 12, 0);
        check(Ail::Reboot { every: seconds(2.0), down: seconds(1.2) }, &[0, 1, 2, 3, 6, 7, 8, 9], 9, 0, 2);
        check(Ail::DuplicateId, &all, 10, 0, 0);
        check(Ail::OldFirmware { without: vec!["id".into()] }, &all, 10, 0, 0);
        check(Ail::Clock { ahead: None, behind: Some(seconds(60.0)) }, &all, 10, 0, 0);
    }

    #[test]
    fn firmware_and_clock_change_what_is_said_while_they_last() {
        let old = Ail::OldFirmware { without: vec!["id".into(), "kind".into()] };
        let slow = Ail::Clock { ahead: None, behind: Some(Duration::seconds(60.0)) };
        let afflicted = Afflicted::new(vec![ailing(1, old, 2, 6), ailing(0, slow, 2, 6)]);
        let event = r#"{"id":"r-1","kind":"alarm","signal":"beam_broken"}"#;
        let at = |device, second| afflicted.payload(DeviceIx(device), second * SECOND, event.to_owned());
        assert_eq!(at(1, 3), r#"{"signal":"beam_broken"}"#);
        assert_eq!((at(1, 7).as_str(), at(0, 3).as_str()), (event, event));
        assert!(!afflicted.is_owed(DeviceIx(1), 3 * SECOND) && afflicted.is_owed(DeviceIx(1), 7 * SECOND));
        let clock = |device, second| afflicted.clock_ms(DeviceIx(device), second * SECOND);
        assert_eq!((clock(0, 3), clock(0, 7), clock(1, 3)), (-60_000, 0, 0));
    }
}
