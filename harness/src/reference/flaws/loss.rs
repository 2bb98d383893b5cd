//! Defects that lose messages.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use palisade_sim::words::Dice;

use super::{Arrival, Flaw, InOrder, Loses, Saying, hit, millis};

/// Messages of one device within [`CHATTER_FOR`] that make it a chattering one.
const CHATTER: usize = 6;
const CHATTER_FOR: Duration = Duration::from_millis(300);
/// Alarms that follow each other within this time belong to one flood.
const FLOOD: Duration = Duration::from_millis(100);
/// Packet ids that are remembered of each device.
const PACKET_IDS: usize = 64;

pub(super) fn make(id: &str, strength: f64, dice: Dice) -> Option<Vec<Flaw>> {
    let count = strength as usize;
    let loses: Loses = match id {
        "lost-at-random" => Box::new(move |a| hit(dice, a, "lost", strength)),
        "every-nth-lost" => every_nth(count),
        "zone-deaf" => nth(count, |a| Some(&a.device)),
        "class-deaf" => nth(count, |a| Some(&a.class)),
        "signal-deaf" => nth(count, |a| (a.kind != "restore").then_some(&a.signal)),
        "restores-lost" => Box::new(|a| a.kind == "restore"),
        "alarms-only" => Box::new(|a| a.kind == "info" || a.kind == "warning"),
        "flood-second-lost" => flood_second(millis(strength)),
        "flood-tail-lost" => flood_tail(count),
        "after-idle-lost" => after_idle(millis(strength)),
        "deaf-after-count" => deaf_after(count),
        "device-rate-limited" => once_in(millis(strength), |a| a.device.clone()),
        "repeat-suppressed" => once_in(millis(strength), |a| format!("{}/{}", a.device, a.signal)),
        "same-instant-merged" => same_instant(),
        "collision-lost" => collision(count),
        "oversize-lost" => Box::new(move |a| a.bytes > count),
        "reconnect-lost" => Box::new(move |a| a.since_return.is_some_and(|since| since < millis(strength))),
        "qos-0-lost" => Box::new(|a| a.qos == 0),
        "dup-flag-lost" => Box::new(|a| a.dup),
        "packet-id-lost" => packet_id(),
        "old-lost" => Box::new(move |a| (a.now_ms - a.ts) as f64 > strength * 1000.0),
        "queue-of-one" => return Some(vec![queue_of_one(millis(strength))]),
        "absence-lost" => return Some(vec![Flaw::Switch(|switches, _| switches.forgets_sessions = true)]),
        "not-stored" => {
            return Some(vec![Flaw::Switch(|switches, ms| switches.stores_after = millis(ms))]);
        }
        _ => return None,
    };
    Some(vec![Flaw::Loses(loses)])
}

fn every_nth(n: usize) -> Loses {
    let mut count = 0;
    Box::new(move |_| {
        count += 1;
        count % n.max(1) == 0
    })
}

/// Whatever has the n-th name, in the order in which names are first heard.
fn nth(n: usize, of: fn(&Arrival) -> Option<&String>) -> Loses {
    let mut names = InOrder::default();
    Box::new(move |arrival| of(arrival).is_some_and(|name| names.place(name) == n))
}

/// Alarms of one flood follow each other within `gap`; the second one goes.
fn flood_second(gap: Duration) -> Loses {
    let mut last: Option<Duration> = None;
    let mut count = 0;
    Box::new(move |arrival| {
        if arrival.kind != "alarm" {
            return false;
        }
        let goes_on = last.is_some_and(|last| arrival.at - last <= gap);
        count = if goes_on { count + 1 } else { 1 };
        last = Some(arrival.at);
        count == 2
    })
}

fn flood_tail(room: usize) -> Loses {
    let mut last: Option<Duration> = None;
    let mut count = 0;
    Box::new(move |arrival| {
        if arrival.kind != "alarm" {
            return false;
        }
        let goes_on = last.is_some_and(|last| arrival.at - last <= FLOOD);
        count = if goes_on { count + 1 } else { 1 };
        last = Some(arrival.at);
        count > room
    })
}

fn after_idle(idle: Duration) -> Loses {
    let mut last: Option<Duration> = None;
    Box::new(move |arrival| last.replace(arrival.at).is_some_and(|last| arrival.at - last >= idle))
}

fn deaf_after(count: usize) -> Loses {
    let mut heard = 0;
    Box::new(move |_| {
        heard += 1;
        heard > count
    })
}

/// One message of a key passes within `window`; the window begins with the one that passed.
fn once_in(window: Duration, key: fn(&Arrival) -> String) -> Loses {
    let mut passed: BTreeMap<String, Duration> = BTreeMap::new();
    Box::new(move |arrival| {
        let key = key(arrival);
        let lost = passed.get(&key).is_some_and(|at| arrival.at - *at < window);
        if !lost {
            passed.insert(key, arrival.at);
        }
        lost
    })
}

fn same_instant() -> Loses {
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    Box::new(move |arrival| last.insert(arrival.device.clone(), arrival.ts) == Some(arrival.ts))
}

/// The n-th device is not heard while another one chatters.
fn collision(n: usize) -> Loses {
    let mut names = InOrder::default();
    let mut recent: VecDeque<(Duration, String)> = VecDeque::new();
    Box::new(move |arrival| {
        let place = names.place(&arrival.device);
        recent.push_back((arrival.at, arrival.device.clone()));
        while recent.front().is_some_and(|(at, _)| arrival.at - *at > CHATTER_FOR) {
            recent.pop_front();
        }
        let mut said: BTreeMap<&str, usize> = BTreeMap::new();
        recent.iter().for_each(|(_, device)| *said.entry(device).or_default() += 1);
        let chatters = said.iter().any(|(device, count)| *count >= CHATTER && *device != arrival.device);
        place == n && chatters
    })
}

fn packet_id() -> Loses {
    let mut used: BTreeMap<String, VecDeque<u16>> = BTreeMap::new();
    Box::new(move |arrival| {
        if arrival.qos == 0 {
            return false;
        }
        let used = used.entry(arrival.device.clone()).or_default();
        let known = used.contains(&arrival.packet_id);
        if used.len() == PACKET_IDS {
            used.pop_front();
        }
        used.push_back(arrival.packet_id);
        known
    })
}

/// A message waits, and one of the same device that comes meanwhile takes its place.
fn queue_of_one(wait: Duration) -> Flaw {
    Flaw::Says(Box::new(move |_, saying| {
        vec![Saying { after: saying.after + wait, replaces: true, ..saying }]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64, device: &str, signal: &str, kind: &str) -> Arrival {
        let [device, signal, kind] = [device, signal, kind].map(str::to_owned);
        Arrival { at: Duration::from_millis(ms), device, signal, kind, ..Arrival::default() }
    }

    /// Which of the messages are lost, by their place.
    fn lost(id: &str, strength: f64, messages: &[Arrival]) -> Vec<usize> {
        let mut flaws = make(id, strength, Dice::new(1)).unwrap_or_default();
        let Some(Flaw::Loses(loses)) = flaws.first_mut() else { return vec![usize::MAX] };
        (0..messages.len()).filter(|i| loses(&messages[*i])).collect()
    }

    #[test]
    fn what_is_lost_follows_from_the_messages() {
        let flood: Vec<Arrival> =
            (0..8).map(|i| at(1000 + i * 10, &format!("d{i}"), "beam_broken", "alarm")).collect();
        assert_eq!(lost("flood-second-lost", 50.0, &flood), [1]);
        assert_eq!(lost("flood-tail-lost", 5.0, &flood), [5, 6, 7]);
        assert_eq!(lost("every-nth-lost", 3.0, &flood), [2, 5]);
        assert_eq!(lost("zone-deaf", 4.0, &flood), [3]);
        assert_eq!(lost("deaf-after-count", 6.0, &flood), [6, 7]);
        assert!(lost("restores-lost", 0.0, &flood).is_empty());
        let chatter: Vec<Arrival> = (0..9)
            .map(|i| at(i * 10, "loud", "x", "info"))
            .chain([at(95, "quiet", "y", "info"), at(900, "quiet", "y", "info")])
            .collect();
        assert_eq!(lost("collision-lost", 2.0, &chatter), [9]);
        assert_eq!(lost("after-idle-lost", 500.0, &chatter), [10]);
        let repeats = [at(0, "d", "x", "info"), at(200, "d", "x", "info"), at(300, "d", "y", "info")];
        assert_eq!(lost("repeat-suppressed", 250.0, &repeats), [1]);
        assert_eq!(lost("device-rate-limited", 250.0, &repeats), [1]);
        assert_eq!(lost("same-instant-merged", 0.0, &repeats), [1, 2]);
    }

    #[test]
    fn a_packet_id_that_comes_again_is_taken_for_a_repetition() {
        let with = |packet_id| Arrival { qos: 1, packet_id, ..at(0, "d", "x", "info") };
        assert_eq!(lost("packet-id-lost", 0.0, &[with(1), with(2), with(1), with(3)]), [2]);
    }
}
