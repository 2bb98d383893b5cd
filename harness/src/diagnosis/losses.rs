//! Explainers of messages that were never answered.
//!
//! Each states which messages would be lost, by what can be seen of them; it holds when these were lost and no others of
//! that description passed.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Case, Symptom};
use super::{DEFECT, EXCEPTION, Explanation, UNEXPLAINED, chance, choice};

/// Alarms that follow each other within this time are one flood, µs.
const FLOOD_US: i64 = 100_000;
/// Messages of one device within [`CHATTER_US`] that make it a chattering one.
const CHATTER: usize = 6;
const CHATTER_US: i64 = 300_000;
/// The fewest losses that make a rule.
const FEWEST: usize = 2;
/// The fewest losses that are called chance.
const FEWEST_BY_CHANCE: usize = 5;

type Test<'t> = &'t dyn Fn(usize) -> bool;
type Key<'t> = &'t dyn Fn(usize) -> Option<String>;
type Feature<'t> = &'t dyn Fn(usize) -> Option<i64>;

pub(super) fn all(case: &Case<'_>) -> Vec<Explanation> {
    let missed = case.places(|symptom| matches!(symptom, Symptom::Missed(_)));
    if missed.is_empty() {
        return Vec::new();
    }
    let lost = Lost::of(case, missed);
    let found =
        [lost.by_kind(), lost.by_group(), lost.by_gap(), lost.by_flood(), lost.by_size(), lost.by_link()];
    let mut found: Vec<Explanation> = found.into_iter().flatten().collect();
    found.extend(lost.every_nth());
    found.extend(lost.by_chance());
    found
}

/// Whether so many that were lost make a rule beside so many that passed all the same.
fn is_rule(lost: usize, passed: usize) -> bool {
    lost >= FEWEST && passed * 10 <= lost
}

struct Lost<'a> {
    case: &'a Case<'a>,
    /// Of each lost message, the place of its symptom.
    missed: BTreeMap<usize, usize>,
}

impl<'a> Lost<'a> {
    fn of(case: &'a Case<'a>, places: Vec<usize>) -> Lost<'a> {
        let missed = places.into_iter().filter_map(|place| match case.symptoms[place] {
            Symptom::Missed(sent) => Some((sent, place)),
            _ => None,
        });
        Lost { case, missed: missed.collect() }
    }

    fn sent(&self, i: usize) -> &super::record::Sent {
        &self.case.record.sent[i]
    }

    /// A rule whose messages are lost: which of them were, and how many passed all the same.
    fn rule(&self, id: &'static str, why: &str, choices: usize, test: Test<'_>) -> Option<Explanation> {
        let (lost, passed): (Vec<usize>, Vec<usize>) =
            self.case.owed.iter().copied().filter(|i| test(*i)).partition(|i| self.missed.contains_key(i));
        if !is_rule(lost.len(), passed.len()) {
            return None;
        }
        Some(Explanation {
            id,
            covers: lost.iter().map(|i| self.missed[i]).collect(),
            bits: DEFECT + choice(choices) + passed.len() as f64 * EXCEPTION,
            evidence: format!(
                "{why}: {} of {} lost, {}",
                lost.len(),
                lost.len() + passed.len(),
                self.case.ids(lost)
            ),
        })
    }

    /// A rule that takes one group of messages: the group of which most are lost.
    fn group(&self, id: &'static str, why: &str, key: Key<'_>) -> Option<Explanation> {
        let keys: BTreeMap<usize, String> =
            self.case.owed.iter().filter_map(|i| key(*i).map(|key| (*i, key))).collect();
        let names: BTreeSet<&String> = keys.values().collect();
        let rules = names.iter().filter_map(|name| {
            let why = format!("{why} {name}");
            self.rule(id, &why, names.len(), &|i| keys.get(&i) == Some(*name))
        });
        rules.max_by_key(|rule| rule.covers.len())
    }

    /// A rule that takes all messages from some size of a feature on: the size that explains most.
    fn beyond(&self, id: &'static str, why: &str, feature: Feature<'_>) -> Option<Explanation> {
        // What the gateway does not take at all may be lost by this, or never have come so far.
        let taken = self.case.owed.iter().copied().filter(|i| self.case.takes(*i));
        let mut sizes: Vec<(i64, usize)> = taken.filter_map(|i| feature(i).map(|size| (size, i))).collect();
        sizes.sort_unstable_by_key(|(size, _)| -size);
        let (mut lost, mut best) = (0, (0.0, None));
        for (place, (size, i)) in sizes.iter().enumerate() {
            lost += usize::from(self.missed.contains_key(i));
            let passed = place + 1 - lost;
            let gain = lost as f64 * UNEXPLAINED - passed as f64 * EXCEPTION;
            let is_edge = sizes.get(place + 1).is_none_or(|(next, _)| next < size);
            if is_edge && is_rule(lost, passed) && gain > best.0 {
                best = (gain, Some(*size));
            }
        }
        let cut = best.1?;
        let why = format!("{why} {}", cut.abs());
        self.rule(id, &why, sizes.len(), &|i| feature(i).is_some_and(|size| size >= cut))
    }

    fn by_kind(&self) -> Vec<Explanation> {
        let record = self.case.record;
        let quiet = |i: usize| self.sent(i).kind == "info" || self.sent(i).kind == "warning";
        let rules = [
            self.rule("restores-lost", "restores", 1, &|i| self.sent(i).kind == "restore"),
            self.rule("alarms-only", "information and warnings", 1, &quiet),
            self.rule("qos-0-lost", "QoS 0", 1, &|i| self.sent(i).qos == 0),
            self.rule("dup-flag-lost", "first copies with DUP", 1, &|i| self.sent(i).dup),
            self.rule("absence-lost", "sent while the subscriber was away", 1, &|i| {
                record.is_away(self.sent(i).at_us)
            }),
            self.rule("bypass-endless", "alarms after the bypass of their zone", 1, &|i| {
                record.was_bypassed(self.sent(i))
            }),
        ];
        rules.into_iter().flatten().collect()
    }

    fn by_group(&self) -> Vec<Explanation> {
        let chattering = self.chattering();
        let meanwhile = |i: usize| chattering.contains(&i).then(|| self.sent(i).device.clone());
        let rules = [
            self.group("zone-deaf", "device", &|i| Some(self.sent(i).device.clone())),
            self.group("class-deaf", "class", &|i| Some(self.sent(i).class.clone())),
            self.group("signal-deaf", "signal", &|i| {
                (self.sent(i).kind != "restore").then(|| self.sent(i).signal.clone())
            }),
            self.group("collision-lost", "while another device chattered,", &meanwhile),
        ];
        rules.into_iter().flatten().collect()
    }

    /// Messages that another device's chatter surrounds.
    fn chattering(&self) -> BTreeSet<usize> {
        let surrounded = |i: &usize| {
            let mut said: BTreeMap<&str, usize> = BTreeMap::new();
            let until = self.sent(*i).at_us;
            let recent = self.case.taken.iter().map(|other| self.sent(*other));
            let recent = recent.filter(|other| (until - CHATTER_US..=until).contains(&other.at_us));
            recent.for_each(|other| *said.entry(&other.device).or_default() += 1);
            said.iter().any(|(device, count)| *count >= CHATTER && *device != self.sent(*i).device)
        };
        self.case.owed.iter().copied().filter(surrounded).collect()
    }

    fn by_gap(&self) -> Vec<Explanation> {
        let before = |i: usize| self.case.taken.iter().copied().take_while(move |other| *other < i);
        let gap = |i: usize, other: usize| self.sent(i).at_us - self.sent(other).at_us;
        let same_device = |i: usize, other: usize| self.sent(i).device == self.sent(other).device;
        let passed = |other: &usize| self.case.is_answered(*other);
        let after_passed = |i: usize| {
            let last = before(i).filter(|other| same_device(i, *other)).filter(passed).last();
            last.map(|last| -gap(i, last))
        };
        let after_same = |i: usize| {
            let same =
                |other: &usize| same_device(i, *other) && self.sent(i).signal == self.sent(*other).signal;
            before(i).filter(same).filter(passed).last().map(|last| -gap(i, last))
        };
        let before_next = |i: usize| {
            let next = self.case.taken.iter().copied().find(|other| *other > i && same_device(i, *other));
            next.map(|next| -gap(next, i))
        };
        let idle = |i: usize| {
            let life = |of: usize| self.case.record.life_at(self.sent(of).at_us);
            before(i).last().filter(|last| life(*last) == life(i)).map(|last| gap(i, last))
        };
        let merged = |i: usize| {
            let twin = |other: usize| same_device(i, other) && self.sent(i).ts == self.sent(other).ts;
            before(i).any(twin)
        };
        let rules = [
            self.beyond(
                "device-rate-limited",
                "µs since the device's last that passed, at most",
                &after_passed,
            ),
            self.beyond("repeat-suppressed", "µs since the same signal passed, at most", &after_same),
            self.beyond("queue-of-one", "µs before the device's next one, at most", &before_next),
            self.beyond("after-idle-lost", "µs since the last message, at least", &idle),
            self.rule("same-instant-merged", "same device and millisecond as another", 1, &merged),
        ];
        rules.into_iter().flatten().collect()
    }

    fn by_flood(&self) -> Vec<Explanation> {
        let mut place: BTreeMap<usize, i64> = BTreeMap::new();
        let mut last: Option<(i64, i64)> = None;
        for i in self.case.taken.iter().copied().filter(|i| self.sent(*i).kind == "alarm") {
            let at_us = self.sent(i).at_us;
            let count = last.filter(|(at, _)| at_us - at <= FLOOD_US).map_or(1, |(_, count)| count + 1);
            place.insert(i, count);
            last = Some((at_us, count));
        }
        let rules = [
            self.rule("flood-second-lost", "second of a flood", 1, &|i| place.get(&i) == Some(&2)),
            self.beyond("flood-tail-lost", "place in a flood, from", &|i| {
                place.get(&i).copied().filter(|place| *place > 1)
            }),
        ];
        rules.into_iter().flatten().collect()
    }

    fn by_size(&self) -> Vec<Explanation> {
        let record = self.case.record;
        let number = |i: usize| {
            let life = record.life_at(self.sent(i).at_us);
            let before = self.case.taken.iter().take_while(|other| **other < i);
            Some(before.filter(|other| record.life_at(self.sent(**other).at_us) == life).count() as i64)
        };
        let reused = |i: usize| {
            let sent = self.sent(i);
            let earlier = record.sent[..i].iter();
            let same_life = |at_us| record.life_at(at_us) == record.life_at(sent.at_us);
            sent.qos > 0
                && earlier
                    .filter(|other| other.device == sent.device && same_life(other.at_us))
                    .any(|other| other.qos > 0 && other.packet_id == sent.packet_id)
        };
        let rules = [
            self.beyond("oversize-lost", "bytes, from", &|i| Some(self.sent(i).bytes as i64)),
            self.beyond("old-lost", "ms old, from", &|i| Some(self.sent(i).wall_ms - self.sent(i).ts)),
            self.beyond("deaf-after-count", "messages before it, from", &number),
            self.rule("packet-id-lost", "packet id used before", 1, &reused),
        ];
        rules.into_iter().flatten().collect()
    }

    fn by_link(&self) -> Vec<Explanation> {
        let record = self.case.record;
        let since_return = |i: usize| {
            let sent = self.sent(i);
            let link = record.links.get(sent.link)?;
            let life = record.life_at(link.from_us);
            let earlier = record.links[..sent.link].iter();
            let is_return =
                earlier.filter(|l| record.life_at(l.from_us) == life).any(|l| l.device == link.device);
            is_return.then_some(link.from_us - sent.at_us)
        };
        let before_kill = |i: usize| {
            let at_us = self.sent(i).at_us;
            let killed = record.lives.iter().map(|life| life.to_us).find(|to| *to > at_us)?;
            let away =
                record.absences.iter().any(|(from, to)| (*from..*to).contains(&killed) && *from <= at_us);
            away.then_some(at_us - killed)
        };
        let rules = [
            self.beyond("reconnect-lost", "µs since the device came back, at most", &since_return),
            self.beyond("not-stored", "µs before the gateway was killed, at most", &before_kill),
        ];
        rules.into_iter().flatten().collect()
    }

    /// Losses at equal distances in the order of messages; the gateway may have heard two neighbours the other way round.
    fn every_nth(&self) -> Option<Explanation> {
        let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for i in self.case.taken.iter().copied() {
            let count = counts.entry(self.case.record.life_at(self.sent(i).at_us)).or_default();
            *count += 1;
            numbers.insert(i, *count);
        }
        let lost: Vec<usize> =
            self.case.taken.iter().copied().filter(|i| !self.case.is_answered(*i)).collect();
        let fits = |n: usize| {
            let off = |i: &&usize| (numbers[*i] % n).min(n - numbers[*i] % n);
            let near = lost.iter().filter(|i| off(i) <= 1).count();
            let exact = lost.iter().filter(|i| off(i) == 0).count();
            let due: usize = counts.values().map(|count| count / n).sum();
            let all = lost.len();
            near == all && exact * 10 >= all * 7 && all.abs_diff(due) * 10 <= due && all > FEWEST_BY_CHANCE
        };
        let n = (4..=20).find(|n| fits(*n))?;
        Some(Explanation {
            id: "every-nth-lost",
            covers: lost.iter().filter_map(|i| self.missed.get(i)).copied().collect(),
            bits: DEFECT + choice(16),
            evidence: format!("every {n}th: {}", self.case.ids(lost)),
        })
    }

    fn by_chance(&self) -> Option<Explanation> {
        let (lost, all) = (self.missed.len(), self.case.owed.len());
        (lost >= FEWEST_BY_CHANCE && lost * 2 < all).then(|| Explanation {
            id: "lost-at-random",
            covers: self.missed.values().copied().collect(),
            bits: DEFECT + chance(lost, all),
            evidence: format!(
                "{lost} of {all} lost without a rule, {}",
                self.case.ids(self.missed.keys().copied())
            ),
        })
    }
}
